// The flow table against a model: the same keys in random order give the same counters.

#include "base/field.h"
#include "flow/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void finish(struct flow_key *k, const struct hash_seed *seed) {
	struct flow_key mask;
	flow_key_mask(&mask, FIELD_SET_ALL);
	flow_key_finish(k, &mask, seed);
}

static struct flow_key make_key(const struct hash_seed *seed, uint32_t n, bool v6) {
	struct flow_key k = {.src_port = (uint16_t)n, .dst_port = 80, .proto = 6};
	if (v6) {
		k.flags = KEY_V6;
		memcpy(k.src6, &n, sizeof(n));
		k.dst6[15] = (uint8_t)(n >> 3);
	} else {
		k.flags = KEY_V4;
		memcpy(k.src4, &n, sizeof(n));
	}
	finish(&k, seed);
	return k;
}

Test(table, finds_again_what_it_inserted) {
	struct flow_table t;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	cr_assert_eq(flow_table_init(&t, 1024, mem_pages()), 0);
	struct flow_key k = make_key(&seed, 7, false);
	struct flow_row *row = flow_table_find_insert(&t, &k);
	cr_assert_not_null(row);
	cr_assert_eq(row->packets, 0);
	cr_assert_eq(row->first_us, FLOW_ROW_EMPTY_FIRST);
	cr_assert_eq(flow_table_find_insert(&t, &k), row);
	cr_assert_eq(flow_table_candidate(&t, k.hash), row);
	cr_assert_eq(t.flows, 1);
	flow_table_fini(&t);
}

Test(table, agrees_with_a_model_over_random_keys_and_resets) {
	enum {
		KEYS = 3000,
		ROUNDS = 20,
		PACKETS = 20000
	};
	struct flow_table t;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 2);
	srandom(42);
	cr_assert_eq(flow_table_init(&t, 2 * KEYS, mem_pages()), 0);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t model[KEYS] = {0}, distinct = 0;
		for (int i = 0; i < PACKETS; i++) {
			uint32_t n = (uint32_t)random() % KEYS;
			struct flow_key k = make_key(&seed, n, n % 3 == 0);
			struct flow_row *row = flow_table_find_insert(&t, &k);
			cr_assert_not_null(row);
			flow_row_count(row, (uint32_t)i, n, n + 14, 0, 0);
			distinct += model[n]++ == 0;
		}
		cr_assert_eq(t.flows, distinct);
		uint32_t line = 0, seen = 0;
		struct flow_key k;
		const struct flow_row *row;
		while ((row = flow_table_next(&t, &line, &k)) != NULL) {
			uint32_t n;
			memcpy(&n, k.flags & KEY_V6 ? k.src6 : k.src4, sizeof(n));
			cr_assert_lt(n, KEYS);
			cr_assert_eq(row->packets, model[n]);
			cr_assert_eq(row->bytes, (uint64_t)model[n] * n);
			seen++;
		}
		cr_assert_eq(seen, distinct);
		flow_table_reset(&t);
		cr_assert_eq(t.flows, 0);
	}
	flow_table_fini(&t);
}

Test(table, full_table_refuses_new_keys_and_keeps_old_ones) {
	enum {
		ROWS = 100
	};
	struct flow_table t;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 3);
	cr_assert_eq(flow_table_init(&t, ROWS, mem_pages()), 0);
	for (uint32_t n = 0; n < ROWS; n++) {
		struct flow_key k = make_key(&seed, n, false);
		cr_assert_not_null(flow_table_find_insert(&t, &k));
	}
	struct flow_key extra = make_key(&seed, ROWS, false);
	cr_assert_null(flow_table_find_insert(&t, &extra));
	for (uint32_t n = 0; n < ROWS; n++) {
		struct flow_key k = make_key(&seed, n, false);
		cr_assert_not_null(flow_table_find_insert(&t, &k));
	}
	cr_assert_eq(t.flows, ROWS);
	flow_table_fini(&t);
}

Test(table, ipv6_row_takes_two_lines_and_needs_both) {
	struct flow_table t;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 4);
	cr_assert_eq(flow_table_init(&t, 3, mem_pages()), 0);
	struct flow_key a = make_key(&seed, 1, true), b = make_key(&seed, 2, true);
	struct flow_key c = make_key(&seed, 3, false);
	cr_assert_not_null(flow_table_find_insert(&t, &a));
	cr_assert_null(flow_table_find_insert(&t, &b), "one line is left");
	cr_assert_not_null(flow_table_find_insert(&t, &c));
	flow_table_fini(&t);
}

Test(table, keys_with_one_hash_stay_apart) {
	struct flow_table t;
	cr_assert_eq(flow_table_init(&t, 1024, mem_pages()), 0);
	struct flow_row *rows[100];
	for (uint32_t n = 0; n < 100; n++) {
		struct flow_key k = {.src_port = (uint16_t)n, .flags = KEY_V4, .hash = 0xabcdef01};
		rows[n] = flow_table_find_insert(&t, &k);
		cr_assert_not_null(rows[n]);
		rows[n]->packets = n + 1;
	}
	for (uint32_t n = 0; n < 100; n++) {
		struct flow_key k = {.src_port = (uint16_t)n, .flags = KEY_V4, .hash = 0xabcdef01};
		cr_assert_eq(flow_table_find_insert(&t, &k)->packets, n + 1);
	}
	flow_table_fini(&t);
}

Test(table, a_small_index_is_full_early_and_can_be_stretched) {
	struct flow_table t;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 6);
	cr_assert_eq(flow_table_init(&t, 100000, mem_pages()), 0);
	flow_table_size(&t, 1);
	uint32_t n = 0;
	for (;; n++) {
		struct flow_key k = make_key(&seed, n, false);
		if (flow_table_find_insert(&t, &k) == NULL)
			break;
	}
	cr_assert_eq(n, FLOW_TABLE_ROWS_MIN);
	cr_assert(flow_table_stretch(&t));
	for (;; n++) {
		struct flow_key k = make_key(&seed, n, false);
		if (flow_table_find_insert(&t, &k) == NULL)
			break;
	}
	cr_assert_gt(n, FLOW_TABLE_ROWS_MIN * 5 / 4);
	cr_assert_not(flow_table_stretch(&t));
	for (uint32_t i = 0; i < n; i++) {
		struct flow_key k = make_key(&seed, i, false);
		cr_assert_not_null(flow_table_find_insert(&t, &k));
	}
	cr_assert_eq(t.flows, n);
	flow_table_reset(&t);
	flow_table_size(&t, 100000);
	struct flow_key k = make_key(&seed, 1, false);
	cr_assert_null(flow_table_candidate(&t, k.hash), "buckets of before are empty");
	flow_table_fini(&t);
}

Test(table, generation_wrap_leaves_no_ghosts) {
	struct flow_table t;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 5);
	cr_assert_eq(flow_table_init(&t, 64, mem_pages()), 0);
	t.generation = 1;
	struct flow_key k = make_key(&seed, 9, false);
	cr_assert_not_null(flow_table_find_insert(&t, &k));
	t.generation = UINT32_MAX;
	flow_table_reset(&t);
	cr_assert_eq(t.generation, 1);
	cr_assert_null(flow_table_candidate(&t, k.hash));
	flow_table_fini(&t);
}

Test(row, matches_saturate_and_times_widen) {
	struct flow_row r = {.first_us = FLOW_ROW_EMPTY_FIRST, .matches = UINT32_MAX - 1};
	flow_row_count(&r, 500, 40, 60, 5, 0x02);
	flow_row_count(&r, 100, 40, 60, 0, 0x10);
	cr_assert_eq(r.matches, UINT32_MAX);
	cr_assert_eq(r.first_us, 100);
	cr_assert_eq(r.last_us, 500);
	cr_assert_eq(r.tcp_flags, 0x12);
	cr_assert_eq(r.opens, 1);
	cr_assert_eq(r.packets, 2);
	cr_assert_eq(r.bytes, 80);
	cr_assert_eq(r.frame_bytes, 120);
}

Test(row, only_a_syn_without_ack_opens) {
	static const struct {
		uint8_t flags[2];
		uint8_t opens;
	} table[] = {
		{{0x02, 0x10}, 1}, {{0xc2, 0x10}, 1}, // with ECN
		{{0x12, 0x10}, 0}, {{0x12, 0x02}, 1}, {{0x10, 0x01}, 0},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct flow_row r = {.first_us = FLOW_ROW_EMPTY_FIRST};
		flow_row_count(&r, 1, 40, 60, 0, table[i].flags[0]);
		flow_row_count(&r, 2, 40, 60, 0, table[i].flags[1]);
		cr_expect_eq(r.opens, table[i].opens, "case %zu", i);
	}
}
