// Tumbling windows as Flink documents them: [start, end), aligned to 1970, each packet in one.

#include "window_rig.h"

Test(window_tumbling, assignment_is_flinks) {
	// What TumblingEventTimeWindows.of(size) gives, by its documentation and by
	// timestamp - (timestamp % size) for times before 1970 as well.
	static const struct {
		int64_t size, time, start;
	} table[] = {
		{5 * SECOND, 0, 0},
		{5 * SECOND, 4999999, 0},
		{5 * SECOND, 5 * SECOND, 5 * SECOND},
		{5 * SECOND, 9999999, 5 * SECOND},
		{5 * SECOND, -1, -5 * SECOND},
		{5 * SECOND, -5 * SECOND, -5 * SECOND},
		{5 * SECOND, -5 * SECOND - 1, -10 * SECOND},
		// One hour: 1:00:00.000 - 1:59:59.999.
		{3600 * SECOND, 7199999999, 3600 * SECOND},
		{3600 * SECOND, 7200 * SECOND, 7200 * SECOND},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct window_rig rig;
		int64_t size = table[i].size, end = table[i].start + size;
		rig_open(&rig, (struct window_config){.size_us = size, .pane_us = size});
		rig_packet(&rig, 1, table[i].time, 0);
		cr_expect_null(window_set_close(rig.set, end - 1), "case %zu", i);
		rig_expect(&rig, end, table[i].start, end, 1);
		cr_expect_null(window_set_close(rig.set, INT64_MAX), "case %zu", i);
		rig_close(&rig);
	}
}

Test(window_tumbling, time_that_jumps_by_years_costs_nothing) {
	struct window_rig rig;
	rig_open(&rig, (struct window_config){.size_us = SECOND, .pane_us = SECOND});
	rig_packet(&rig, 1, 0, 0);
	rig_packet(&rig, 1, INT64_C(1) << 60, 0);
	rig_expect(&rig, INT64_MAX, 0, SECOND, 1);
	cr_expect_not_null(window_set_close(rig.set, INT64_MAX));
	cr_expect_null(window_set_close(rig.set, INT64_MAX));
	rig_close(&rig);
}

Test(window_tumbling, a_rest_of_matches_alone_is_given_out) {
	struct window_rig rig;
	rig_open(&rig, (struct window_config){.size_us = SECOND, .pane_us = 100 * MS});
	rig_packet(&rig, 1, 350 * MS, 0);
	rig_rest_match(&rig, 510 * MS);
	rig_rest_match(&rig, 520 * MS);
	rig_rest_match(&rig, 120 * MS);
	// A window of nothing else.
	rig_rest_match(&rig, 2100 * MS);
	const struct window_out *out = window_set_close(rig.set, SECOND);
	cr_assert_not_null(out);
	cr_expect_eq(out->n, 1);
	rig_expect_matches(out->rest, 3, 120 * MS, 520 * MS);
	out = window_set_close(rig.set, INT64_MAX);
	cr_assert_not_null(out);
	cr_expect_eq(out->start_us, 2 * SECOND);
	rig_expect_matches(out->rest, 1, 2100 * MS, 2100 * MS);
	cr_expect_null(window_set_close(rig.set, INT64_MAX));
	rig_close(&rig);
}

Test(window_tumbling, packets_that_come_behind_matches_leave_their_times) {
	struct window_rig rig;
	rig_open(&rig, (struct window_config){.size_us = SECOND, .pane_us = 100 * MS});
	rig_rest_match(&rig, 120 * MS);
	rig_rest_match(&rig, 820 * MS);
	rig_packet(&rig, 0, 350 * MS, 0);
	const struct window_out *out = window_set_close(rig.set, SECOND);
	cr_assert_not_null(out);
	cr_assert_not_null(out->rest);
	cr_expect_eq(out->rest->packets, 1);
	cr_expect_eq(out->rest->matches, 2);
	cr_expect_eq(out->rest->first_us, 120 * MS);
	cr_expect_eq(out->rest->last_us, 820 * MS);
	rig_close(&rig);
}
