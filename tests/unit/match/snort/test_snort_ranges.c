// lib/match/snort/snort_ranges.c, snort_pool.c and snort_names.c: the sets and tables underneath.

#include "match/snort/snort_ranges.h"

#include "match/snort/snort_names.h"
#include "match/snort/snort_pool.h"
#include "match/snort/snort_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIVERSE 64

static struct snort_ranges *random_set(bool in[UNIVERSE]) {
	struct snort_range ranges[8];
	uint32_t n = (uint32_t)rand() % 9;
	memset(in, 0, UNIVERSE);
	for (uint32_t i = 0; i < n; i++) {
		unsigned lo = (unsigned)rand() % UNIVERSE;
		unsigned hi = lo + (unsigned)rand() % (UNIVERSE - lo) % 9;
		ranges[i] = (struct snort_range){lo, hi};
		memset(in + lo, 1, hi - lo + 1);
	}
	return snort_ranges_new(ranges, n);
}

static void assert_set(const struct snort_ranges *r, const bool in[UNIVERSE]) {
	for (unsigned v = 0; v < UNIVERSE; v++)
		cr_assert_eq(snort_ranges_has(r, v), in[v], "%u", v);
	for (uint32_t i = 1; i < r->n; i++)
		cr_assert(r->at[i].lo > r->at[i - 1].hi + 1, "neither touching nor overlapping");
}

Test(snort_ranges, sets_hold_what_they_were_made_of) {
	bool a_in[UNIVERSE], b_in[UNIVERSE];
	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		struct snort_ranges *a = random_set(a_in), *b = random_set(b_in);
		struct snort_ranges *left = snort_ranges_minus(a, b);
		assert_set(a, a_in);
		for (unsigned v = 0; v < UNIVERSE; v++)
			a_in[v] = a_in[v] && !b_in[v];
		assert_set(left, a_in);
		free(a);
		free(b);
		free(left);
	}
}

Test(snort_ranges, the_ends_of_the_numbers_are_safe) {
	struct snort_range all = {0, SNORT_V6_MAX}, ends[] = {{SNORT_V6_MAX, SNORT_V6_MAX}, {0, 0}};
	struct snort_ranges *a = snort_ranges_new(&all, 1), *b = snort_ranges_new(ends, 2);
	struct snort_ranges *left = snort_ranges_minus(a, b);
	cr_assert(snort_ranges_is_all(a, SNORT_V6_MAX));
	cr_assert_eq(left->n, 1u);
	cr_assert(left->at[0].lo == 1 && left->at[0].hi == SNORT_V6_MAX - 1);
	cr_assert(!snort_ranges_has(left, 0) && !snort_ranges_has(left, SNORT_V6_MAX));
	struct snort_ranges *none = snort_ranges_minus(b, a);
	cr_assert_eq(none->n, 0u);
	cr_assert(!snort_ranges_has(none, 0));
	free(a);
	free(b);
	free(left);
	free(none);
}

Test(snort_ranges, a_pool_keeps_equal_sets_once) {
	struct snort_pool pool = {};
	const struct snort_ranges *sets[1000], *again;
	for (unsigned i = 0; i < 1000; i++) {
		struct snort_range r[] = {{i, i}, {i + 100, i + 200}};
		cr_assert_eq(snort_pool_take(&pool, snort_ranges_new(r, 2), &sets[i]), 0);
	}
	cr_assert_eq(pool.n, 1000u);
	for (unsigned i = 0; i < 1000; i++) {
		struct snort_range r[] = {{i + 100, i + 200}, {i, i}};
		cr_assert_eq(snort_pool_take(&pool, snort_ranges_new(r, 2), &again), 0);
		cr_assert_eq(again, sets[i]);
		cr_assert(again->at[0].lo == i);
	}
	cr_assert_eq(pool.n, 1000u);
	cr_assert_eq(pool.n_ranges, 2000u);
	snort_pool_fini(&pool);
}

Test(snort_ranges, names_keep_their_numbers) {
	struct snort_names names = {};
	char name[32];
	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 5000; i++) {
			snprintf(name, sizeof(name), "bit.%u", i);
			struct snort_text t = {name, name + strlen(name)};
			cr_assert_eq(snort_names_add(&names, t), i);
			cr_assert_eq(snort_names_find(&names, t), i);
		}
	}
	cr_assert_eq(names.n, 5000u);
	cr_assert_str_eq(names.names[4999], "bit.4999");
	struct snort_text other = {"BIT.1", (const char *)"BIT.1" + 5}, start = {name, name + 3};
	cr_assert_eq(snort_names_find(&names, other), SNORT_NAME_NONE);
	cr_assert_eq(snort_names_find(&names, start), SNORT_NAME_NONE);
	snort_names_fini(&names);
	cr_assert_eq(snort_names_find(&names, start), SNORT_NAME_NONE);
}
