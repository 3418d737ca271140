// Sliding windows as Flink documents them: every aligned one that holds a packet, in order of time.

#include "flow/window_kind.h"
#include "window_rig.h"

static struct window_config sliding(int64_t size_us, int64_t step_us) {
	return (struct window_config){
		.kind = WINDOW_SLIDING,
		.size_us = size_us,
		.step_us = step_us,
		.pane_us = step_us,
		.fields = FIELD_BIT(FIELD_SRC_PORT),
	};
}

Test(window_sliding, assignment_is_flinks) {
	// SlidingEventTimeWindows.of(size, slide): all of them that hold one packet, the first and last.
	static const struct {
		int64_t size, step, time, first, last;
	} table[] = {
		// "windows of size 10 minutes that slides by 5 minutes".
		{600 * SECOND, 300 * SECOND, 0, -300 * SECOND, 0},
		{600 * SECOND, 300 * SECOND, 299999999, -300 * SECOND, 0},
		{600 * SECOND, 300 * SECOND, 300 * SECOND, 0, 300 * SECOND},
		{10 * SECOND, SECOND, 12500000, 3 * SECOND, 12 * SECOND},
		{10 * SECOND, SECOND, 12 * SECOND, 3 * SECOND, 12 * SECOND},
		{10 * SECOND, SECOND, 11999999, 2 * SECOND, 11 * SECOND},
		{10 * SECOND, SECOND, -1, -10 * SECOND, -SECOND},
		// It slides by all it is: tumbling.
		{5 * SECOND, 5 * SECOND, 7 * SECOND, 5 * SECOND, 5 * SECOND},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct window_rig rig;
		int64_t size = table[i].size, step = table[i].step;
		rig_open(&rig, sliding(size, step));
		rig_packet(&rig, 1, table[i].time, 0);
		for (int64_t start = table[i].first; start <= table[i].last; start += step) {
			cr_expect_null(window_set_close(rig.set, start + size - 1));
			rig_expect(&rig, start + size, start, start + size, 1);
		}
		cr_expect_null(window_set_close(rig.set, INT64_MAX), "case %zu", i);
		cr_expect_eq(window_set_open(rig.set), 0, "case %zu", i);
		rig_close(&rig);
	}
}

Test(window_sliding, slices_are_added_up_by_key_in_each_window) {
	struct window_rig rig;
	rig_open(&rig, sliding(3 * SECOND, SECOND));
	rig_packet(&rig, 1, 0, 1);
	rig_packet(&rig, 2, 0, 0);
	rig_packet(&rig, 1, 1 * SECOND, 2);
	rig_packet(&rig, 1, 2 * SECOND + 5, 4);
	rig_packet(&rig, 0, 2 * SECOND, 0);
	rig_expect(&rig, INT64_MAX, -2 * SECOND, SECOND, 2);
	rig_expect(&rig, INT64_MAX, -1 * SECOND, 2 * SECOND, 3);
	const struct window_out *out = window_set_close(rig.set, INT64_MAX);
	cr_assert_eq(out->n, 2);
	const struct flow_sum *sum = &out->sum[out->sum[0].key.src_port != 1];
	cr_expect_eq(sum->packets, 3);
	cr_expect_eq(sum->bytes, 300);
	cr_expect_eq(sum->frame_bytes, 342);
	cr_expect_eq(sum->first_us, 0);
	cr_expect_eq(sum->last_us, 2 * SECOND + 5);
	cr_expect_eq(sum->tcp_flags, 7);
	cr_assert_not_null(out->rest);
	cr_expect_eq(out->rest->packets, 1);
	rig_expect(&rig, INT64_MAX, SECOND, 4 * SECOND, 3);
	rig_expect(&rig, INT64_MAX, 2 * SECOND, 5 * SECOND, 2);
	cr_expect_null(window_set_close(rig.set, INT64_MAX));
	rig_close(&rig);
}

Test(window_sliding, what_comes_between_two_closings_is_in_all_windows_that_are_left) {
	struct window_rig rig;
	rig_open(&rig, sliding(2 * SECOND, SECOND));
	rig_packet(&rig, 1, 5 * SECOND, 0);
	rig_expect(&rig, 6 * SECOND, 4 * SECOND, 6 * SECOND, 1);
	rig_packet(&rig, 1, 6 * SECOND, 0);
	rig_expect(&rig, 7 * SECOND, 5 * SECOND, 7 * SECOND, 2);
	rig_expect(&rig, 8 * SECOND, 6 * SECOND, 8 * SECOND, 1);
	rig_packet(&rig, 1, 20 * SECOND, 0);
	rig_expect(&rig, INT64_MAX, 19 * SECOND, 21 * SECOND, 1);
	rig_expect(&rig, INT64_MAX, 20 * SECOND, 22 * SECOND, 1);
	cr_expect_null(window_set_close(rig.set, INT64_MAX));
	rig_close(&rig);
}

Test(window_sliding, time_that_jumps_by_years_gives_no_windows_of_its_own) {
	struct window_rig rig;
	int64_t later = (INT64_C(1) << 60) / SECOND * SECOND;
	rig_open(&rig, sliding(2 * SECOND, SECOND));
	rig_packet(&rig, 1, 0, 0);
	rig_packet(&rig, 1, later, 0);
	rig_expect(&rig, INT64_MAX, -SECOND, SECOND, 1);
	rig_expect(&rig, INT64_MAX, 0, 2 * SECOND, 1);
	rig_expect(&rig, INT64_MAX, later - SECOND, later + SECOND, 1);
	rig_expect(&rig, INT64_MAX, later, later + 2 * SECOND, 1);
	cr_expect_null(window_set_close(rig.set, INT64_MAX));
	rig_close(&rig);
}

Test(window_sliding, the_horizon_of_the_oldest_frees_it) {
	struct window_rig rig;
	rig_open(&rig, sliding(10 * SECOND, SECOND));
	cr_expect_eq(window_set_oldest(rig.set), INT64_MAX);
	rig_packet(&rig, 1, 3 * SECOND, 0);
	rig_packet(&rig, 1, 5 * SECOND, 0);
	int64_t oldest = window_set_oldest(rig.set);
	cr_expect_eq(oldest, 13 * SECOND);
	uint32_t windows = 0;
	while (window_set_close(rig.set, oldest) != NULL)
		windows++;
	cr_expect_eq(windows, 10);
	cr_expect_eq(window_set_oldest(rig.set), 15 * SECOND);
	rig_expect(&rig, 14 * SECOND, 4 * SECOND, 14 * SECOND, 1);
	rig_close(&rig);
}

// As where memory made them leave.
Test(window_sliding, what_comes_when_all_its_windows_were_given_out_is_a_row_of_the_last_one) {
	for (uint32_t top = 0; top < 2; top++) {
		struct window_rig rig;
		struct window_config conf = sliding(3 * SECOND, SECOND);
		conf.ranking = (struct ranking_config){.top = top};
		rig_open(&rig, conf);
		rig_packet(&rig, 1, 3 * SECOND, 0);
		for (int64_t end_us = 4 * SECOND; end_us <= 6 * SECOND; end_us += SECOND)
			rig_expect(&rig, 6 * SECOND, end_us - 3 * SECOND, end_us, 1);
		rig_packet(&rig, 1, 3 * SECOND, 0);
		rig_packet(&rig, 2, 3 * SECOND, 0);
		rig_packet(&rig, 0, 3 * SECOND, 0);
		rig_packet(&rig, 1, 4 * SECOND, 0);
		rig_expect(&rig, INT64_MIN, 3 * SECOND, 6 * SECOND, 3);
		const struct window_out *out = &rig.set->out;
		cr_expect(out->behind);
		cr_expect_eq(out->n, 0);
		cr_expect_eq(out->rest->key.flags, KEY_REST);
		cr_expect_null(window_set_close(rig.set, 6 * SECOND));
		// Others of its windows are to come.
		rig_expect(&rig, INT64_MAX, 4 * SECOND, 7 * SECOND, 1);
		cr_expect_not(out->behind);
		cr_expect_null(window_set_close(rig.set, INT64_MAX));
		rig_close(&rig);
	}
}

Test(window_sliding, a_rest_of_matches_alone_is_in_each_window_that_holds_it) {
	struct window_rig rig;
	rig_open(&rig, sliding(2 * SECOND, SECOND));
	rig_packet(&rig, 1, 5 * SECOND, 0);
	const int64_t early = 5 * SECOND + 7, late = 6 * SECOND + 9;
	rig_rest_match(&rig, late);
	rig_rest_match(&rig, early);
	const struct {
		int64_t end, first, last;
		uint64_t matches;
	} want[] = {{6, early, early, 1}, {7, early, late, 2}, {8, late, late, 1}};
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct window_out *out = window_set_close(rig.set, INT64_MAX);
		cr_assert_not_null(out);
		cr_expect_eq(out->end_us, want[i].end * SECOND);
		rig_expect_matches(out->rest, want[i].matches, want[i].first, want[i].last);
	}
	cr_expect_null(window_set_close(rig.set, INT64_MAX));
	rig_close(&rig);
}

Test(window_sliding, matches_that_come_behind_all_their_windows_are_told_with_the_last) {
	struct window_rig rig;
	rig_open(&rig, sliding(2 * SECOND, SECOND));
	rig_packet(&rig, 1, 5 * SECOND, 0);
	rig_expect(&rig, 7 * SECOND, 4 * SECOND, 6 * SECOND, 1);
	rig_expect(&rig, 7 * SECOND, 5 * SECOND, 7 * SECOND, 1);
	rig_rest_match(&rig, 5 * SECOND + 7);
	const struct window_out *out = window_set_close(rig.set, INT64_MAX);
	cr_assert_not_null(out);
	cr_expect(out->behind);
	cr_expect_eq(out->end_us, 7 * SECOND);
	rig_expect_matches(out->rest, 1, 5 * SECOND + 7, 5 * SECOND + 7);
	rig_close(&rig);
}
