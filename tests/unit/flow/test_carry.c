// Open sums: against a plain list, over random additions, removals and timers.

#include "flow/carry.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define KEYS 3000

static struct flow_sum sum_of(uint32_t key) {
	// Few different hashes, so that ways through the index are long and cross each other.
	return (struct flow_sum
	){.key = {.vni = key, .hash = key % 97 * 31}, .packets = key + 1, .rule = {1, key}};
}

static struct flow_sum *find(const struct carry *c, uint32_t key) {
	struct flow_sum sum = sum_of(key);
	return carry_find(c, &sum.key, sum.rule);
}

static void expect_agrees(const struct carry *c, const int64_t *due, uint32_t n) {
	int64_t least = INT64_MAX;
	cr_assert_eq(c->sums.n, n);
	for (uint32_t key = 0; key < KEYS; key++) {
		const struct flow_sum *sum = find(c, key);
		cr_assert_eq(sum != NULL, due[key] >= 0, "%u", key);
		if (sum == NULL)
			continue;
		cr_assert_eq(sum->packets, key + 1);
		cr_assert_eq(carry_due(c, sum), due[key]);
		least = due[key] < least ? due[key] : least;
	}
	cr_assert_eq(carry_first(c) != NULL, n > 0);
	if (n > 0)
		cr_assert_eq(carry_due(c, carry_first(c)), least);
}

Test(carry, agrees_with_a_plain_list) {
	struct carry c;
	int64_t due[KEYS];
	uint32_t n = 0;
	memset(due, -1, sizeof(due));
	carry_init(&c, 1 << 20);
	srandom(7);
	for (uint32_t step = 0; step < 40000; step++) {
		uint32_t key = (uint32_t)random() % KEYS, act = (uint32_t)random() % 3;
		struct flow_sum *there = find(&c, key), sum = sum_of(key);
		int64_t at = random() % 1000;
		if (there == NULL && act != 0) {
			cr_assert_not_null(carry_add(&c, &sum, at));
			due[key] = at;
			n++;
		} else if (there != NULL && act == 0) {
			carry_remove(&c, there);
			due[key] = -1;
			n--;
		} else if (there != NULL) {
			carry_arm(&c, there, at);
			due[key] = at;
		}
		if (step % 1000 == 999)
			expect_agrees(&c, due, n);
	}
	// In order of their timers to the last.
	for (int64_t before = 0; n > 0; n--) {
		struct flow_sum *first = carry_first(&c);
		cr_assert_geq(carry_due(&c, first), before);
		before = carry_due(&c, first);
		carry_remove(&c, first);
	}
	cr_expect_null(carry_first(&c));
	carry_fini(&c);
}

Test(carry, takes_no_more_than_it_may) {
	struct carry c;
	uint32_t n = 0;
	carry_init(&c, 100000);
	for (struct flow_sum sum = sum_of(n); carry_add(&c, &sum, n) != NULL; sum = sum_of(n))
		n++;
	cr_expect_eq(n, 512);
	cr_expect_leq(n * sizeof(struct flow_sum), 100000);
	cr_expect_not_null(find(&c, 511));
	carry_remove(&c, find(&c, 5));
	struct flow_sum sum = sum_of(n);
	cr_expect_not_null(carry_add(&c, &sum, 0));
	carry_fini(&c);
	carry_init(&c, 1);
	cr_expect_null(carry_add(&c, &sum, 0));
	carry_fini(&c);
}
