// Sums by key: growth, lookup, budget.

#include "base/field.h"
#include "flow/sums.h"

#include <criterion/criterion.h>

static void finish(struct flow_key *k, const struct hash_seed *seed) {
	struct flow_key mask;
	flow_key_mask(&mask, FIELD_SET_ALL);
	flow_key_finish(k, &mask, seed);
}

static struct flow_key key(const struct hash_seed *seed, uint32_t n) {
	struct flow_key k = {.flags = KEY_V4};
	memcpy(k.src4, &n, sizeof(n));
	finish(&k, seed);
	return k;
}

Test(sums, keys_begin_a_cache_line) {
	struct budget budget = {.max = 1 << 20};
	struct sums s;
	sums_init(&s, &budget);
	for (uint32_t i = 0; i < 1000; i++) {
		struct flow_key key = {.src_port = (uint16_t)i, .hash = i};
		cr_assert_not_null(sums_find_insert(&s, &key));
		cr_assert_eq((uintptr_t)s.sum % CACHE_LINE, 0, "%u", i);
	}
	sums_fini(&s);
}

Test(sums, grows_and_finds_every_key_again) {
	struct budget budget = {.max = UINT64_MAX / 2};
	struct sums s;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	sums_init(&s, &budget);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t n = 0; n < 10000; n++) {
			struct flow_key k = key(&seed, n);
			struct flow_sum *sum = sums_find_insert(&s, &k);
			cr_assert_not_null(sum);
			cr_assert_eq(sum->packets, round * (n + 1ull));
			sum->packets += n + 1;
		}
	}
	cr_assert_eq(s.n, 10000);
	cr_assert_gt(budget.used, 10000 * sizeof(struct flow_sum));
	sums_fini(&s);
	cr_assert_eq(budget.used, 0);
}

Test(sums, stops_growing_at_the_budget_and_keeps_what_is_there) {
	struct budget budget = {.max = 64 * 1024};
	struct sums s;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 2);
	sums_init(&s, &budget);
	uint32_t n = 0;
	for (;; n++) {
		struct flow_key k = key(&seed, n);
		if (sums_find_insert(&s, &k) == NULL)
			break;
	}
	cr_assert_gt(n, 64);
	cr_assert_leq(budget.used, budget.max);
	for (uint32_t i = 0; i < n; i++) {
		struct flow_key k = key(&seed, i);
		cr_assert_not_null(sums_find_insert(&s, &k));
	}
	sums_fini(&s);
}

Test(sums, adding_a_row_makes_times_absolute) {
	struct flow_sum sum = {0};
	struct flow_row a = {
		.packets = 2, .bytes = 80, .frame_bytes = 108, .first_us = 10, .last_us = 20};
	struct flow_row b = {
		.packets = 1, .bytes = 40, .first_us = 5, .last_us = 5, .tcp_flags = 2};
	flow_sum_add(&sum, &a, 1000);
	flow_sum_add(&sum, &b, 2000);
	cr_assert_eq(sum.first_us, 1010);
	cr_assert_eq(sum.last_us, 2005);
	cr_assert_eq(sum.packets, 3);
	cr_assert_eq(sum.bytes, 120);
	cr_assert_eq(sum.tcp_flags, 2);
	flow_sum_add(&sum, &a, -5000);
	cr_assert_eq(sum.first_us, -4990);
	cr_assert_eq(sum.last_us, 2005);
}

Test(sums, a_rule_is_part_of_the_key_of_those_that_have_one) {
	struct budget budget = {.max = 1 << 20};
	struct sums s;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 3);
	sums_init(&s, &budget);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t n = 0; n < 300; n++) {
			struct rule_id rule = {1 + n % 2, n / 2 % 5};
			struct flow_key k = key(&seed, n / 10);
			k.hash = rule_id_hash(k.hash, rule, &seed);
			sums_find_insert_rule(&s, &k, rule)->packets++;
		}
	}
	cr_assert_eq(s.n, 300);
	for (uint32_t i = 0; i < s.n; i++)
		cr_expect_eq(s.sum[i].packets, 2);
	// The hash alone does not tell them apart.
	struct flow_key k = {.hash = 77};
	struct flow_sum *a = sums_find_insert_rule(&s, &k, (struct rule_id){1, 1});
	cr_expect_neq(sums_find_insert_rule(&s, &k, (struct rule_id){1, 2}), a);
	cr_expect_neq(sums_find_insert_rule(&s, &k, (struct rule_id){2, 1}), a);
	sums_fini(&s);
	cr_assert_eq(budget.used, 0);
}

Test(sums, a_fixed_table_takes_what_it_has_room_for_and_forgets_all_of_it) {
	static struct flow_sum room[64];
	static uint32_t index[128];
	struct sums s;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 4);
	sums_init_fixed(&s, 64, room, index);
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t n = 0; n < 70; n++) {
			struct flow_key k = key(&seed, round * 50 + n);
			struct flow_sum *sum = sums_find_insert(&s, &k);
			cr_assert_eq(sum == NULL, n >= 64);
			if (sum != NULL)
				cr_assert_eq(sum->packets++, 0);
		}
		cr_assert_eq(s.n, 64);
		sums_clear(&s);
		cr_assert_eq(s.n, 0);
		for (uint32_t i = 0; i < 128; i++)
			cr_assert_eq(index[i], 0);
	}
}

Test(sums, merging_spans_both) {
	struct flow_sum sum = {0};
	struct flow_sum a = {
		.packets = 2,
		.bytes = 80,
		.frame_bytes = 108,
		.matches = 2,
		.first_us = 10,
		.last_us = 20,
		.tcp_flags = 1};
	struct flow_sum b = {
		.packets = 1,
		.bytes = 40,
		.first_us = -5,
		.last_us = 15,
		.tcp_flags = 2,
		.opens = 1};
	flow_sum_merge(&sum, &a);
	flow_sum_merge(&sum, &b);
	cr_expect_eq(sum.packets, 3);
	cr_expect_eq(sum.bytes, 120);
	cr_expect_eq(sum.frame_bytes, 108);
	cr_expect_eq(sum.matches, 2);
	cr_expect_eq(sum.first_us, -5);
	cr_expect_eq(sum.last_us, 20);
	cr_expect_eq(sum.tcp_flags, 3);
	cr_expect_eq(sum.opens, 1);
}
