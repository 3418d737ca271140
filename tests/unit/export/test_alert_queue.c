// The queue of alerts: one order whatever the order of arrival, bounded, and marks that tell what still
// waits.

#include "alert_help.h"
#include "export/alert_queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct rule_info rules[] = {
	{.gid = 1, .sid = 1, .signature = "one", .category = ""},
	{.gid = 1, .sid = 2, .signature = "two", .category = ""},
	{.gid = 1, .sid = 2, .signature = "two again", .category = ""},
};

Test(alert_queue, gives_out_in_order_of_turns) {
	struct alert_queue q = {.max = 100000};
	uint64_t x = 1;
	for (int i = 0; i < 50000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		struct alert a = make_alert(&rules[0], (int64_t)(x >> 44), "1.2.3.4", "5.6.7.8");
		cr_assert(alert_queue_push(&q, &a, 0));
	}
	int64_t before = INT64_MIN;
	for (int i = 0; i < 50000; i++) {
		const struct alert *a = alert_queue_first(&q);
		cr_assert_not_null(a);
		cr_assert_geq(a->turn_us, before);
		before = a->turn_us;
		alert_queue_pop(&q);
		// Slots are used again.
		if (i % 3 == 0) {
			struct alert b = make_alert(&rules[0], before, "1.2.3.4", "5.6.7.8");
			cr_assert(alert_queue_push(&q, &b, 0));
			alert_queue_pop(&q);
		}
	}
	cr_assert_null(alert_queue_first(&q));
	alert_queue_fini(&q);
}

Test(alert_queue, has_one_order_for_alerts_of_one_microsecond) {
	// Least first: by time, rule, key, octets, text.
	struct alert all[8];
	all[0] = make_alert(&rules[0], 9, "9.9.9.9", "5.6.7.8");
	all[0].turn_us = 10; // a late packet
	all[1] = make_alert(&rules[0], 10, "1.2.3.4", "5.6.7.8");
	all[2] = make_alert(&rules[0], 10, "1.2.3.4", "5.6.7.8");
	all[2].bytes++;
	all[3] = make_alert(&rules[0], 10, "1.2.3.4", "5.6.7.9");
	all[4] = make_alert(&rules[0], 10, "2.2.3.4", "5.6.7.8");
	all[5] = make_alert(&rules[1], 10, "1.2.3.4", "5.6.7.8");
	all[6] = make_alert(&rules[2], 10, "1.2.3.4", "5.6.7.8");
	all[7] = make_alert(&rules[0], 11, "1.2.3.4", "5.6.7.8");
	for (uint32_t shift = 0; shift < 8; shift++) {
		struct alert_queue q = {.max = 8};
		for (uint32_t i = 0; i < 8; i++)
			cr_assert(alert_queue_push(&q, &all[(i * 5 + shift) % 8], 0));
		for (uint32_t i = 0; i < 8; i++) {
			const struct alert *a = alert_queue_first(&q);
			cr_expect_eq(
				memcmp(a, &all[i], sizeof(*a)), 0, "shift %u, place %u", shift, i
			);
			alert_queue_pop(&q);
		}
		alert_queue_fini(&q);
	}
}

Test(alert_queue, takes_no_more_than_it_may) {
	struct alert_queue q = {.max = 1500};
	struct alert a = make_alert(&rules[0], 1, "1.2.3.4", "5.6.7.8");
	for (int i = 0; i < 1500; i++)
		cr_assert(alert_queue_push(&q, &a, 0));
	cr_assert_not(alert_queue_push(&q, &a, 0));
	alert_queue_pop(&q);
	cr_assert(alert_queue_push(&q, &a, 0));
	alert_queue_fini(&q);
}

Test(alert_queue, knows_the_oldest_mark_of_what_waits) {
	struct alert_queue q = {.max = 100};
	cr_assert_eq(alert_queue_oldest_mark(&q), UINT32_MAX);
	// Turns 0..9, marks such that old ones go out first, last, and in between.
	static const uint32_t marks[] = {7, 3, 9, 3, 5, 9, 5, 7, 5, 9};
	static const uint32_t oldest[] = {3, 3, 3, 5, 5, 5, 5, 5, 9};
	for (int i = 0; i < 10; i++) {
		struct alert a = make_alert(&rules[0], i, "1.2.3.4", "5.6.7.8");
		cr_assert(alert_queue_push(&q, &a, marks[i]));
	}
	cr_expect_eq(alert_queue_oldest_mark(&q), 3);
	for (int i = 0; i < 9; i++) {
		alert_queue_pop(&q);
		cr_expect_eq(alert_queue_oldest_mark(&q), oldest[i], "after %d", i);
	}
	alert_queue_pop(&q);
	cr_expect_eq(alert_queue_oldest_mark(&q), UINT32_MAX);
	alert_queue_fini(&q);
}
