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
	struct window_config c = {
		.fields = fields,
		.size_us = size_us,
		.pane_us = SECOND,
		.budget = &budget,
		.live_start_us = INT64_MIN,
	};
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
	const struct window_out *first = window_set_close(ws, 10 * SECOND);
	cr_assert_not_null(first);
	cr_assert_eq(first->start_us, 0);
	cr_assert_eq(first->end_us, 10 * SECOND);
	cr_assert_eq(first->n, 3);
	cr_assert_eq(first->sum[0].packets, 10);
	cr_assert_eq(first->sum[0].first_us, 0);
	cr_assert_eq(first->sum[0].last_us, 9 * SECOND);
	cr_assert_null(window_set_close(ws, 19 * SECOND));
	const struct window_out *second = window_set_close(ws, INT64_MAX);
	cr_assert_eq(second->start_us, 10 * SECOND);
	cr_assert_eq(second->sum[0].packets, 2);
	window_set_free(ws);
	cr_assert_eq(budget.used, 0);
}

Test(window, a_coarser_key_adds_rows_up, .init = use_budget) {
	struct window_set *ws = make(SECOND, FIELD_BIT(FIELD_DEST_PORT));
	struct pane p;
	make_pane(&p, 0, 100);
	cr_assert_eq(window_set_add(ws, &p), 0);
	const struct window_out *w = window_set_close(ws, INT64_MAX);
	cr_assert_eq(w->n, 1);
	cr_assert_eq(w->sum[0].packets, 100);
	cr_assert_eq(w->sum[0].bytes, 10000);
	cr_assert_eq(w->sum[0].key.dst_port, 80);
	cr_assert_eq(w->sum[0].key.src_port, 0);
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
		const struct window_out *w = window_set_close(ws, INT64_MAX);
		cr_assert_not_null(w);
		cr_assert_eq(w->start_us, order[i] * SECOND);
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
	const struct window_out *w = window_set_close(ws, INT64_MAX);
	uint64_t packets = w->rest->packets;
	for (uint32_t i = 0; i < w->n; i++)
		packets += w->sum[i].packets;
	cr_assert_gt(w->rest->packets, 7);
	cr_assert_eq(packets, 1007);
	cr_assert(w->rest->key.flags & KEY_REST);
	window_set_free(ws);
	flow_table_fini(&p.table);
}

// Gives the pane rows of events: rule `sid` matched in `n` packets to port 80 from different ports.
static void add_events(struct pane *p, struct rule_rows *rules, uint32_t sid, uint32_t n) {
	if (p->rules == NULL) {
		struct rule_rows_config c = {.fields = ports};
		hash_seed_fixed(&c.seed, 2);
		cr_assert_eq(rule_rows_init(rules, &c, 1024, mem_pages()), 0);
		p->rules = rules;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct flow_key k = {.src_port = (uint16_t)(1000 + i), .dst_port = 80, .proto = 17};
		struct packet frame = {.time_us = p->start_us + i, .ip_len = 100, .wire_len = 114};
		rule_rows_count(rules, &k, &(struct rule_info){.gid = 1, .sid = sid}, &frame);
	}
}

Test(window, a_stream_of_rules_takes_events_and_the_others_take_packets, .init = use_budget) {
	struct window_set *rules = make(
		10 * SECOND, FIELD_BIT(FIELD_RULE) | FIELD_BIT(FIELD_DEST_PORT)
	);
	struct window_set *flows = make(10 * SECOND, FIELD_BIT(FIELD_DEST_PORT));
	for (int s = 0; s < 3; s++) {
		struct rule_rows rows;
		struct pane p;
		make_pane(&p, s * SECOND, 100);
		add_events(&p, &rows, 7, 5);
		add_events(&p, &rows, 8, 2);
		cr_assert_eq(window_set_add(rules, &p), 0);
		cr_assert_eq(window_set_add(flows, &p), 0);
		rule_rows_fini(&rows);
		flow_table_fini(&p.table);
	}
	const struct window_out *w = window_set_close(rules, 10 * SECOND);
	cr_assert_not_null(w);
	cr_assert_eq(w->n, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct flow_sum *s = &w->sum[i];
		uint64_t each = s->rule.sid == 7 ? 5 : 2;
		cr_expect_eq(s->rule.gid, 1);
		cr_expect_eq(s->key.dst_port, 80);
		cr_expect_eq(s->key.src_port, 0);
		cr_expect_eq(s->packets, 3 * each);
		cr_expect_eq(s->matches, 3 * each);
		cr_expect_eq(s->bytes, 300 * each);
		cr_expect_eq(s->first_us, 0);
		cr_expect_eq(s->last_us, 2 * SECOND + (int64_t)each - 1);
	}
	cr_expect_null(w->rest);
	w = window_set_close(flows, 10 * SECOND);
	cr_assert_eq(w->n, 1);
	cr_expect_eq(w->sum[0].packets, 300);
	cr_expect_eq(w->sum[0].rule.sid, 0);
	window_set_free(rules);
	window_set_free(flows);
	cr_expect_eq(budget.used, 0);
}

Test(window, where_nothing_matched_is_no_window_of_rules, .init = use_budget) {
	struct window_set *ws = make(SECOND, FIELD_BIT(FIELD_RULE));
	struct rule_rows rows;
	struct pane p;
	make_pane(&p, 0, 100);
	p.rest.packets = 7; // of the flows
	cr_assert_eq(window_set_add(ws, &p), 0);
	add_events(&p, &rows, 7, 0);
	cr_assert_eq(window_set_add(ws, &p), 0);
	cr_expect_eq(window_set_open(ws), 0);
	rule_rows_fini(&rows);
	flow_table_fini(&p.table);
	window_set_free(ws);
}

Test(window, events_that_the_budget_or_the_pane_has_no_room_for_are_in_the_rest_row,
     .init = use_budget) {
	budget.max = 16 * 1024;
	struct window_set *ws = make(SECOND, ports | FIELD_BIT(FIELD_RULE));
	struct rule_rows rows;
	struct pane p;
	make_pane(&p, 0, 0);
	add_events(&p, &rows, 7, 2000);
	cr_assert_eq(rows.rest.packets, 2000 - 1024);
	cr_assert_eq(window_set_add(ws, &p), 0);
	const struct window_out *w = window_set_close(ws, INT64_MAX);
	uint64_t packets = w->rest->packets;
	for (uint32_t i = 0; i < w->n; i++)
		packets += w->sum[i].packets;
	cr_expect_gt(w->n, 10);
	cr_expect_gt(w->rest->packets, 2000 - 1024);
	cr_expect_eq(w->rest->matches, w->rest->packets);
	cr_expect_eq(w->rest->last_us, 1999);
	cr_expect_eq(packets, 2000);
	cr_expect(w->rest->key.flags & KEY_REST);
	window_set_free(ws);
	rule_rows_fini(&rows);
	flow_table_fini(&p.table);
}

Test(window, matches_found_behind_a_hand_over_of_their_packets_count, .init = use_budget) {
	struct window_set *ws = make(SECOND, FIELD_BIT(FIELD_DEST_PORT));
	struct pane p;
	for (int part = 0; part < 2; part++) {
		make_pane(&p, 0, 1);
		struct flow_row *row = p.table.rows;
		row->packets -= (uint32_t)part;
		row->bytes *= (uint64_t)!part;
		row->matches = (uint32_t)part;
		p.rest = *row;
		cr_assert_eq(window_set_add(ws, &p), 0);
		flow_table_fini(&p.table);
	}
	const struct window_out *w = window_set_close(ws, INT64_MAX);
	cr_assert_eq(w->n, 1);
	cr_expect_eq(w->sum[0].packets, 1);
	cr_expect_eq(w->sum[0].bytes, 100);
	cr_expect_eq(w->sum[0].matches, 1);
	cr_expect_eq(w->rest->packets, 1);
	cr_expect_eq(w->rest->matches, 1);
	window_set_free(ws);
}
