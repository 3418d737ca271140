// The running sum: against adding up all slices anew, with room for all keys and for few of them.

#include "flow/running.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define KEYS 60
#define SPAN 7

// What slices 0 .. 199 hold: up to 20 keys each, of which some come often and some seldom.
static struct flow_sum part_of(uint32_t slice, uint32_t i) {
	uint32_t k = (slice * 7919 + i * i * 104729) % KEYS;
	return (struct flow_sum){
		.key = {.vni = k, .hash = k % 5},
		.packets = slice % 3 == 0 && i == 1 ? 0 : slice + i + 1,
		.bytes = 100 * slice + i,
		.frame_bytes = 1,
		.matches = slice % 3 == 0,
		.first_us = 100 * slice + i,
		.last_us = 100 * slice + 50 + i,
		.tcp_flags = (uint8_t)(1 << (slice + i) % 8),
		.opens = (slice + i) % 9 == 0,
	};
}

static struct slice *make_slice(uint32_t number, struct budget *budget) {
	struct slice *s = slice_new(100 * (int64_t)number, 100 * (int64_t)number + 100, budget);
	for (uint32_t i = 0; i < number % 21; i++) {
		struct flow_sum from = part_of(number, i);
		flow_sum_merge(sums_find_insert(&s->sums, &from.key), &from);
	}
	s->rest.packets = number % 4 == 0;
	return s;
}

// Adds up [first, last] anew, by key; the last one is the rest.
static void add_up(struct flow_sum want[KEYS + 1], uint32_t first, uint32_t last) {
	memset(want, 0, (KEYS + 1) * sizeof(*want));
	for (uint32_t n = first; n <= last; n++) {
		for (uint32_t i = 0; i < n % 21; i++) {
			struct flow_sum from = part_of(n, i);
			flow_sum_merge(&want[from.key.vni], &from);
		}
		want[KEYS].packets += n % 4 == 0;
	}
}

static void expect_same(const struct running *r, uint32_t first, uint32_t last) {
	struct flow_sum want[KEYS + 1];
	add_up(want, first, last);
	uint32_t keys = 0;
	for (uint32_t k = 0; k < KEYS; k++)
		keys += want[k].packets > 0 || want[k].matches > 0;
	cr_assert_eq(
		r->sums.n, keys, "%u keys for %u, slices %u to %u", r->sums.n, keys, first, last
	);
	for (uint32_t i = 0; i < r->sums.n; i++) {
		const struct flow_sum *got = &r->sums.sum[i], *w = &want[got->key.vni];
		cr_expect_eq(got->packets, w->packets);
		cr_expect_eq(got->bytes, w->bytes);
		cr_expect_eq(got->frame_bytes, w->frame_bytes);
		cr_expect_eq(got->matches, w->matches);
		cr_expect_eq(got->last_us, w->last_us);
		cr_expect_eq(got->tcp_flags, w->tcp_flags);
		cr_expect_eq(got->opens, w->opens);
		cr_expect_eq(got->first_us, w->first_us);
	}
	cr_expect_eq(running_rest(r).packets, want[KEYS].packets);
}

Test(running, agrees_with_adding_up_anew) {
	struct budget budget = {.max = 1 << 20};
	struct running r;
	running_init(&r, &budget);
	for (uint32_t n = 0; n < 200; n++) {
		cr_assert_eq(running_join(&r, make_slice(n, &budget)), 0);
		if (n >= SPAN)
			running_leave(&r);
		expect_same(&r, n >= SPAN ? n - SPAN + 1 : 0, n);
	}
	for (uint32_t n = 200 - SPAN; n < 200; n++) {
		cr_expect_eq(running_oldest(&r)->start_us, 100 * (int64_t)n);
		running_leave(&r);
		if (n < 199)
			expect_same(&r, n + 1, 199);
	}
	cr_expect_null(running_oldest(&r));
	cr_expect_eq(budget.used, 0);
	running_fini(&r);
}

Test(running, first_and_last_are_those_of_the_slices_that_are_there) {
	struct budget budget = {.max = 1 << 20};
	struct running r;
	running_init(&r, &budget);
	for (int64_t n = 0; n < 4; n++) {
		struct slice *s = slice_new(100 * n, 100 * n + 100, &budget);
		struct flow_sum one = {
			.packets = 1,
			.first_us = 100 * n + 3,
			.last_us = 100 * n + 9,
			.tcp_flags = 1};
		flow_sum_merge(sums_find_insert(&s->sums, &one.key), &one);
		cr_assert_eq(running_join(&r, s), 0);
	}
	for (int64_t n = 0; n < 4; n++) {
		cr_assert_eq(r.sums.n, 1);
		cr_expect_eq(r.sums.sum[0].first_us, 100 * n + 3);
		cr_expect_eq(r.sums.sum[0].last_us, 309);
		cr_expect_eq(r.sums.sum[0].tcp_flags, 1);
		running_leave(&r);
	}
	running_fini(&r);
	cr_expect_eq(budget.used, 0);
}

Test(running, slices_out_of_order_are_in_their_place) {
	static const uint32_t order[] = {40, 43, 41, 44, 39, 42};
	struct budget budget = {.max = 1 << 20};
	struct running r;
	running_init(&r, &budget);
	for (uint32_t i = 0; i < 6; i++)
		cr_assert_eq(running_join(&r, make_slice(order[i], &budget)), 0);
	for (uint32_t n = 39; n < 44; n++) {
		cr_expect_eq(running_oldest(&r)->start_us, 100 * (int64_t)n);
		expect_same(&r, n, 44);
		running_leave(&r);
	}
	running_fini(&r);
	cr_expect_eq(budget.used, 0);
}

Test(running, what_has_no_room_is_in_the_rest_as_long_as_its_slice) {
	// From no room at all to nearly enough.
	for (uint64_t max = 8000; max < 64000; max += 700) {
		struct budget budget = {.max = 1 << 20};
		struct running r;
		running_init(&r, &budget);
		for (uint32_t n = 0; n < 100; n++) {
			struct slice *s = make_slice(n, &budget);
			budget.max = max;
			uint64_t used = budget.used;
			cr_assert_eq(running_join(&r, s), 0);
			cr_expect(budget.used <= max || budget.used == used);
			budget.max = 1 << 20;
			if (n >= SPAN)
				running_leave(&r);
			struct flow_sum want[KEYS + 1];
			uint64_t packets = 0, all = running_rest(&r).packets;
			add_up(want, n >= SPAN ? n - SPAN + 1 : 0, n);
			for (uint32_t k = 0; k <= KEYS; k++)
				packets += want[k].packets;
			for (uint32_t i = 0; i < r.sums.n; i++)
				all += r.sums.sum[i].packets;
			cr_assert_eq(
				all, packets, "%u: %lu for %lu", n, (unsigned long)all,
				(unsigned long)packets
			);
		}
		running_fini(&r);
		cr_expect_eq(budget.used, 0);
	}
}

// A slice of one key with so many values, from `first` on.
static struct slice *make_values(
	uint32_t number, uint64_t first, uint64_t n, struct budget *budget,
	const struct hash_seed *seed
) {
	struct slice *s = slice_new(100 * (int64_t)number, 100 * (int64_t)number + 100, budget);
	struct flow_key key = {.vni = 1};
	distinct_init(&s->distinct, budget, seed, false);
	struct flow_sum *sum = sums_find_insert(&s->sums, &key);
	sum->packets = 1;
	sum->distinct = distinct_open(&s->distinct);
	for (uint64_t i = first; i < first + n; i++) {
		struct flow_value v = {.number = i};
		distinct_add(&s->distinct, sum->distinct, &v);
	}
	return s;
}

Test(running, distinct_values_are_exact_again_when_they_become_fewer) {
	// Values of each slice; those of neighbours overlap by half.
	static const uint32_t sizes[] = {10, 500, 700, 3000, 2000, 20, 0, 600, 900, 30, 40, 5};
	enum {
		SLICES = sizeof(sizes) / sizeof(sizes[0]),
		IN_WINDOW = 3
	};
	struct budget budget = {.max = 1 << 22};
	struct hash_seed seed;
	struct running r;
	hash_seed_fixed(&seed, 8);
	running_init(&r, &budget);
	running_count_distinct(&r, &seed);
	uint64_t first[SLICES], at = 0;
	uint32_t exact = 0, estimated = 0;
	for (uint32_t n = 0; n < SLICES; n++) {
		first[n] = at;
		at += sizes[n] / 2;
		cr_assert_eq(
			running_join(&r, make_values(n, first[n], sizes[n], &budget, &seed)), 0
		);
		if (n >= IN_WINDOW)
			running_leave(&r);
		uint64_t end = 0, from = n >= IN_WINDOW ? n - IN_WINDOW + 1 : 0, want = 0;
		for (uint64_t i = from; i <= n; i++) {
			uint64_t begin = first[i] > end ? first[i] : end,
				 last = first[i] + sizes[i];
			want += last > begin ? last - begin : 0;
			end = last > end ? last : end;
		}
		running_tell_distinct(&r);
		cr_assert_eq(r.sums.n, 1);
		const struct flow_sum *got = &r.sums.sum[0];
		bool few = want <= DISTINCT_EXACT_MAX;
		cr_expect_eq(got->distinct_is, few ? DISTINCT_EXACT : DISTINCT_ESTIMATED, "%u", n);
		uint64_t off = got->distinct > want ? got->distinct - want : want - got->distinct;
		cr_expect_leq(off, few ? 0 : want / 12, "%u: %u for %lu", n, got->distinct, want);
		exact += few;
		estimated += !few;
	}
	cr_expect(exact > 3 && estimated > 3);
	while (running_oldest(&r) != NULL)
		running_leave(&r);
	cr_expect_eq(budget.used, 0);
	running_fini(&r);
}
