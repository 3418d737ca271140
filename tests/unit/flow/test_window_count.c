// Windows of so many packets as the exporter takes them: from all workers, whatever the horizon, and not so
// many at a time that others starve.

#include "base/field.h"
#include "flow/count_table.h"
#include "flow/window.h"

#include <criterion/criterion.h>

static struct count_table tables[2];
static struct budget budget = {.max = 1 << 20};
static struct window_set *set;
static int64_t live_start_us = INT64_MIN;

static void open_set(void) {
	struct count_table *both[] = {&tables[0], &tables[1]};
	struct count_config cc = {
		.fields = FIELD_BIT(FIELD_DEST_PORT), .packets = 2, .rows = 4, .mem = mem_pages()};
	for (int i = 0; i < 2; i++)
		cr_assert_eq(count_table_init(&tables[i], &cc), 0);
	struct window_config c = {
		.fields = cc.fields,
		.kind = WINDOW_COUNT,
		.pane_us = 1000,
		.budget = &budget,
		.live_start_us = live_start_us,
		.counts = both,
		.n_counts = 2};
	set = window_set_new(&c);
	cr_assert_not_null(set);
}

static void close_set(void) {
	window_set_free(set);
	for (int i = 0; i < 2; i++)
		count_table_fini(&tables[i]);
}

static void add(int worker, uint16_t port, int64_t time_us) {
	struct flow_key key = {.dst_port = port};
	struct packet p = {.time_us = time_us};
	count_table_key(&tables[worker], &key);
	count_table_add(&tables[worker], &key, &p);
}

Test(window_count, they_come_from_all_workers_at_once, .init = open_set, .fini = close_set) {
	add(0, 80, 100);
	add(1, 53, 200);
	cr_expect_null(window_set_close(set, INT64_MAX - 1));
	add(0, 80, 101);
	add(1, 53, 201);
	const struct window_out *out = window_set_close(set, INT64_MIN);
	cr_assert_not_null(out);
	cr_assert_eq(out->n, 2);
	cr_expect_eq(out->tail_us, 1);
	cr_expect_null(out->rest);
	cr_expect_eq(out->sum[0].key.dst_port, 80);
	cr_expect_eq(out->sum[1].key.dst_port, 53);
	cr_expect_null(window_set_close(set, INT64_MIN));
	cr_expect_eq(window_set_oldest(set), INT64_MAX);
}

Test(window_count, panes_mean_nothing_to_them, .init = open_set, .fini = close_set) {
	struct pane pane = {.end_us = 1000, .packets = 1};
	pane.rest.packets = 1;
	cr_expect_eq(window_set_add(set, &pane), 0);
	cr_expect_null(window_set_close(set, INT64_MAX));
	cr_expect_eq(budget.used, 0);
}

Test(window_count, others_have_their_turn_but_at_the_end, .init = open_set, .fini = close_set) {
	const struct window_out *out;
	uint32_t n = 0;
	for (int i = 0; i < 2 * 8000; i++)
		add(0, 80, i);
	while ((out = window_set_close(set, 0)) != NULL)
		n += out->n;
	cr_expect_gt(n, 0);
	cr_expect_lt(n, 8000);
	while ((out = window_set_close(set, INT64_MAX)) != NULL)
		n += out->n;
	cr_expect_eq(n, 8000);
}

Test(window_count, those_that_made_room_are_counted, .init = open_set, .fini = close_set) {
	for (uint16_t i = 0; i < 7; i++)
		add(0, i, i);
	const struct window_out *out = window_set_close(set, 0);
	cr_assert_not_null(out);
	cr_expect_eq(out->n, 3);
	cr_expect_eq(window_set_evicted(set), 3);
}

Test(window_count, is_due_with_its_last_packet_unless_it_is_a_part, .init = open_set,
     .fini = close_set) {
	struct flow_sum sum = {.packets = 2, .first_us = 5, .last_us = 9};
	cr_expect_eq(window_set_due(set, &sum), 9);
	sum.partial = true;
	cr_expect_eq(window_set_due(set, &sum), INT64_MAX);
}

Test(window_count, none_is_taken_behind_a_mark_until_all_are_reached, .init = open_set,
     .fini = close_set) {
	const struct window_out *out;
	add(0, 80, 1);
	add(0, 80, 2);
	cr_expect_not(window_set_marked(set));
	count_table_mark(&tables[0]);
	add(0, 80, 3);
	add(0, 80, 4);
	cr_expect_not(window_set_marked(set), "there is something ahead of it");
	cr_assert_not_null(out = window_set_close(set, INT64_MAX));
	cr_assert_eq(out->n, 1);
	cr_expect_eq(out->sum[0].last_us, 2);
	cr_expect_null(window_set_close(set, INT64_MAX));
	cr_expect_not(window_set_marked(set), "the other has none");
	add(1, 53, 5);
	add(1, 53, 6);
	count_table_mark(&tables[1]);
	cr_assert_not_null(out = window_set_close(set, 0));
	cr_expect_eq(out->sum[0].last_us, 6);
	cr_expect_null(window_set_close(set, 0));
	cr_expect(window_set_marked(set));
	window_set_pass(set);
	cr_expect_not(window_set_marked(set));
	cr_assert_not_null(out = window_set_close(set, 0));
	cr_expect_eq(out->sum[0].last_us, 4);
}

Test(window_count, what_may_lack_packets_between_two_runs_is_partial) {
	const struct window_out *out;
	live_start_us = 1000;
	open_set();
	// A clock that was set: nothing was there before.
	add(0, 1, 900);
	add(0, 1, 1100);
	cr_assert_not_null(out = window_set_close(set, 0));
	cr_expect_not(out->sum[0].partial);
	window_set_gap(set, 100, 500);
	const int64_t times[][2] = {{400, 1000}, {400, 450}, {1000, 1100}, {300, 2000}};
	const bool partial[] = {true, false, false, true};
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 2; k++)
			add(1, 80, times[i][k]);
	cr_assert_not_null(out = window_set_close(set, 0));
	cr_assert_eq(out->n, 4);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(out->sum[i].partial, partial[i], "%d", i);
	close_set();
}
