// Panes: widths, boundaries, and the circulation between a worker and the exporter.

#include "base/field.h"
#include "flow/pane.h"
#include "packet/event_clock.h"

#include <criterion/criterion.h>

#define HOUR PANE_WIDTH_MAX_US

static struct pane_config config(uint32_t active, uint32_t spares, bool patient) {
	return (struct pane_config){
		.width_us = 1000000,
		.active = active,
		.spares = spares,
		.rows = 1024,
		.patient = patient,
		.mem = mem_pages(),
	};
}

Test(pane, width_divides_every_step_and_is_no_wider_than_it_may) {
	static const struct {
		int64_t steps[3];
		uint32_t n;
		int64_t most, width;
	} cases[] = {
		{{10000000}, 1, HOUR, 10000000},
		{{10000000, 60000000}, 2, HOUR, 10000000},
		{{6000000, 4000000}, 2, HOUR, 2000000},
		{{6000000, 10000000, 15000000}, 3, HOUR, 1000000},
		{{86400000000}, 1, HOUR, HOUR},
		{{HOUR}, 1, HOUR, HOUR},
		{{2 * HOUR}, 1, HOUR, HOUR},
		{{0}, 0, HOUR, HOUR},
		// Sessions and flows do not ask for divisors, but for panes that are narrow enough.
		{{0, 0}, 2, 500000, 500000},
		{{0, 10000000}, 2, 7000000, 5000000},
		{{10000000, 1000000}, 2, 300000, 250000},
		{{25000}, 1, 10000, 6250},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(
			pane_width(cases[i].steps, cases[i].n, cases[i].most), cases[i].width,
			"case %zu", i
		);
	// No divisor but one: the configuration refuses it, and here it must not take for ever.
	int64_t prime = 31622399999951;
	cr_expect_eq(pane_width(&prime, 1, HOUR), 1);
	int64_t odd = 3607000000;
	int64_t width = pane_width(&odd, 1, HOUR);
	cr_expect_eq(odd % width, 0);
	cr_expect_leq(width, PANE_WIDTH_MAX_US);
}

Test(pane, a_horizon_is_as_far_as_whole_panes_go) {
	cr_expect_eq(pane_horizon(19, 10), 10);
	cr_expect_eq(pane_horizon(20, 10), 20);
	cr_expect_eq(pane_horizon(-1, 10), -10);
	cr_expect_eq(pane_horizon(INT64_MAX, 10), INT64_MAX);
	cr_expect_eq(pane_horizon(INT64_MIN, 10), INT64_MIN);
	cr_expect_eq(pane_horizon(INT64_MIN + 5, 10), INT64_MIN + 5);
}

Test(pane, start_rounds_down_on_both_sides_of_1970) {
	cr_expect_eq(pane_start(0, 10), 0);
	cr_expect_eq(pane_start(9, 10), 0);
	cr_expect_eq(pane_start(10, 10), 10);
	cr_expect_eq(pane_start(-1, 10), -10);
	cr_expect_eq(pane_start(-10, 10), -10);
	cr_expect_eq(pane_start(-11, 10), -20);
	// The ends of event time, for the widest windows.
	int64_t year = 366ll * 86400 * 1000000, ends[] = {EVENT_TIME_MAX, EVENT_TIME_MIN};
	for (int i = 0; i < 2; i++) {
		int64_t start = pane_start(ends[i], year);
		cr_expect_eq(start % year, 0);
		cr_expect_leq(start, ends[i]);
		cr_expect_gt(start + year, ends[i]);
	}
}

Test(pane, opening_one_too_many_hands_over_the_one_used_longest_ago) {
	struct pane_store ps;
	struct pane_config c = config(2, 2, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	struct pane *a = pane_store_open(&ps, 500000);
	struct pane *b = pane_store_open(&ps, 1500000);
	cr_assert(a != NULL && b != NULL && a != b);
	cr_assert_eq(a->start_us, 0);
	cr_assert_eq(b->start_us, 1000000);
	cr_assert_eq(pane_store_find(&ps, 999999), a);
	struct pane *third = pane_store_open(&ps, 2000000);
	cr_assert_not_null(third);
	cr_assert_eq(pane_store_take(&ps), b, "a was used after b");
	cr_assert_null(pane_store_take(&ps));
	cr_assert_null(pane_store_find(&ps, 1500000));
	pane_store_return(&ps, b);
	pane_store_fini(&ps);
}

Test(pane, advance_hands_over_what_ended_and_then_stores_the_horizon) {
	struct pane_store ps;
	struct pane_config c = config(4, 4, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	struct pane *a = pane_store_open(&ps, 0);
	struct pane *b = pane_store_open(&ps, 1000000);
	pane_store_advance(&ps, 999999);
	cr_assert_null(pane_store_take(&ps));
	cr_assert_eq(atomic_load(&ps.horizon_us), 999999);
	pane_store_advance(&ps, 1000000);
	cr_assert_eq(pane_store_take(&ps), a);
	cr_assert_eq(ps.n_active, 1);
	pane_store_advance(&ps, 500000);
	cr_assert_eq(atomic_load(&ps.horizon_us), 1000000, "a horizon never goes back");
	pane_store_advance(&ps, INT64_MAX);
	cr_assert_eq(pane_store_take(&ps), b);
	pane_store_fini(&ps);
}

Test(pane, flush_hands_over_without_moving_the_horizon) {
	struct pane_store ps;
	struct pane_config c = config(4, 4, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	struct pane *a = pane_store_open(&ps, 0);
	pane_store_flush(&ps);
	cr_assert_eq(pane_store_take(&ps), a);
	cr_assert_eq(atomic_load(&ps.horizon_us), INT64_MIN);
	pane_store_fini(&ps);
}

Test(pane, returned_panes_come_back_empty) {
	struct pane_store ps;
	struct pane_config c = config(1, 1, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	struct flow_key k = {.flags = KEY_V4, .src_port = 5};
	for (int i = 0; i < 100; i++) {
		struct pane *p = pane_store_open(&ps, i * 1000000ll);
		cr_assert_not_null(p);
		cr_assert_eq(p->table.flows, 0);
		cr_assert_eq(p->rest.packets, 0);
		struct flow_row *row = flow_table_find_insert(&p->table, &k);
		cr_assert_eq(row->packets, 0);
		row->packets = 1;
		p->rest.packets = 3;
		struct pane *done = pane_store_take(&ps);
		if (done != NULL)
			pane_store_return(&ps, done);
	}
	pane_store_fini(&ps);
}

Test(pane, without_spares_small_ones_serve_and_then_none) {
	struct pane_store ps;
	struct pane_config c = config(1, 1, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	int opened = 0;
	struct pane *p;
	while ((p = pane_store_open(&ps, opened * 1000000ll)) != NULL) {
		cr_assert_eq(p->reserve, opened >= 2);
		cr_assert_lt(++opened, 1000);
	}
	cr_assert_gt(opened, 2);
	struct pane *back = pane_store_take(&ps);
	pane_store_return(&ps, back);
	cr_assert_not_null(pane_store_open(&ps, opened * 1000000ll), "one came back");
	pane_store_fini(&ps);
}

Test(pane, renewing_a_full_pane_keeps_its_time) {
	struct pane_store ps;
	struct pane_config c = config(2, 1, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	struct pane *a = pane_store_open(&ps, 2500000);
	struct pane *fresh = pane_store_renew(&ps, a);
	cr_assert_neq(fresh, a);
	cr_assert_eq(fresh->start_us, 2000000);
	cr_assert_eq(fresh->end_us, 3000000);
	cr_assert_eq(pane_store_take(&ps), a);
	cr_assert_eq(pane_store_find(&ps, 2000000), fresh);
	struct pane *again = pane_store_renew(&ps, fresh);
	cr_assert_neq(again, fresh);
	cr_assert_eq(pane_store_renew(&ps, again), again, "no spare is left");
	cr_assert_not(pane_store_has_spare(&ps));
	pane_store_fini(&ps);
}

Test(pane, one_that_could_wrap_its_counters_is_handed_over) {
	struct pane_store ps;
	struct pane_config c = config(2, 2, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	struct pane *a = pane_store_open(&ps, 0);
	a->packets = FLOW_TABLE_PACKETS_MAX - 10;
	pane_store_advance(&ps, INT64_MIN);
	cr_assert_eq(pane_store_take(&ps), a);
	pane_store_fini(&ps);
}

Test(pane, sizes_follow_the_number_of_flows) {
	struct pane_store ps;
	struct pane_config c = config(1, 2, false);
	c.rows = 100000;
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	struct pane *p = pane_store_open(&ps, 0);
	cr_assert_eq(p->table.limit, FLOW_TABLE_ROWS_MIN);
	p->table.flows = p->table.limit;
	p = pane_store_renew(&ps, p);
	cr_assert_eq(p->table.limit, 16 * FLOW_TABLE_ROWS_MIN);
	for (int i = 1; i < 10; i++) {
		pane_store_return(&ps, pane_store_take(&ps));
		p = pane_store_open(&ps, i * 1000000ll);
	}
	cr_assert_eq(p->table.limit, FLOW_TABLE_ROWS_MIN, "few flows: smaller by and by");
	pane_store_fini(&ps);
}

static struct pane_config config_rules(uint32_t active, uint32_t spares, bool patient) {
	struct pane_config c = config(active, spares, patient);
	c.rules = (struct rule_rows_config){.rows = 64, .fields = FIELD_BIT(FIELD_RULE)};
	hash_seed_fixed(&c.rules.seed, 1);
	return c;
}

// One event of each of `n` rules.
static void match(struct pane *p, uint32_t n) {
	struct packet frame = {.time_us = p->start_us, .ip_len = 40, .wire_len = 60};
	struct flow_key key = {.flags = KEY_V4};
	for (uint32_t sid = 1; sid <= n; sid++)
		rule_rows_count(p->rules, &key, &(struct rule_info){.gid = 1, .sid = sid}, &frame);
}

Test(pane, rows_of_events_are_there_where_somebody_asks_and_come_back_empty) {
	struct pane_store ps;
	struct pane_config c = config(1, 1, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	cr_expect_null(pane_store_open(&ps, 0)->rules);
	pane_store_fini(&ps);
	c = config_rules(1, 1, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	for (int i = 0; i < 100; i++) {
		struct pane *p = pane_store_open(&ps, i * 1000000ll);
		cr_assert_not_null(p->rules);
		cr_assert_not(rule_rows_any(p->rules));
		match(p, 70);
		cr_assert_eq(p->rules->rest.packets, 6);
		struct pane *done = pane_store_take(&ps);
		if (done != NULL)
			pane_store_return(&ps, done);
	}
	pane_store_fini(&ps);
}

Test(pane, crowded_rows_of_events_are_handed_over_early) {
	struct pane_store ps;
	struct pane_config c = config_rules(2, 1, false);
	cr_assert_eq(pane_store_init(&ps, &c), 0);
	struct pane *a = pane_store_open(&ps, 0);
	match(a, 32);
	pane_store_advance(&ps, INT64_MIN);
	cr_assert_null(pane_store_take(&ps));
	match(a, 33);
	pane_store_advance(&ps, INT64_MIN);
	cr_assert_eq(pane_store_take(&ps), a);
	cr_assert_eq(a->rules->sums.n, 33);
	struct pane *b = pane_store_open(&ps, 0);
	cr_assert(b != NULL && b != a && b->start_us == 0);
	pane_store_fini(&ps);
}

Test(pane, live_input_keeps_crowded_rows_of_events_where_no_other_pane_is_left) {
	for (int patient = 0; patient < 2; patient++) {
		struct pane_store ps;
		struct pane_config c = config_rules(2, 0, patient);
		cr_assert_eq(pane_store_init(&ps, &c), 0);
		struct pane *a = pane_store_open(&ps, 0);
		cr_assert_not_null(pane_store_open(&ps, 1000000));
		match(a, 64);
		pane_store_advance(&ps, INT64_MIN);
		cr_expect_eq(pane_store_take(&ps), patient ? a : NULL, "patient: %d", patient);
		pane_store_fini(&ps);
	}
}
