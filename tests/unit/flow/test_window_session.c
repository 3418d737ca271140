// Sessions as Flink documents them, but for the end: a gap must be strictly greater to begin a new one.

#include "window_rig.h"

static struct window_config session(int64_t gap_us) {
	return (struct window_config){
		.kind = WINDOW_SESSION,
		.size_us = gap_us,
		.pane_us = gap_us < SECOND ? gap_us : SECOND,
		.fields = FIELD_BIT(FIELD_SRC_PORT),
	};
}

Test(window_session, a_gap_joins_and_a_microsecond_more_parts) {
	struct window_rig rig;
	rig_open(&rig, session(10 * SECOND));
	rig_packet(&rig, 1, 7, 0);
	rig_packet(&rig, 1, 10 * SECOND + 7, 0);
	rig_packet(&rig, 1, 20 * SECOND + 8, 0);
	const struct flow_sum *s = rig_ended(&rig, INT64_MAX, 2);
	cr_expect_eq(s[0].packets, 2);
	cr_expect_eq(s[0].first_us, 7);
	cr_expect_eq(s[0].last_us, 10 * SECOND + 7);
	cr_expect_eq(s[0].reason, FLOW_END_IDLE);
	cr_expect_not(s[0].partial);
	cr_expect_eq(s[1].packets, 1);
	cr_expect_eq(window_set_open(rig.set), 0);
	rig_close(&rig);
}

Test(window_session, keys_have_sessions_of_their_own) {
	struct window_rig rig;
	rig_open(&rig, session(2 * SECOND));
	for (int i = 0; i < 10; i++) {
		rig_packet(&rig, 1, i * SECOND, 0);
		rig_packet(&rig, 2, i * 3 * SECOND, 0);
	}
	uint32_t n = 0;
	const struct window_out *out;
	while ((out = window_set_close(rig.set, INT64_MAX)) != NULL) {
		cr_expect_eq(out->tail_us, 2 * SECOND);
		for (uint32_t i = 0; i < out->n; i++, n++)
			cr_expect_eq(out->sum[i].packets, out->sum[i].key.src_port == 1 ? 10 : 1);
	}
	cr_expect_eq(n, 11);
	rig_close(&rig);
}

Test(window_session, it_leaves_in_the_pane_behind_its_gap) {
	struct window_rig rig;
	rig_open(&rig, session(5 * SECOND));
	rig_packet(&rig, 1, 300 * MS, 0);
	for (int64_t s = 0; s <= 5; s++)
		rig_ended(&rig, s * SECOND, 0);
	rig_ended(&rig, 6 * SECOND, 1);
	// Had the packet been a microsecond earlier than that one, a second would be left to come.
	rig_packet(&rig, 1, 10 * SECOND, 0);
	rig_ended(&rig, 15 * SECOND, 0);
	rig_ended(&rig, 16 * SECOND, 1);
	rig_close(&rig);
}

Test(window_session, order_of_arrival_within_the_horizon_does_not_matter) {
	static const int64_t at[] = {9, 1, 5, 13, 3, 7, 11, 20, 18};
	struct window_rig rig;
	rig_open(&rig, session(2 * SECOND));
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		rig_packet(&rig, 1, at[i] * SECOND, 0);
	const struct flow_sum *s = rig_ended(&rig, INT64_MAX, 2);
	cr_expect_eq(s[0].first_us, 1 * SECOND);
	cr_expect_eq(s[0].last_us, 13 * SECOND);
	cr_expect_eq(s[0].packets, 7);
	cr_expect_eq(s[1].first_us, 18 * SECOND);
	cr_expect_eq(s[1].packets, 2);
	rig_close(&rig);
}

Test(window_session, what_found_no_row_has_sessions_too) {
	struct window_rig rig;
	rig_open(&rig, session(2 * SECOND));
	rig_packet(&rig, 0, 0, 0);
	rig_packet(&rig, 0, 2 * SECOND, 0);
	rig_packet(&rig, 0, 5 * SECOND, 0);
	const struct flow_sum *s = rig_ended(&rig, INT64_MAX, 2);
	cr_expect(s[0].key.flags & KEY_REST);
	cr_expect_eq(s[0].packets, 2);
	cr_expect_eq(s[1].packets, 1);
	rig_close(&rig);
}

Test(window_session, one_that_a_cut_finds_open_is_forced) {
	struct window_rig rig;
	rig_open(&rig, session(2 * SECOND));
	rig_packet(&rig, 1, 0, 0);
	rig_packet(&rig, 1, 5 * SECOND, 0);
	window_set_cut(rig.set);
	const struct flow_sum *s = rig_ended(&rig, INT64_MAX, 2);
	cr_expect_eq(s[0].reason, FLOW_END_IDLE);
	cr_expect_eq(s[1].reason, FLOW_END_FORCED);
	rig_close(&rig);
}

Test(window_session, one_that_may_have_begun_before_a_live_run_is_partial) {
	struct window_rig rig;
	struct window_config conf = session(2 * SECOND);
	conf.live_start_us = 10 * SECOND;
	rig_open(&rig, conf);
	rig_packet(&rig, 1, 12 * SECOND - 1, 0);
	rig_packet(&rig, 2, 12 * SECOND, 0);
	const struct flow_sum *s = rig_ended(&rig, INT64_MAX, 2);
	cr_expect_eq(s[0].partial, s[0].key.src_port == 1);
	cr_expect_eq(s[1].partial, s[1].key.src_port == 1);
	rig_close(&rig);
}
