// Open slices: found by time in any order of arrival, and what they take of the budget.

#include "flow/slices.h"

#include "base/field.h"

#include <criterion/criterion.h>

static struct budget budget;

static struct pane empty_pane(int64_t start_us) {
	struct pane p = {.start_us = start_us, .end_us = start_us + 5};
	cr_assert_eq(flow_table_init(&p.table, 16, mem_pages()), 0);
	p.rest.packets = 1;
	return p;
}

Test(slices, each_pane_finds_the_slice_that_holds_it) {
	struct slices s;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	budget.max = 1 << 20;
	slices_init(&s, &(struct slices_config){.width_us = 10, .budget = &budget, .seed = seed});
	// 1,000 slices of two panes each, the panes in an order that visits all.
	for (uint32_t i = 0; i < 2000; i++) {
		struct pane p = empty_pane(((int64_t)(i * 1237 % 2000) - 1000) * 5);
		cr_assert_eq(slices_add(&s, &p), 0);
		flow_table_fini(&p.table);
	}
	cr_assert_eq(slices_open(&s), 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		const struct slice *oldest = slices_oldest(&s);
		struct slice *slice = slices_take(&s);
		cr_assert_eq(slice, oldest);
		cr_expect_eq(slice->start_us, ((int64_t)i - 500) * 10);
		cr_expect_eq(slice->end_us, slice->start_us + 10);
		cr_expect_eq(slice->rest.packets, 2);
		slice_free(slice);
	}
	cr_expect_null(slices_oldest(&s));
	cr_expect_eq(budget.used, 0);
	slices_fini(&s);
}

// A pane of one packet from each of 10.0.0.1 to 10.0.0.8 to 10.0.1.1, port 1 to 8, and perhaps of a rest.
static struct pane pane_of_hosts(bool rest) {
	struct pane p = empty_pane(0);
	struct flow_key mask;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	flow_key_mask(&mask, FIELD_SET_ALL);
	p.rest.packets = rest;
	for (uint8_t i = 1; i <= 8; i++) {
		struct flow_key k = {
			.flags = KEY_V4,
			.src4 = {10, 0, 0, i},
			.dst4 = {10, 0, 1, 1},
			.src_port = i,
		};
		flow_key_finish(&k, &mask, &seed);
		flow_table_find_insert(&p.table, &k)->packets = 1;
	}
	return p;
}

// The rows that come of such a pane, and their packets; -1: there is no slice.
static int
rows_of(uint32_t fields, struct key_cut cut, const char *text, bool biflow, bool rest,
	uint64_t *packets) {
	struct slices s;
	struct slices_config conf = {
		.fields = fields,
		.cut = cut,
		.where = where_new(text, fields, &cut, NULL),
		.biflow = biflow,
		.width_us = 10,
		.budget = &budget,
	};
	hash_seed_fixed(&conf.seed, 2);
	cr_assert_not_null(conf.where);
	budget.max = 1 << 20;
	slices_init(&s, &conf);
	struct pane p = pane_of_hosts(rest);
	cr_assert_eq(slices_add(&s, &p), 0);
	const struct slice *slice = slices_oldest(&s);
	int n = slice != NULL ? (int)slice->sums.n : -1;
	*packets = slice != NULL ? slice->rest.packets : 0;
	for (int i = 0; i < n; i++)
		*packets += slice->sums.sum[i].packets;
	flow_table_fini(&p.table);
	slices_fini(&s);
	cr_expect_eq(budget.used, 0);
	where_free((struct where *)(uintptr_t)conf.where);
	return n;
}

Test(slices, rows_are_taken_where_the_condition_holds) {
	const uint32_t hosts = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP);
	const struct key_cut whole = {0}, nets = {.v4 = {2, 0}};
	uint64_t packets;
	cr_expect_eq(
		rows_of(hosts, whole, "src_ip in 10.0.0.3..10.0.0.4", false, false, &packets), 2
	);
	cr_expect_eq(packets, 2);
	cr_expect_eq(rows_of(hosts, nets, "src_ip = 10.0.0.4/30", false, false, &packets), 1);
	cr_expect_eq(packets, 4, "as networks they are one");
	// What nothing is taken of has no slice; what found no row cannot be told apart.
	cr_expect_eq(rows_of(hosts, whole, "src_ip = 10.0.0.9", false, false, &packets), -1);
	cr_expect_eq(rows_of(hosts, whole, "src_ip = 10.0.0.9", false, true, &packets), 0);
	cr_expect_eq(packets, 1);
	// A conversation has both.
	cr_expect_eq(rows_of(hosts, whole, "src_ip = 10.0.1.1", false, false, &packets), -1);
	cr_expect_eq(rows_of(hosts, whole, "src_ip = 10.0.1.1", true, false, &packets), 8);
}

// A pane of `n` rows, 10.0.x.y each.
static struct pane pane_of_rows(int64_t start_us, uint32_t n) {
	struct pane p = {.start_us = start_us, .end_us = start_us + 5};
	struct flow_key mask;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	flow_key_mask(&mask, FIELD_SET_ALL);
	cr_assert_eq(flow_table_init(&p.table, n, mem_pages()), 0);
	flow_table_size(&p.table, n);
	for (uint32_t i = 0; i < n; i++) {
		struct flow_key k = {
			.flags = KEY_V4,
			.src4 = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i},
		};
		flow_key_finish(&k, &mask, &seed);
		struct flow_row *row = flow_table_find_insert(&p.table, &k);
		cr_assert_not_null(row);
		flow_row_count(row, 1, 60, 74, 0, 0);
	}
	return p;
}

// Slices one after the other, given back; how often a table was used again is seen by where it lies.
static uint32_t used_again(uint64_t memory, const uint32_t *rows, uint32_t n) {
	struct slices s;
	struct hash_seed seed;
	const struct flow_sum *before = NULL;
	uint32_t again = 0;
	hash_seed_fixed(&seed, 1);
	budget = (struct budget){.max = memory};
	slices_init(
		&s,
		&(struct slices_config
		){.width_us = 10,
		  .fields = FIELD_BIT(FIELD_SRC_IP),
		  .budget = &budget,
		  .seed = seed}
	);
	for (uint32_t i = 0; i < n; i++) {
		struct pane p = pane_of_rows(10 * (int64_t)i, rows[i]);
		bool spare = s.spare.capacity > 0;
		cr_assert_eq(slices_add(&s, &p), 0);
		flow_table_fini(&p.table);
		struct slice *slice = slices_take(&s);
		again += spare && slice->sums.sum == before;
		before = slice->sums.sum;
		// As a table of its own would have them.
		cr_assert_eq(slice->sums.n, rows[i]);
		for (uint32_t k = 0; k < rows[i]; k++) {
			const struct flow_sum *sum = &slice->sums.sum[k];
			cr_assert_eq(sum->packets, 1);
			cr_assert_eq(sum->key.src4[3], (uint8_t)k);
			cr_assert_eq(sums_find(&slice->sums, &sum->key, sum->rule), sum);
		}
		cr_assert_geq(budget.used, sums_octets(&slice->sums));
		slices_give_back(&s, slice);
		cr_assert_eq(budget.used, 0, "what is spare is in no budget");
		cr_assert_eq(budget.spare, sums_octets(&s.spare));
	}
	slices_give_back(&s, NULL);
	slices_fini(&s);
	cr_assert_eq(budget.spare, 0);
	return again;
}

Test(slices, the_table_of_one_serves_the_next) {
	static const uint32_t alike[] = {5000, 5000, 4100, 8000};
	cr_expect_eq(used_again(1 << 30, alike, 4), 3);
	static const uint32_t little[] = {100, 100, 100};
	cr_expect_eq(used_again(1 << 30, little, 3), 0, "what is small is not kept");
}

Test(slices, a_table_that_the_budget_feels_is_not_used_again) {
	static const uint32_t alike[] = {5000, 5000, 5000};
	cr_expect_eq(used_again(8192 * SUMS_ROW_OCTETS * 4, alike, 3), 0);
}

static void add_rows(struct slices *s, int64_t start_us, uint32_t n) {
	struct pane p = pane_of_rows(start_us, n);
	cr_assert_eq(slices_add(s, &p), 0);
	flow_table_fini(&p.table);
}

// Each of them alone would fit beside what is used.
Test(slices, tables_that_wait_fit_into_the_budget_together) {
	static const uint64_t table = 8192 * SUMS_ROW_OCTETS;
	struct slices s[3];
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	budget = (struct budget){.max = 4 * table};
	for (int i = 0; i < 3; i++)
		slices_init(
			&s[i],
			&(struct slices_config
			){.width_us = 10,
			  .fields = FIELD_BIT(FIELD_SRC_IP),
			  .budget = &budget,
			  .seed = seed}
		);
	// Two keep a table while their next slice is open.
	for (int i = 0; i < 2; i++) {
		add_rows(&s[i], 0, 8000);
		add_rows(&s[i], 10, 1);
		slices_give_back(&s[i], slices_take(&s[i]));
	}
	cr_assert_eq(budget.spare, 2 * table);
	// The third needs as much as both.
	add_rows(&s[2], 10, 16000);
	cr_assert_gt(budget.used + budget.spare, budget.max);
	for (int i = 0; i < 2; i++)
		add_rows(&s[i], 10, 1);
	cr_expect_eq(budget.spare, table, "one of them is enough");
	cr_expect_leq(budget.used + budget.spare, budget.max);
	for (int i = 0; i < 3; i++)
		slices_fini(&s[i]);
	cr_assert_eq(budget.spare, 0);
	cr_assert_eq(budget.used, 0);
}

Test(slices, a_table_is_not_used_for_what_was_smaller_last) {
	static const uint32_t rows[] = {8000, 5000, 1100, 5000, 5000};
	// The third has that of those before it, which the fourth is not to have.
	cr_expect_eq(used_again(1 << 30, rows, 4), 2);
}
