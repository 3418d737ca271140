// The largest keys: against sorting all of them.

#include "flow/ranking.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define KEYS 500

static struct budget budget;
static struct sums sums;

static void open_sums(void) {
	budget = (struct budget){.max = 1 << 20};
	sums_init(&sums, &budget);
}

static void close_sums(void) {
	sums_fini(&sums);
}

static struct flow_sum *add(const struct flow_key *key, uint64_t packets) {
	struct flow_sum *sum = sums_find_insert(&sums, key);
	cr_assert_not_null(sum);
	sum->packets = packets;
	return sum;
}

// Larger first, then the smaller port.
static int wanted_order(const void *a, const void *b) {
	const struct flow_sum *x = &sums.sum[*(const uint32_t *)a];
	const struct flow_sum *y = &sums.sum[*(const uint32_t *)b];
	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return (int)x->key.src_port - (int)y->key.src_port;
}

Test(ranking, agrees_with_sorting_all, .init = open_sums, .fini = close_sums) {
	static const uint32_t tops[] = {1, 2, 3, 10, 100, KEYS - 1, KEYS, KEYS + 1, RANKING_MAX};
	for (uint32_t i = 0; i < KEYS; i++) {
		struct flow_key key = {.src_port = (uint16_t)(i * 7919), .hash = i};
		add(&key, i * 104729 % 97); // many are equal
	}
	uint32_t want[KEYS];
	for (uint32_t i = 0; i < KEYS; i++)
		want[i] = i;
	qsort(want, KEYS, sizeof(want[0]), wanted_order);
	for (size_t k = 0; k < sizeof(tops) / sizeof(tops[0]); k++) {
		uint32_t n = tops[k] < KEYS ? tops[k] : KEYS;
		struct ranking r;
		struct ranking_config c = {
			.top = tops[k],
			.by = RANKING_PACKETS,
			.order = {FIELD_SRC_PORT},
			.n_order = 1};
		cr_assert_eq(ranking_init(&r, &c), 0);
		for (uint32_t turn = 0; turn < 2; turn++) {
			bool left[KEYS] = {false};
			struct rank out;
			ranking_begin(&r, &sums);
			for (uint32_t i = 0; i < KEYS; i++)
				if (ranking_offer(&r, i, RANK_NONE, &out)) {
					cr_expect_not(left[out.sum]);
					left[out.sum] = true;
				}
			ranking_sort(&r);
			cr_assert_eq(r.n, n);
			for (uint32_t i = 0; i < n; i++) {
				cr_expect_eq(r.rank[i].sum, want[i], "top %u, rank %u", tops[k], i);
				cr_expect_not(left[want[i]]);
			}
			for (uint32_t i = n; i < KEYS; i++)
				cr_expect(left[want[i]]);
		}
		ranking_fini(&r);
	}
}

Test(ranking, what_is_largest_is_of_both_directions, .init = open_sums, .fini = close_sums) {
	static const enum ranking_by by[] = {RANKING_BYTES, RANKING_PACKETS, RANKING_MATCHES};
	for (uint16_t i = 0; i < 4; i++) {
		struct flow_key key = {.src_port = i, .hash = i};
		struct flow_sum *sum = add(&key, i == 1 ? 9 : 5);
		sum->bytes = i == 2 ? 9 : 5;
		sum->matches = i == 3 ? 9 : 5;
	}
	for (size_t k = 0; k < 3; k++) {
		struct ranking r;
		struct ranking_config c = {.top = 1, .by = by[k]};
		struct rank left;
		cr_assert_eq(ranking_init(&r, &c), 0);
		ranking_begin(&r, &sums);
		for (uint32_t i = 0; i < 4; i++)
			ranking_offer(&r, i, RANK_NONE, &left);
		cr_expect_eq(r.rank[0].value, 9);
		cr_expect_eq(
			r.rank[0].sum,
			by[k] == RANKING_BYTES             ? 2
				: by[k] == RANKING_PACKETS ? 1
							   : 3
		);
		ranking_begin(&r, &sums);
		ranking_offer(
			&r, 0,
			by[k] == RANKING_BYTES             ? 2
				: by[k] == RANKING_PACKETS ? 1
							   : 3,
			&left
		);
		cr_expect_eq(r.rank[0].value, 14);
		ranking_fini(&r);
	}
}

Test(ranking, ties_go_to_the_smaller_key_in_the_order_configured, .init = open_sums,
     .fini = close_sums) {
	static const struct flow_key keys[] = {
		{.flags = KEY_V4, .src4 = {9, 0, 0, 1}, .src_port = 2, .hash = 1},
		{.flags = KEY_V4, .src4 = {10, 0, 0, 1}, .src_port = 1, .hash = 2},
		{.flags = KEY_V6, .src6 = {0}, .src_port = 0, .hash = 3},
		{.flags = KEY_V4, .src4 = {9, 0, 0, 1}, .src_port = 1, .hash = 4},
	};
	static const struct {
		uint8_t order[2];
		uint32_t ranks[4];
	} table[] = {
		{{FIELD_SRC_IP, FIELD_SRC_PORT}, {3, 0, 1, 2}},
		{{FIELD_SRC_PORT, FIELD_SRC_IP}, {2, 3, 1, 0}},
	};
	for (uint32_t i = 0; i < 4; i++)
		add(&keys[i], 1);
	for (size_t k = 0; k < 2; k++) {
		struct ranking r;
		struct ranking_config c = {.top = 4, .n_order = 2};
		struct rank left;
		memcpy(c.order, table[k].order, 2);
		cr_assert_eq(ranking_init(&r, &c), 0);
		ranking_begin(&r, &sums);
		for (uint32_t i = 0; i < 4; i++)
			cr_expect_not(ranking_offer(&r, i, RANK_NONE, &left));
		ranking_sort(&r);
		for (uint32_t i = 0; i < 4; i++)
			cr_expect_eq(r.rank[i].sum, table[k].ranks[i], "case %zu, rank %u", k, i);
		ranking_fini(&r);
	}
}

Test(ranking, rules_rank_by_sid_then_gid, .init = open_sums, .fini = close_sums) {
	static const struct rule_id rules[] = {{1, 20}, {2, 10}, {1, 10}};
	struct flow_key key = {0};
	for (uint32_t i = 0; i < 3; i++) {
		key.hash = i;
		sums_find_insert_rule(&sums, &key, rules[i])->matches = 1;
	}
	struct ranking r;
	struct ranking_config c = {
		.top = 3, .by = RANKING_MATCHES, .order = {FIELD_RULE}, .n_order = 1};
	struct rank left;
	cr_assert_eq(ranking_init(&r, &c), 0);
	ranking_begin(&r, &sums);
	for (uint32_t i = 0; i < 3; i++)
		ranking_offer(&r, i, RANK_NONE, &left);
	ranking_sort(&r);
	for (uint32_t i = 0; i < 3; i++)
		cr_expect_eq(r.rank[i].sum, 2 - i);
	ranking_fini(&r);
}
