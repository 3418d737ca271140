// Sets of values: exact up to the bound, estimated beyond it, whatever order and parts they came in; and sets that
// parts leave again.

#include "flow/distinct.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct budget budget;
static struct hash_seed seed;

static void reset(void) {
	budget = (struct budget){.max = 1 << 22};
	hash_seed_fixed(&seed, 5);
}

static void add(struct distinct *d, uint32_t set, uint64_t n, uint8_t family) {
	struct flow_value v = {.number = n, .family = family};
	distinct_add(d, set, &v);
}

static struct flow_sum told(const struct distinct *d, uint32_t set) {
	struct flow_sum sum = {.packets = 1};
	distinct_tell(d, set, &sum);
	return sum;
}

static void expect(const struct distinct *d, uint32_t set, uint32_t n, enum distinct_is is) {
	struct flow_sum sum = told(d, set);
	cr_expect_eq(sum.distinct_is, is, "%u", sum.distinct_is);
	cr_expect(sum.distinct == n, "%u for %u", sum.distinct, n);
}

Test(distinct, counts_each_value_once, .init = reset) {
	struct distinct d;
	distinct_init(&d, &budget, &seed, false);
	uint32_t a = distinct_open(&d), b = distinct_open(&d);
	expect(&d, 0, 0, DISTINCT_EXACT);
	expect(&d, a, 0, DISTINCT_EXACT);
	for (uint64_t i = 0; i < 3000; i++) {
		add(&d, a, i % 700, 0);
		add(&d, b, i % 31, KEY_V4);
	}
	expect(&d, a, 700, DISTINCT_EXACT);
	expect(&d, b, 31, DISTINCT_EXACT);
	// An address is another one with the other family, and all of it counts.
	add(&d, b, 30, KEY_V6);
	struct flow_value high = {.number = (__uint128_t)30 << 64 | 30, .family = KEY_V6};
	distinct_add(&d, b, &high);
	expect(&d, b, 33, DISTINCT_EXACT);
	distinct_close(&d, a);
	expect(&d, b, 33, DISTINCT_EXACT);
	uint32_t c = distinct_open(&d);
	expect(&d, c, 0, DISTINCT_EXACT);
	distinct_close(&d, b);
	distinct_close(&d, c);
	cr_expect_eq(budget.used, 0, "the last one gives all back");
}

Test(distinct, only_the_values_decide_what_is_estimated, .init = reset) {
	struct distinct d, parts;
	distinct_init(&d, &budget, &seed, false);
	distinct_init(&parts, &budget, &seed, false);
	for (uint32_t n = DISTINCT_EXACT_MAX - 1; n < 4 * DISTINCT_EXACT_MAX;
	     n += n < 1026 ? 1 : 997) {
		uint32_t up = distinct_open(&d), down = distinct_open(&d), of = distinct_open(&d);
		uint32_t part[3] = {
			distinct_open(&parts), distinct_open(&parts), distinct_open(&parts)};
		for (uint64_t i = 0; i < n; i++) {
			add(&d, up, i, KEY_V4);
			add(&d, down, n - 1 - i, KEY_V4);
			add(&parts, part[i % 3], i, KEY_V4);
			add(&parts, part[0], i / 2, KEY_V4);
		}
		for (int i = 0; i < 3; i++)
			distinct_merge(&d, of, &parts, part[i]);
		struct flow_sum a = told(&d, up);
		if (n <= DISTINCT_EXACT_MAX) {
			expect(&d, up, n, DISTINCT_EXACT);
		} else {
			cr_expect_eq(a.distinct_is, DISTINCT_ESTIMATED);
			cr_expect(
				abs((int)a.distinct - (int)n) < (int)n / 12, "%u for %u",
				a.distinct, n
			);
		}
		expect(&d, down, a.distinct, a.distinct_is);
		expect(&d, of, a.distinct, a.distinct_is);
		distinct_close(&d, up);
		distinct_close(&d, down);
		distinct_close(&d, of);
		for (int i = 0; i < 3; i++)
			distinct_close(&parts, part[i]);
	}
	cr_expect_eq(budget.used, 0);
}

Test(distinct, an_estimate_does_not_depend_on_the_seed_of_the_run, .init = reset) {
	struct distinct d;
	uint32_t first = 0;
	for (uint64_t s = 0; s < 3; s++) {
		hash_seed_fixed(&seed, s);
		distinct_init(&d, &budget, &seed, false);
		uint32_t set = distinct_open(&d);
		for (uint64_t i = 0; i < 5000; i++)
			add(&d, set, i, KEY_V6);
		first = s == 0 ? told(&d, set).distinct : first;
		expect(&d, set, first, DISTINCT_ESTIMATED);
		distinct_fini(&d);
	}
	cr_expect_eq(budget.used, 0);
}

Test(distinct, parts_leave_as_they_came, .init = reset) {
	enum {
		PARTS = 40,
		SPAN = 6
	};
	struct distinct parts, d;
	uint32_t part[PARTS];
	distinct_init(&parts, &budget, &seed, false);
	distinct_init(&d, &budget, &seed, true);
	uint32_t set = distinct_open(&d), other = distinct_open(&d);
	add(&d, other, 1, 0);
	for (uint64_t p = 0; p < PARTS; p++) {
		part[p] = distinct_open(&parts);
		for (uint64_t i = 0; i < 10 + p % 7 * 20; i++)
			add(&parts, part[p], (p * 7919 + i * i * 13) % 400, 0);
	}
	for (uint32_t p = 0; p < PARTS; p++) {
		distinct_merge(&d, set, &parts, part[p]);
		if (p >= SPAN)
			distinct_take_off(&d, set, &parts, part[p - SPAN]);
		struct distinct anew;
		distinct_init(&anew, &budget, &seed, false);
		uint32_t want = distinct_open(&anew);
		for (uint32_t i = p >= SPAN ? p - SPAN + 1 : 0; i <= p; i++)
			distinct_merge(&anew, want, &parts, part[i]);
		expect(&d, set, told(&anew, want).distinct, DISTINCT_EXACT);
		distinct_fini(&anew);
	}
	expect(&d, other, 1, DISTINCT_EXACT);
	distinct_fini(&d);
	distinct_fini(&parts);
	cr_expect_eq(budget.used, 0);
}

Test(distinct, without_room_it_says_at_least, .init = reset) {
	struct distinct d;
	budget.max = 4000;
	distinct_init(&d, &budget, &seed, false);
	uint32_t set = distinct_open(&d);
	for (uint64_t i = 0; i < 500; i++)
		add(&d, set, i, 0);
	struct flow_sum sum = told(&d, set);
	cr_expect_eq(sum.distinct_is, DISTINCT_LEAST);
	cr_expect(sum.distinct > 10 && sum.distinct < 500);
	cr_expect_leq(budget.used, budget.max);
	// Room for the values but not for the registers.
	budget.max = 90000;
	uint32_t more = distinct_open(&d);
	budget.max = 1 << 20;
	for (uint64_t i = 0; i < DISTINCT_EXACT_MAX; i++)
		add(&d, more, i, 0);
	budget.max = budget.used;
	add(&d, more, DISTINCT_EXACT_MAX, 0);
	expect(&d, more, DISTINCT_EXACT_MAX, DISTINCT_LEAST);
	while (distinct_open(&d) != 0)
		cr_assert_lt(d.sets, 1000);
	sum = (struct flow_sum){.distinct_is = DISTINCT_LEAST};
	distinct_tell(&d, 0, &sum);
	cr_expect_eq(sum.distinct_is, DISTINCT_LEAST, "there was no set to be had");
	distinct_fini(&d);
	cr_expect_eq(budget.used, 0);
}

Test(distinct, the_rest_has_no_number, .init = reset) {
	struct flow_sum rest = {.key = {.flags = KEY_REST}, .distinct = 3};
	struct distinct d;
	distinct_init(&d, &budget, &seed, false);
	distinct_tell(&d, 0, &rest);
	cr_expect_eq(rest.distinct_is, DISTINCT_NONE);
	cr_expect(rest.distinct == 0);
}
