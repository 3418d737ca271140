// lib/base/spsc.{c,h}: the ring, seen from one thread; tests/thread has it between two.

#include "base/spsc.h"

#include <criterion/criterion.h>
#include <stdint.h>

Test(spsc, capacity_is_rounded_up_to_a_power_of_two) {
	static const uint32_t asked[] = {0, 1, 2, 3, 5, 8, 1000};
	static const uint32_t given[] = {1, 1, 2, 4, 8, 8, 1024};
	for (unsigned i = 0; i < 7; i++) {
		struct spsc r;
		cr_assert_eq(spsc_init(&r, asked[i], 4), 0);
		uint32_t n = 0;
		while (spsc_push(&r, &n))
			n++;
		cr_assert_eq(n, given[i], "asked for %u", asked[i]);
		spsc_fini(&r);
	}
}

Test(spsc, elements_come_out_in_the_order_they_went_in) {
	struct spsc r;
	cr_assert_eq(spsc_init(&r, 8, sizeof(uint64_t)), 0);
	uint64_t in = 0, out = 0, got = 0;
	for (int lap = 0; lap < 1000; lap++) {
		for (int i = 0; i < lap % 9; i++)
			in += (uint64_t)spsc_push(&r, &in);
		for (int i = 0; i < lap % 7; i++) {
			if (!spsc_pop(&r, &got))
				break;
			cr_assert_eq(got, out);
			out++;
		}
	}
	cr_assert_gt(out, 1000);
	spsc_fini(&r);
}

Test(spsc, an_empty_ring_gives_nothing) {
	struct spsc r;
	cr_assert_eq(spsc_init(&r, 4, 4), 0);
	uint32_t x = 7, first;
	cr_assert_eq(spsc_pop(&r, &x), 0);
	cr_assert_eq(x, 7);
	cr_assert_eq(spsc_peek(&r, 4, &first), 0);
	spsc_fini(&r);
}

Test(spsc, a_full_ring_takes_nothing_and_loses_nothing) {
	struct spsc r;
	cr_assert_eq(spsc_init(&r, 2, 4), 0);
	uint32_t x = 1, first;
	cr_assert(spsc_push(&r, &x));
	x = 2;
	cr_assert(spsc_push(&r, &x));
	x = 3;
	cr_assert_not(spsc_push(&r, &x));
	cr_assert_eq(spsc_reserve(&r, 1, &first), 0);
	cr_assert(spsc_pop(&r, &x) && x == 1);
	cr_assert(spsc_pop(&r, &x) && x == 2);
	cr_assert_not(spsc_pop(&r, &x));
	spsc_fini(&r);
}

Test(spsc, what_is_reserved_is_not_seen_until_committed) {
	struct spsc r;
	cr_assert_eq(spsc_init(&r, 8, 4), 0);
	uint32_t first, got;
	cr_assert_eq(spsc_reserve(&r, 100, &first), 8);
	for (uint32_t i = 0; i < 3; i++)
		*(uint32_t *)spsc_slot(&r, first + i) = 10 + i;
	cr_assert_eq(spsc_peek(&r, 8, &got), 0);
	spsc_commit(&r, 3);
	cr_assert_eq(spsc_peek(&r, 8, &got), 3);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(*(uint32_t *)spsc_slot(&r, got + i), 10 + i);
	spsc_fini(&r);
}

Test(spsc, what_is_peeked_stays_until_dropped) {
	struct spsc r;
	cr_assert_eq(spsc_init(&r, 4, 4), 0);
	uint32_t first;
	for (uint32_t i = 0; i < 4; i++)
		cr_assert(spsc_push(&r, &i));
	cr_assert_eq(spsc_peek(&r, 2, &first), 2);
	cr_assert_eq(spsc_peek(&r, 9, &first), 4);
	spsc_drop(&r, 3);
	cr_assert_eq(spsc_peek(&r, 9, &first), 1);
	cr_assert_eq(*(uint32_t *)spsc_slot(&r, first), 3);
	cr_assert_eq(spsc_reserve(&r, 9, &first), 3);
	spsc_fini(&r);
}

Test(spsc, indexes_may_wrap_around_32_bits) {
	struct spsc r;
	cr_assert_eq(spsc_init(&r, 4, 4), 0);
	uint32_t start = UINT32_MAX - 5, got;
	atomic_store(&r.head, start);
	atomic_store(&r.tail, start);
	r.head_seen = r.tail_seen = start;
	for (uint32_t i = 0; i < 40; i += 4) {
		for (uint32_t k = 0; k < 4; k++) {
			uint32_t x = i + k;
			cr_assert(spsc_push(&r, &x));
		}
		cr_assert_not(spsc_push(&r, &i));
		for (uint32_t k = 0; k < 4; k++)
			cr_assert(spsc_pop(&r, &got) && got == i + k);
		cr_assert_not(spsc_pop(&r, &got));
	}
	cr_assert_lt(atomic_load(&r.head), start);
	spsc_fini(&r);
}

Test(spsc, elements_of_odd_sizes_keep_apart) {
	struct spsc r;
	cr_assert_eq(spsc_init(&r, 4, 7), 0);
	char in[7], out[7];
	for (char i = 0; i < 4; i++) {
		memset(in, 'a' + i, sizeof(in));
		cr_assert(spsc_push(&r, in));
	}
	for (char i = 0; i < 4; i++) {
		memset(in, 'a' + i, sizeof(in));
		cr_assert(spsc_pop(&r, out));
		cr_assert_eq(memcmp(in, out, sizeof(in)), 0);
	}
	spsc_fini(&r);
}

Test(spsc, indexes_of_the_two_sides_share_no_line) {
	size_t head = offsetof(struct spsc, head) / CACHE_LINE;
	size_t tail = offsetof(struct spsc, tail) / CACHE_LINE;
	cr_assert_gt(head, offsetof(struct spsc, elem_size) / CACHE_LINE);
	cr_assert_gt(tail, head + 1);
}
