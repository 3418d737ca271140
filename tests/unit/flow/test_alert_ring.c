// The ring of alerts: what fits goes through whole and in order, and what does not is told at once.

#include "flow/alert_ring.h"

#include <criterion/criterion.h>

static void push(struct alert_ring *r, uint32_t slot, int64_t time_us) {
	*alert_ring_slot(r, slot) = (struct alert){.time_us = time_us};
	alert_ring_commit(r, 1);
}

Test(alert_ring, gives_out_what_was_put_in_and_in_order) {
	struct alert_ring r;
	uint32_t first;
	cr_assert_eq(alert_ring_init(&r, 8, false), 0);
	for (int64_t t = 0; t < 30; t++) {
		cr_assert_eq(alert_ring_reserve(&r, 1, &first), 1);
		push(&r, first, t);
		cr_assert_eq(alert_ring_reserve(&r, 1, &first), 1);
		push(&r, first, -t);
		cr_assert_eq(alert_ring_peek(&r, UINT32_MAX, &first), 2);
		cr_assert_eq(alert_ring_slot(&r, first)->time_us, t);
		cr_assert_eq(alert_ring_slot(&r, first + 1)->time_us, -t);
		alert_ring_drop(&r, 2);
	}
	cr_assert_eq(alert_ring_peek(&r, UINT32_MAX, &first), 0);
	alert_ring_fini(&r);
}

Test(alert_ring, says_how_much_room_there_is) {
	struct alert_ring r;
	uint32_t first;
	cr_assert_eq(alert_ring_init(&r, 8, false), 0);
	cr_assert_eq(alert_ring_reserve(&r, 100, &first), 8);
	for (uint32_t i = 0; i < 8; i++)
		push(&r, first + i, i);
	cr_assert_eq(alert_ring_reserve(&r, 1, &first), 0, "live traffic does not wait");
	cr_assert_eq(alert_ring_peek(&r, 3, &first), 3);
	alert_ring_drop(&r, 3);
	cr_assert_eq(alert_ring_reserve(&r, 100, &first), 3);
	alert_ring_fini(&r);
}

Test(alert_ring, that_was_never_opened_can_be_closed) {
	struct alert_ring r = {0};
	alert_ring_fini(&r);
	cr_assert_null(r.ring.slot);
}
