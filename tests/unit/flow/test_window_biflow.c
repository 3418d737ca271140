// Windows, sessions and flows of both directions.

#include "packet/tcp_flags.h"
#include "window_rig.h"

#define CONNECTION                                                                      \
	(FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP) | FIELD_BIT(FIELD_SRC_PORT) \
	 | FIELD_BIT(FIELD_DEST_PORT))

static void open_biflow(struct window_rig *rig, struct window_config conf) {
	conf.biflow = true;
	conf.fields = CONNECTION;
	rig_open(rig, conf);
}

// A packet from the client, the lower end, or back to it; `client` tells connections apart.
static void
send(struct window_rig *rig, uint16_t client, bool back, int64_t time_us, uint8_t tcp_flags) {
	struct flow_key k = {
		.flags = KEY_V4,
		.src4 = {10, 0, 0, back ? 2 : 1},
		.dst4 = {10, 0, 0, back ? 1 : 2},
		.src_port = back ? 80 : client,
		.dst_port = back ? client : 80,
	};
	rig_packet_of(rig, &k, time_us, tcp_flags);
}

static bool from_client(const struct flow_sum *sum) {
	return sum->key.dst_port == 80;
}

Test(window_biflow, a_window_of_many_comes_in_parts_with_its_rest_in_the_last) {
	struct window_rig rig;
	open_biflow(&rig, (struct window_config){.size_us = SECOND, .pane_us = SECOND});
	for (uint16_t i = 1; i <= 600; i++) {
		send(&rig, i, false, 10 + i, TCP_SYN);
		send(&rig, i, true, i, TCP_ACK);
	}
	rig_packet(&rig, 0, 500, 0);
	const struct window_out *out;
	uint32_t parts = 0, records = 0;
	while ((out = window_set_close(rig.set, SECOND)) != NULL) {
		cr_expect_eq(out->again, parts > 0);
		cr_expect_eq(out->start_us, 0);
		cr_expect_eq(out->end_us, SECOND);
		cr_expect_eq(out->rest != NULL, !out->more);
		for (uint32_t i = 0; i < out->n; i++) {
			cr_expect(from_client(&out->sum[i]));
			cr_expect_eq(out->sum[i].packets, 1);
			cr_expect_eq(out->back[i].packets, 1);
		}
		parts++;
		records += out->n;
		if (!out->more)
			break;
	}
	cr_expect_eq(parts, 3);
	cr_expect_eq(records, 600);
	cr_expect_null(window_set_close(rig.set, SECOND));
	rig_close(&rig);
}

Test(window_biflow, a_sliding_window_forgets_who_opened) {
	struct window_rig rig;
	open_biflow(
		&rig,
		(struct window_config){
			.kind = WINDOW_SLIDING,
			.size_us = 2 * SECOND,
			.step_us = SECOND,
			.pane_us = SECOND,
		}
	);
	send(&rig, 1, true, 1, TCP_ACK);
	send(&rig, 1, false, 2, TCP_SYN);
	send(&rig, 1, true, SECOND + 1, TCP_ACK);
	send(&rig, 1, false, SECOND + 2, TCP_ACK);
	static const bool client[] = {true, true, false};
	for (uint32_t i = 0; i < 3; i++) {
		const struct window_out *out = window_set_close(rig.set, INT64_MAX);
		cr_assert_not_null(out);
		cr_assert_eq(out->n, 1);
		cr_expect_eq(from_client(&out->sum[0]), client[i], "window %u", i);
		cr_expect_eq(out->sum[0].packets, i == 1 ? 2 : 1);
		cr_expect_eq(out->back[0].packets, i == 1 ? 2 : 1);
	}
	cr_expect_null(window_set_close(rig.set, INT64_MAX));
	rig_close(&rig);
}

Test(window_biflow, either_direction_keeps_a_session_open) {
	struct window_rig rig;
	open_biflow(
		&rig,
		(struct window_config
		){.kind = WINDOW_SESSION, .size_us = 2 * SECOND, .pane_us = SECOND}
	);
	send(&rig, 1, false, 0, TCP_ACK);
	// More than a gap behind, but for what comes of the server in the same pane.
	send(&rig, 1, false, 2 * SECOND + 900 * MS, TCP_ACK);
	send(&rig, 1, true, 2 * SECOND, TCP_ACK);
	send(&rig, 1, true, 4 * SECOND, TCP_ACK);
	send(&rig, 1, true, 6 * SECOND + 1, TCP_ACK);
	const struct window_out *out = window_set_close(rig.set, INT64_MAX);
	cr_assert_not_null(out);
	cr_assert_eq(out->n, 2);
	cr_expect_eq(out->sum[0].packets, 2);
	cr_expect_eq(out->back[0].packets, 2);
	cr_expect_eq(out->sum[0].last_us, 4 * SECOND);
	cr_expect_eq(out->sum[0].reason, FLOW_END_IDLE);
	cr_expect(from_client(&out->sum[0]));
	cr_expect_not(from_client(&out->sum[1]));
	cr_expect_eq(out->back[1].packets, 0);
	rig_close(&rig);
}

Test(window_biflow, the_second_fin_or_a_reset_ends_a_flow) {
	static const struct {
		struct {
			bool back;
			uint8_t flags;
		} packets[2]; // in seconds 0 and 1; another follows in second 2
		uint32_t flows;
	} table[] = {
		{{{false, TCP_FIN}, {true, TCP_ACK}}, 1}, {{{false, TCP_FIN}, {true, TCP_FIN}}, 2},
		{{{true, TCP_FIN}, {false, TCP_FIN}}, 2}, {{{true, TCP_FIN}, {true, TCP_FIN}}, 1},
		{{{false, TCP_ACK}, {true, TCP_RST}}, 2}, {{{false, TCP_ACK}, {false, TCP_RST}}, 2},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct window_rig rig;
		open_biflow(
			&rig,
			(struct window_config){
				.kind = WINDOW_FLOW,
				.size_us = 60 * SECOND,
				.step_us = 10 * SECOND,
				.pane_us = SECOND,
			}
		);
		for (uint32_t k = 0; k < 2; k++)
			send(&rig, 1, table[i].packets[k].back, k * SECOND + 500 * MS,
			     table[i].packets[k].flags);
		send(&rig, 1, true, 2 * SECOND, TCP_ACK);
		const struct flow_sum *sum = rig_ended(&rig, INT64_MAX, table[i].flows);
		cr_expect_eq(
			sum[0].reason, table[i].flows > 1 ? FLOW_END_END : FLOW_END_IDLE,
			"case %zu", i
		);
		cr_expect_eq(sum[0].first_us, 500 * MS);
		rig_close(&rig);
	}
}

Test(window_biflow, what_makes_room_goes_with_both_directions) {
	struct window_rig rig;
	open_biflow(
		&rig,
		(struct window_config){
			.kind = WINDOW_SESSION,
			.size_us = 10 * SECOND,
			.pane_us = SECOND,
			.memory = 64 * 256, // room for 64
		}
	);
	uint64_t packets = 0, back = 0;
	for (uint16_t i = 1; i <= 40; i++) {
		send(&rig, i, false, i * 10 * MS, TCP_ACK);
		send(&rig, i, true, i * 10 * MS + 1, TCP_ACK);
	}
	const struct window_out *out;
	while ((out = window_set_close(rig.set, INT64_MAX)) != NULL) {
		for (uint32_t i = 0; i < out->n; i++) {
			packets += out->sum[i].packets;
			back += out->back[i].packets;
			cr_expect_eq(out->sum[i].packets, out->back[i].packets);
		}
	}
	cr_expect_eq(packets, 40);
	cr_expect_eq(back, 40);
	cr_expect_eq(window_set_evicted(rig.set), 8);
	rig_close(&rig);
}
