// What sessions and flows have in common: batches, and a bound on memory.

#include "window_rig.h"

static struct window_config session(uint64_t memory) {
	return (struct window_config){
		.kind = WINDOW_SESSION,
		.size_us = 10 * SECOND,
		.pane_us = SECOND,
		.fields = FIELD_BIT(FIELD_SRC_PORT),
		.memory = memory,
	};
}

Test(window_carry, more_than_a_batch_comes_out_in_several) {
	struct window_rig rig;
	rig_open(&rig, session(1 << 20));
	bool seen[1001] = {false};
	for (uint16_t i = 1; i <= 1000; i++)
		rig_packet(&rig, i, i, 0);
	const struct window_out *out;
	uint32_t batches = 0;
	for (; (out = window_set_close(rig.set, INT64_MAX)) != NULL; batches++) {
		for (uint32_t i = 0; i < out->n; i++) {
			cr_expect_eq(out->sum[i].packets, 1);
			cr_expect_not(seen[out->sum[i].key.src_port]);
			seen[out->sum[i].key.src_port] = true;
		}
	}
	cr_expect_gt(batches, 1);
	for (uint32_t i = 1; i <= 1000; i++)
		cr_expect(seen[i], "%u", i);
	rig_close(&rig);
}

Test(window_carry, what_memory_cannot_hold_open_ends_with_the_oldest_first) {
	struct window_rig rig;
	// Room for 64.
	rig_open(&rig, session(64 * 256));
	for (uint16_t i = 1; i <= 100; i++)
		rig_packet(&rig, i, i * 10 * MS, 0);
	// The first one is not the oldest any more.
	rig_packet(&rig, 1, 1500 * MS, 0);
	for (uint16_t i = 101; i <= 120; i++)
		rig_packet(&rig, i, 2 * SECOND + i, 0);
	const struct flow_sum *s = rig_ended(&rig, 3 * SECOND, 120 + 1 - 64);
	for (uint32_t i = 0; i < 57; i++) {
		cr_expect_eq(s[i].reason, FLOW_END_RESOURCES);
		cr_expect_leq(s[i].last_us, SECOND);
	}
	cr_expect_eq(window_set_evicted(rig.set), 57);
	cr_expect_eq(window_set_open(rig.set), 64);
	s = rig_ended(&rig, INT64_MAX, 64);
	uint64_t packets = 0;
	for (uint32_t i = 0; i < 64; i++)
		packets += s[i].packets;
	cr_expect_eq(packets, 64, "none is lost, none is counted twice");
	rig_close(&rig);
}

Test(window_carry, where_what_is_open_is_kept_new_ones_are_the_rest) {
	struct window_rig rig;
	struct window_config conf = session(64 * 256);
	conf.keep_open = true;
	rig_open(&rig, conf);
	for (uint16_t i = 1; i <= 100; i++)
		rig_packet(&rig, i, i * MS, 0);
	// One that is open goes on, one that is not is the rest again.
	rig_packet(&rig, 2, SECOND, 0);
	rig_packet(&rig, 100, SECOND, 0);
	const struct flow_sum *s = rig_ended(&rig, 3 * SECOND, 1);
	cr_expect_eq(s[0].reason, FLOW_END_RESOURCES, "one made room for the rest");
	cr_expect_eq(s[0].key.src_port, 1);
	cr_expect_eq(window_set_evicted(rig.set), 1);
	s = rig_ended(&rig, INT64_MAX, 64);
	uint64_t packets = 0, rest = 0;
	for (uint32_t i = 0; i < 64; i++) {
		packets += s[i].packets;
		cr_expect_eq(s[i].distinct_is, DISTINCT_NONE, "nobody asked");
		if (s[i].key.flags & KEY_REST)
			rest += s[i].packets;
		else
			cr_expect_eq(s[i].packets, s[i].key.src_port == 2 ? 2 : 1);
	}
	cr_expect_eq(packets, 101);
	cr_expect_eq(rest, 101 - 64);
	rig_close(&rig);
}

Test(window_carry, without_any_room_each_is_given_out_at_once) {
	struct window_rig rig;
	rig_open(&rig, session(1));
	rig_packet(&rig, 1, 0, 0);
	rig_packet(&rig, 1, SECOND, 0);
	const struct flow_sum *s = rig_ended(&rig, 2 * SECOND, 2);
	cr_expect_eq(s[0].reason, FLOW_END_RESOURCES);
	cr_expect_eq(window_set_evicted(rig.set), 2);
	rig_close(&rig);
}

Test(window_carry, a_slice_that_memory_made_early_is_not_lost) {
	struct window_rig rig;
	rig_open(&rig, session(1 << 20));
	rig_packet(&rig, 1, 100 * SECOND, 0);
	cr_expect_eq(window_set_oldest(rig.set), 101 * SECOND);
	rig_ended(&rig, 101 * SECOND, 0);
	rig_packet(&rig, 1, 50 * SECOND, 0);
	const struct flow_sum *s = rig_ended(&rig, INT64_MAX, 2);
	cr_expect_eq(s[0].packets + s[1].packets, 2);
	rig_close(&rig);
}

Test(window_carry, a_rest_of_matches_alone_is_a_session_or_flow_of_the_rest) {
	for (uint32_t flows = 0; flows < 2; flows++) {
		struct window_rig rig;
		struct window_config conf = session(1 << 20);
		if (flows) {
			conf.kind = WINDOW_FLOW;
			conf.step_us = 10 * SECOND;
		}
		rig_open(&rig, conf);
		rig_packet(&rig, 1, 0, 0);
		rig_rest_match(&rig, 1500 * MS);
		rig_rest_match(&rig, 1200 * MS);
		rig_rest_match(&rig, 4 * SECOND);
		const struct flow_sum *s = rig_ended(&rig, INT64_MAX, 2);
		rig_expect_matches(&s[1], 3, 1200 * MS, 4 * SECOND);
		rig_close(&rig);
	}
}
