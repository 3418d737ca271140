// The table: how many flows it has, who has to leave, and that memory and limits are kept.

#include "match/tcp/tcp_table.h"

#include "match/tcp/tcp_index.h"
#include "match/tcp/tcp_stats.h"
#include "tcp_rig.h"

#include <criterion/criterion.h>

#define SECOND 1000000

static uint32_t send_from(struct rig *r, uint16_t port, struct rig_step s) {
	r->key = tcp_key(0x01020304, port);
	return rig_send(r, &s);
}

static const struct tcp_stats *stats(const struct rig *r) {
	return tcp_table_stats(r->t);
}

Test(tcp_table, refuses_settings_out_of_range_and_says_which) {
	struct rig r;
	struct {
		const char *word;
		void *field;
		uint64_t value;
		size_t size;
	} bad[] = {
		{"flows_max", &r.conf.flows_max, 0, 4},
		{"hold_flow", &r.conf.hold_flow, 1023, 4},
		{"hold_flow", &r.conf.hold_flow, (16 << 20) + 1, 4},
		{"hold_memory", &r.conf.hold_memory, 1024, 8},
		{"hold_segments", &r.conf.hold_segments, 0, 4},
		{"patience", &r.conf.patience, 256, 4},
		{"timeouts", &r.conf.idle_us, (uint64_t)-1, 8},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = {0};
		rig_config(&r);
		memcpy(bad[i].field, &bad[i].value, bad[i].size); // little-endian
		cr_assert_null(tcp_table_new(&r.conf, &err));
		cr_assert(strstr(err.text, bad[i].word) != NULL, "%s", err.text);
	}
	tcp_table_free(NULL);
}

Test(tcp_table, names_every_counter) {
	for (int i = 0; i < TCP_FATES; i++)
		cr_assert_not_null(tcp_fate_name((enum tcp_fate)i));
	for (int i = 0; i < TCP_GAPS; i++)
		cr_assert_not_null(tcp_gap_name((enum tcp_gap)i));
	for (int i = 0; i < TCP_CLOSES; i++)
		cr_assert_not_null(tcp_close_name((enum tcp_close)i));
}

Test(tcp_table, keeps_settled_flows_under_a_flood_of_syns) {
	struct rig r;
	rig_config(&r);
	rig_open(&r);
	for (uint16_t port = 1; port <= 32; port++) {
		send_from(&r, port, (struct rig_step){'c', "S", 0});
		send_from(&r, port, (struct rig_step){'c', "A", 1, 1, "a"});
	}
	for (uint32_t port = 1000; port < 20000; port++) {
		uint32_t events = send_from(&r, (uint16_t)port, (struct rig_step){'c', "S", 0});
		cr_assert(events & TCP_OPENED);
		cr_assert_leq(tcp_table_usage(r.t).flows, 64);
	}
	cr_assert_eq(stats(&r)->closed[TCP_CLOSE_EVICTED_YOUNG], 19000 - 32);
	cr_assert_eq(r.closed[TCP_CLOSE_EVICTED_YOUNG], 19000 - 32, "the hook saw each");
	for (uint16_t port = 1; port <= 32; port++)
		cr_assert_not(
			send_from(&r, port, (struct rig_step){'c', "A", 2, 1, "b"}) & TCP_OPENED
		);
	rig_drain(&r);
	rig_free(&r);
}

Test(tcp_table, evicts_what_has_ended_then_what_is_young_then_what_is_silent) {
	struct rig r;
	rig_config(&r);
	r.conf.flows_max = 3;
	r.conf.evict_us = 5 * SECOND;
	rig_open(&r);
	send_from(&r, 1, (struct rig_step){'c', "S", 0});
	send_from(&r, 1, (struct rig_step){'c', "A", 1, 0, "settled"});
	send_from(&r, 1, (struct rig_step){'s', "A", 1});
	send_from(&r, 2, (struct rig_step){'c', "S", 0});
	send_from(&r, 3, (struct rig_step){'c', "S", 0});
	send_from(&r, 3, (struct rig_step){'c', "FA", 1, 0, "done"});
	send_from(&r, 4, (struct rig_step){'c', "S", 0});
	cr_assert_eq(r.closed[TCP_CLOSE_EVICTED_DONE], 1);
	send_from(&r, 5, (struct rig_step){'c', "S", 0});
	cr_assert_eq(r.closed[TCP_CLOSE_EVICTED_YOUNG], 1);
	send_from(&r, 4, (struct rig_step){'c', "A", 1, 0, "x"});
	send_from(&r, 4, (struct rig_step){'s', "A", 1});
	send_from(&r, 5, (struct rig_step){'c', "A", 1, 0, "x"});
	send_from(&r, 5, (struct rig_step){'s', "A", 1});
	uint32_t events = send_from(&r, 6, (struct rig_step){'c', "S", 0, 0, "data"});
	cr_assert(events & TCP_NOT_TAKEN && events & TCP_SCAN_ALONE);
	cr_assert_eq(stats(&r)->octets[TCP_NO_ROOM], 4);
	r.now_us += 4 * SECOND;
	send_from(&r, 1, (struct rig_step){'c', "A", 8, 0, "busy"});
	r.now_us += 2 * SECOND;
	cr_assert(send_from(&r, 6, (struct rig_step){'c', "S", 0}) & TCP_OPENED);
	cr_assert_eq(r.closed[TCP_CLOSE_EVICTED_IDLE], 1);
	cr_assert_not(
		send_from(&r, 1, (struct rig_step){'c', "A", 12, 0, "!"}) & TCP_OPENED,
		"the busy one stayed"
	);
	rig_drain(&r);
	rig_free(&r);
}

Test(tcp_table, a_flood_of_one_side_with_holes_does_not_keep_others_out) {
	struct rig r;
	rig_config(&r);
	r.conf.flows_max = 3;
	rig_open(&r);
	send_from(&r, 1, (struct rig_step){'c', "S", 0});
	send_from(&r, 1, (struct rig_step){'c', "A", 1, 0, "real"});
	send_from(&r, 1, (struct rig_step){'s', "A", 1});
	for (uint8_t i = 2; i < 40; i++) {
		cr_assert(send_from(&r, i, (struct rig_step){'c', "S", 0}) & TCP_OPENED);
		send_from(&r, i, (struct rig_step){'c', "A", 9, 0, "behind a hole"});
	}
	cr_assert_gt(r.closed[TCP_CLOSE_EVICTED_YOUNG], 30);
	cr_assert_not(send_from(&r, 1, (struct rig_step){'c', "A", 5, 0, "!"}) & TCP_OPENED);
	rig_drain(&r);
	rig_free(&r);
}

Test(tcp_table, closes_the_silent_and_delivers_what_they_held) {
	struct rig r;
	rig_config(&r);
	r.conf.idle_us = 10 * SECOND;
	rig_open(&r);
	send_from(&r, 1, (struct rig_step){'c', "S", 0});
	send_from(&r, 1, (struct rig_step){'c', "A", 4, 0, "held"});
	cr_assert_eq(tcp_table_advance(r.t, r.now_us + 9 * SECOND, 8), 0);
	cr_assert_eq(tcp_table_advance(r.t, r.now_us - 99 * SECOND, 8), 0);
	cr_assert_eq(tcp_table_advance(r.t, r.now_us + 11 * SECOND, 8), 1);
	cr_assert_str_eq(r.text[0], "{3}held");
	cr_assert_eq(r.closed[TCP_CLOSE_IDLE], 1);
	cr_assert_eq(stats(&r)->skipped[TCP_GAP_END], 3);
	rig_balance(r.t);
	rig_free(&r);
}

Test(tcp_table, never_takes_an_expired_flow_for_a_live_one) {
	struct rig r;
	rig_config(&r);
	rig_open(&r);
	send_from(&r, 1, (struct rig_step){'c', "A", 1, 0, "old"});
	r.now_us += r.conf.young_us + 1;
	cr_assert(send_from(&r, 1, (struct rig_step){'c', "A", 4, 0, "new"}) & TCP_PICKED_UP);
	cr_assert_eq(r.closed[TCP_CLOSE_IDLE], 1);
	cr_assert_eq(stats(&r)->picked_up, 2);
	rig_free(&r);
}

Test(tcp_table, finds_all_silent_flows_within_two_timeouts_and_within_its_budget) {
	struct rig r;
	rig_config(&r);
	r.conf.flows_max = 1000;
	r.conf.idle_us = 10 * SECOND;
	rig_open(&r);
	for (uint16_t port = 1; port <= 1000; port++) {
		send_from(&r, port, (struct rig_step){'c', "S", 0});
		send_from(&r, port, (struct rig_step){'c', "A", 1, 0, "a"});
	}
	// One stays busy, at the head of the list.
	uint32_t closed = 0;
	for (int i = 0; i < 210; i++) {
		r.now_us += SECOND / 10;
		send_from(&r, 1, (struct rig_step){'c', "A", 2 + (uint32_t)i, 0, "a"});
		uint32_t now = tcp_table_advance(r.t, r.now_us, 16);
		cr_assert_leq(now, 16);
		closed += now;
	}
	cr_assert_eq(closed, 999);
	cr_assert_eq(tcp_table_usage(r.t).flows, 1);
	rig_drain(&r);
	rig_free(&r);
}

Test(tcp_table, picks_nothing_up_when_it_must_not) {
	struct rig r;
	rig_config(&r);
	r.conf.midstream = false;
	rig_open(&r);
	uint32_t events = send_from(&r, 1, (struct rig_step){'c', "A", 1, 0, "mid"});
	cr_assert(events & TCP_NOT_TAKEN && events & TCP_SCAN_ALONE);
	cr_assert_eq(stats(&r)->octets[TCP_NO_START], 3);
	cr_assert(send_from(&r, 2, (struct rig_step){'s', "SA", 0, 1}) & TCP_OPENED);
	send_from(&r, 3, (struct rig_step){'c', "R", 0});
	send_from(&r, 4, (struct rig_step){'c', "FA", 0});
	send_from(&r, 5, (struct rig_step){'c', "A", 0});
	cr_assert_eq(tcp_table_usage(r.t).flows, 1, "what has no octets needs no state");
	rig_free(&r);
}

// Every second octet, so that no two pieces join.
static void spread(struct rig *r, uint16_t port, uint32_t n) {
	for (uint32_t i = 0; i < n; i++)
		send_from(r, port, (struct rig_step){'c', "A", 3 + 2 * i, 0, "x"});
}

Test(tcp_table, keeps_the_limit_on_segments_of_a_direction) {
	struct rig r;
	rig_config(&r);
	rig_open(&r);
	send_from(&r, 1, (struct rig_step){'c', "S", 0});
	spread(&r, 1, 64);
	cr_assert_eq(r.events & TCP_OVERFLOW, 0);
	cr_assert_eq(stats(&r)->octets[TCP_HELD_NOW], 64);
	spread(&r, 1, 66);
	cr_assert(r.events & TCP_OVERFLOW);
	cr_assert_eq(strncmp(r.text[0], "{2}x", 4), 0);
	cr_assert(stats(&r)->skipped[TCP_GAP_FLOW] >= 2);
	rig_drain(&r);
	rig_free(&r);
}

Test(tcp_table, gives_up_a_hole_after_so_many_segments_though_they_join) {
	struct rig r;
	rig_config(&r);
	r.conf.hold_segments = 4;
	rig_open(&r);
	send_from(&r, 1, (struct rig_step){'c', "S", 0});
	static const char *const out[] = {"", "", "", "", "{1}bcdef", "{1}bcdefg"};
	for (uint32_t i = 0; i < 6; i++) {
		char data[2] = {(char)('b' + i), '\0'};
		send_from(&r, 1, (struct rig_step){'c', "A", 2 + i, 0, data});
		cr_assert_str_eq(r.text[0], out[i]);
	}
	// The next hole has its own count, given up or filled.
	for (uint32_t i = 0; i < 4; i++)
		send_from(&r, 1, (struct rig_step){'c', "A", 9 + i, 0, "x"});
	cr_assert_str_eq(r.text[0], "{1}bcdefg");
	send_from(&r, 1, (struct rig_step){'c', "A", 8, 0, "h"});
	for (uint32_t i = 0; i < 4; i++)
		send_from(&r, 1, (struct rig_step){'c', "A", 14 + i, 0, "y"});
	cr_assert_str_eq(r.text[0], "{1}bcdefghxxxx");
	send_from(&r, 1, (struct rig_step){'c', "A", 18, 0, "y"});
	cr_assert_str_eq(r.text[0], "{1}bcdefghxxxx{1}yyyyy");
	rig_free(&r);
}

Test(tcp_table, keeps_the_limit_on_octets_of_a_direction) {
	struct rig r;
	char data[1461];
	memset(data, 'x', 1460);
	data[1460] = '\0';
	rig_config(&r);
	rig_open(&r);
	send_from(&r, 1, (struct rig_step){'c', "S", 0});
	r.quiet = true;
	for (uint32_t i = 1; i < 40 && !(r.events & TCP_OVERFLOW); i++) {
		send_from(&r, 1, (struct rig_step){'c', "A", 1 + i * 1460, 0, data});
		cr_assert_leq(tcp_table_usage(r.t).held_octets, r.conf.hold_flow);
		cr_assert(i > 5 || !(r.events & TCP_OVERFLOW));
	}
	cr_assert(r.events & TCP_OVERFLOW);
	cr_assert_eq(stats(&r)->skipped[TCP_GAP_FLOW], 1460);
	rig_free(&r);
}

Test(tcp_table, makes_room_for_held_octets_by_the_oldest_hole) {
	struct rig r;
	rig_config(&r);
	r.conf.hold_memory = 16 << 10; // 16 blocks
	rig_open(&r);
	for (uint16_t port = 1; port <= 64; port++) {
		send_from(&r, port, (struct rig_step){'c', "S", 0});
		uint32_t events = send_from(&r, port, (struct rig_step){'c', "A", 3, 0, "x"});
		cr_assert(events & TCP_HELD, "there is always room for the newest");
		cr_assert_leq(tcp_table_usage(r.t).held_octets, 16 << 10);
	}
	cr_assert(stats(&r)->gaps[TCP_GAP_MEMORY] >= 48);
	cr_assert(r.events & TCP_HELD);
	// The newest can still be filled.
	r.text[0][r.len[0] = 0] = '\0';
	send_from(&r, 64, (struct rig_step){'c', "A", 1, 0, "ab"});
	cr_assert_str_eq(r.text[0], "abx");
	rig_drain(&r);
	rig_free(&r);
}

Test(tcp_table, takes_times_at_the_ends_of_their_range) {
	struct rig r;
	rig_config(&r);
	rig_open(&r);
	static const int64_t times[] = {INT64_MIN, INT64_MAX - 2000, INT64_MIN, -1, 0};
	for (int i = 0; i < 5; i++) {
		r.now_us = times[i];
		send_from(&r, (uint16_t)(1 + i % 2), (struct rig_step){'c', "A", 1, 0, "x"});
		tcp_table_advance(r.t, times[4 - i], 8);
	}
	tcp_table_advance(r.t, INT64_MAX, 100);
	rig_drain(&r);
	rig_free(&r);
}

Test(tcp_table, keeps_flows_apart_whose_hashes_meet) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 2);
	struct tcp_index x;
	cr_assert_eq(tcp_index_init(&x, 300, &seed, mem_pages()), 0);
	x.mask = 0; // one bucket
	struct flow_tuple tuple[300];
	for (uint16_t i = 0; i < 300; i++) {
		struct flow_key k = tcp_key(0x01020304, i);
		flow_tuple_of(&tuple[i], &k);
		cr_assert_null(tcp_index_find(&x, x.bucket, &tuple[i]));
		tcp_index_insert(&x, x.bucket, &tuple[i]);
	}
	for (uint16_t i = 0; i < 300; i += 3)
		tcp_index_remove(&x, tcp_index_find(&x, x.bucket, &tuple[i]));
	for (uint16_t i = 0; i < 300; i++) {
		struct tcp_flow *f = tcp_index_find(&x, x.bucket, &tuple[i]);
		cr_assert_eq(f != NULL, i % 3 != 0);
	}
	cr_assert_eq(x.flows, 200);
	x.mask = 511;
	tcp_index_fini(&x);
}
