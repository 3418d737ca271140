// Windows from panes: boundaries, merging, closing in order, the rest row.

#include "base/field.h"
#include "flow/window.h"

#include <criterion/criterion.h>

#define SECOND 1000000ll

static void finish(struct flow_key *k, const struct hash_seed *seed) {
	struct flow_key mask;
	flow_key_mask(&mask, FIELD_SET_ALL);
	flow_key_finish(k, &mask, seed);
}

static struct budget budget;

static void use_budget(void) {
	budget = (struct budget){.max = 1 << 20};
}

static struct window_set *make(int64_t size_us, uint32_t fields) {
	struct window_config c = {.fields = fields, .size_us = size_us, .budget = &budget};
	hash_seed_fixed(&c.seed, 9);
	return window_set_new(&c);
}

// A pane of one second with `n` flows from different ports to port 80, one packet each.
static void make_pane(struct pane *p, int64_t start_us, uint32_t n) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	memset(p, 0, sizeof(*p));
	cr_assert_eq(flow_table_init(&p->table, 4096, mem_pages()), 0);
	p->start_us = start_us;
	p->end_us = start_us + SECOND;
	p->rest.first_us = FLOW_ROW_EMPTY_FIRST;
	for (uint32_t i = 0; i < n; i++) {
		struct flow_key k = {.src_port = (uint16_t)(1000 + i), .dst_port = 80, .proto = 17};
		finish(&k, &seed);
		flow_row_count(flow_table_find_insert(&p->table, &k), i, 100, 114, 0, 0);
	}
}

static const uint32_t ports = FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT);

Test(window, panes_of_one_window_merge_and_the_next_is_apart, .init = use_budget) {
	struct window_set *ws = make(10 * SECOND, ports);
	struct pane p;
	for (int s = 0; s < 12; s++) {
		make_pane(&p, s * SECOND, 3);
		cr_assert_eq(window_set_add(ws, &p), 0);
		flow_table_fini(&p.table);
	}
	cr_assert_eq(window_set_open(ws), 2);
	cr_assert_null(window_set_close(ws, 10 * SECOND - 1));
	struct window_slice *first = window_set_close(ws, 10 * SECOND);
	cr_assert_not_null(first);
	cr_assert_eq(first->start_us, 0);
	cr_assert_eq(first->end_us, 10 * SECOND);
	cr_assert_eq(first->sums.n, 3);
	cr_assert_eq(first->sums.sum[0].packets, 10);
	cr_assert_eq(first->sums.sum[0].first_us, 0);
	cr_assert_eq(first->sums.sum[0].last_us, 9 * SECOND);
	window_slice_free(first);
	cr_assert_null(window_set_close(ws, 19 * SECOND));
	struct window_slice *second = window_set_close(ws, INT64_MAX);
	cr_assert_eq(second->start_us, 10 * SECOND);
	cr_assert_eq(second->sums.sum[0].packets, 2);
	window_slice_free(second);
	window_set_free(ws);
	cr_assert_eq(budget.used, 0);
}

Test(window, a_coarser_key_adds_rows_up, .init = use_budget) {
	struct window_set *ws = make(SECOND, FIELD_BIT(FIELD_DEST_PORT));
	struct pane p;
	make_pane(&p, 0, 100);
	cr_assert_eq(window_set_add(ws, &p), 0);
	struct window_slice *w = window_set_close(ws, INT64_MAX);
	cr_assert_eq(w->sums.n, 1);
	cr_assert_eq(w->sums.sum[0].packets, 100);
	cr_assert_eq(w->sums.sum[0].bytes, 10000);
	cr_assert_eq(w->sums.sum[0].key.dst_port, 80);
	cr_assert_eq(w->sums.sum[0].key.src_port, 0);
	window_slice_free(w);
	window_set_free(ws);
	flow_table_fini(&p.table);
}

Test(window, closing_goes_by_time_not_by_arrival, .init = use_budget) {
	static const int64_t starts[] = {5, 1, -3, 9, 0, 7, -3};
	static const int64_t order[] = {-3, 0, 1, 5, 7, 9};
	struct window_set *ws = make(SECOND, ports);
	struct pane p;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		make_pane(&p, starts[i] * SECOND, 1);
		cr_assert_eq(window_set_add(ws, &p), 0);
		flow_table_fini(&p.table);
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct window_slice *w = window_set_close(ws, INT64_MAX);
		cr_assert_not_null(w);
		cr_assert_eq(w->start_us, order[i] * SECOND);
		window_slice_free(w);
	}
	cr_assert_null(window_set_close(ws, INT64_MAX));
	window_set_free(ws);
}

Test(window, what_the_budget_refuses_is_in_the_rest_row, .init = use_budget) {
	budget.max = 16 * 1024;
	struct window_set *ws = make(SECOND, ports);
	struct pane p;
	make_pane(&p, 0, 1000);
	p.rest.packets = 7;
	p.rest.bytes = 70;
	cr_assert_eq(window_set_add(ws, &p), 0);
	struct window_slice *w = window_set_close(ws, INT64_MAX);
	uint64_t packets = w->rest.packets;
	for (uint32_t i = 0; i < w->sums.n; i++)
		packets += w->sums.sum[i].packets;
	cr_assert_gt(w->rest.packets, 7);
	cr_assert_eq(packets, 1007);
	cr_assert(w->rest.key.flags & KEY_REST);
	window_slice_free(w);
	window_set_free(ws);
	flow_table_fini(&p.table);
}
