// The match stage: whose payloads are scanned, and how a payload in segments is put together.

#include "frame.h"
#include "make_engine.h"
#include "memory_source.h"
#include "packet/verdict.h"
#include "pipeline/stage_match.h"
#include "segment_source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS (14 + 20 + 8)

static struct frame f;
static struct burst b;
static struct memory_source memory;
static struct segment_source segments;
static struct match_engine *engine;
static struct stage_track track; // without a pane
static struct stage_match st;

static void open_engine(struct match_engine *e, bool plain) {
	engine = e;
	const struct stage_match_config conf = {
		.engine = engine,
		.plain = plain,
		.inspect = {.memory = INSPECT_MEMORY_MIN, .mem = mem_pages()},
	};
	cr_assert_eq(stage_match_init(&st, &conf, &track), 0);
	memory_source_init(&memory, NULL, 0, 1);
	segment_source_init(&segments);
}

static void open_stage(const char *patterns) {
	open_engine(make_engine(patterns, NULL, false), true);
}

static void close_stage(void) {
	stage_match_fini(&st);
	match_engine_free(engine);
	memory_source_fini(&memory);
}

TestSuite(stage_match, .fini = close_stage);

// A packet as the parser leaves it.
static void parsed(uint32_t i, const struct frame *frame, uint32_t payload) {
	frame_packet(frame, &b.pkt[i], 0);
	b.pkt[i].payload_off = HEADERS;
	b.pkt[i].payload_len = payload;
}

static void run(struct source *src, uint32_t n) {
	b.n = b.end = n;
	b.begin = 0;
	stage_match_run(&st, src, &b);
}

Test(stage_match, notes_the_events_of_each_packet) {
	open_stage("1:/abc/\n2:/bcd/\n");
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abcd abcd", 9);
	parsed(0, &f, 9);
	parsed(1, &f, 3);
	parsed(2, &f, 2);
	run(&memory.source, 3);
	cr_assert_eq(b.pkt[0].matches, 2);
	cr_assert_eq(b.pkt[1].matches, 1);
	cr_assert_eq(b.pkt[2].matches, 0);
	cr_assert_eq(st.events, 3);
}

Test(stage_match, scans_counted_and_late_packets_alone) {
	open_stage("1:/abc/\n");
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	for (uint32_t v = 0; v < VERDICT_COUNT; v++) {
		parsed(v, &f, 3);
		b.pkt[v].verdict = (uint8_t)v;
	}
	run(&memory.source, VERDICT_COUNT);
	for (uint32_t v = 0; v < VERDICT_COUNT; v++)
		cr_assert_eq(
			b.pkt[v].matches, v == VERDICT_COUNTED || v == VERDICT_LATE, "%s",
			verdict_name(v)
		);
}

Test(stage_match, keeps_to_the_part_in_work) {
	open_stage("1:/abc/\n");
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	for (uint32_t i = 0; i < 6; i++) {
		parsed(i, &f, 3);
		b.pkt[i].matches = 77;
	}
	b.n = 6;
	b.begin = 2;
	b.end = 4;
	stage_match_run(&st, &memory.source, &b);
	for (uint32_t i = 0; i < 6; i++)
		cr_assert_eq(b.pkt[i].matches, i == 2 || i == 3 ? 1 : 77, "%u", i);
	cr_assert_eq(st.events, 2);
}

Test(stage_match, finds_what_lies_across_segments) {
	open_stage("1:/needle/\n2:/^x.*y$/s\n");
	char text[600];
	memset(text, '.', sizeof(text));
	memcpy(text + 297, "needle", 6);
	text[0] = 'x';
	text[599] = 'y';
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, text, sizeof(text));
	// Cut in the headers, at the payload, within the needle, one octet ahead of the end.
	static const uint32_t heads[] = {0, 14, HEADERS, HEADERS + 1, HEADERS + 300, HEADERS + 599};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		segment_packet(&b.pkt[0], &f, heads[i], 0);
		b.pkt[0].payload_off = HEADERS;
		b.pkt[0].payload_len = sizeof(text);
		run(&segments.source, 1);
		cr_assert_eq(b.pkt[0].matches, 2, "%u octets in the first", heads[i]);
		segment_packet_fini(&b.pkt[0]);
	}
	cr_assert_eq(segments.gathered, sizeof(heads) / sizeof(heads[0]));
}

Test(stage_match, a_payload_within_the_first_segment_is_not_copied) {
	open_stage("1:/abc/\n");
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	frame_zeros(&f, 100);
	segment_packet(&b.pkt[0], &f, HEADERS + 3, 0);
	b.pkt[0].payload_off = HEADERS;
	b.pkt[0].payload_len = 3;
	run(&segments.source, 1);
	cr_assert_eq(b.pkt[0].matches, 1);
	cr_assert_eq(segments.gathered, 0);
	segment_packet_fini(&b.pkt[0]);
}

Test(stage_match, a_payload_that_is_not_there_after_all_is_let_be) {
	open_stage("1:/a*/V\n");
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	segment_packet(&b.pkt[0], &f, 20, 0);
	// The segments hold less than the lengths say.
	b.pkt[0].cap_len = HEADERS;
	b.pkt[0].payload_off = HEADERS;
	b.pkt[0].payload_len = 3;
	run(&segments.source, 1);
	cr_assert_eq(b.pkt[0].matches, 0);
	segment_packet_fini(&b.pkt[0]);
}

Test(stage_match, what_16_bits_do_not_hold_goes_to_the_row_at_once) {
	struct flow_row row = {.matches = 7};
	size_t len = 0;
	char *rules = malloc(65540 * 48);
	for (int i = 0; i < 65540; i++)
		len += (size_t)sprintf(
			rules + len, "alert udp any any -> any %s (sid:%d;)\n", i % 2 ? "2" : "any",
			i + 1
		);
	open_engine(make_engine(NULL, rules, false), false);
	free(rules);
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "ab", 2);
	for (uint32_t i = 0; i < 3; i++) {
		parsed(i, &f, 2);
		st.keys[i] = (struct flow_key){.flags = KEY_V4, .proto = 17, .src_port = 1};
		st.keys[i].dst_port = i == 1 ? 3 : 2;
	}
	b.pkt[0].row = b.pkt[1].row = &row;
	b.pkt[2].verdict = VERDICT_LATE; // has none
	run(&memory.source, 3);
	cr_assert_eq(b.pkt[0].matches, UINT16_MAX);
	cr_assert_eq(row.matches, 7 + 65540 - UINT16_MAX);
	cr_assert_eq(b.pkt[1].matches, 65540 / 2);
	cr_assert_eq(st.events, 2 * 65540 + 65540 / 2);
}

Test(stage_match, without_rules_nothing_is_done) {
	open_stage("1:/abc/\n");
	struct stage_match none;
	cr_assert_eq(stage_match_init(&none, &(struct stage_match_config){}, &track), 0);
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	parsed(0, &f, 3);
	b.n = b.end = 1;
	stage_match_run(&none, &memory.source, &b);
	cr_assert_eq(b.pkt[0].matches, 0);
	stage_match_fini(&none);
}

static struct alert_ring ring;

static void open_alerts(const char *rules, uint32_t depth) {
	open_stage(rules);
	cr_assert_eq(alert_ring_init(&ring, depth, false), 0);
	stage_match_alert(&st, &ring);
}

Test(stage_match, an_alert_of_each_event_goes_to_the_ring) {
	open_alerts("7:/abc/\n8:/bcd/i\n", 64);
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abcd abcd", 9);
	for (uint32_t i = 0; i < 3; i++) {
		parsed(i, &f, 9 - 3 * i);
		b.pkt[i].time_us = 100 + i;
		b.pkt[i].ip_len = 37;
		b.key[i] = (struct flow_key){.flags = KEY_V4, .proto = 17, .src_port = (uint16_t)i};
	}
	b.pkt[0].payload_len = 3;
	b.pkt[1].payload_len = 2;
	b.pkt[2].payload_len = 9;
	b.n = 3;
	stage_match_begin(&st, &b);
	// The track stage masks keys; alerts have all of them.
	memset(b.key, 0, sizeof(b.key));
	run(&memory.source, 3);
	uint32_t first;
	cr_assert_eq(alert_ring_peek(&ring, 64, &first), 3);
	const struct alert *a = alert_ring_slot(&ring, first);
	cr_expect_eq(a->time_us, 100);
	cr_expect_eq(a->turn_us, 100);
	cr_expect_eq(a->key.src_port, 0);
	cr_expect_eq(a->bytes, 37);
	cr_expect_eq(a->packets, 1);
	cr_expect_eq(a->rule->sid, 7);
	cr_expect_str_eq(a->rule->signature, "/abc/");
	uint32_t sids = 0;
	for (uint32_t i = 1; i < 3; i++) {
		a = alert_ring_slot(&ring, first + i);
		cr_expect_eq(a->time_us, 102);
		cr_expect_eq(a->key.src_port, 2);
		cr_expect_eq(a->key.proto, 17);
		sids += a->rule->sid;
	}
	cr_expect_eq(sids, 15);
	cr_expect_eq(st.alerts_dropped, 0);
	alert_ring_fini(&ring);
}

Test(stage_match, the_turn_of_a_late_packets_alert_is_where_it_became_late) {
	open_alerts("1:/abc/\n", 64);
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	parsed(0, &f, 3);
	b.pkt[0].time_us = 100;
	b.pkt[0].flags = PACKET_LATE;
	b.pkt[0].verdict = VERDICT_LATE;
	b.floor_us[0] = 5000;
	b.n = 1;
	stage_match_begin(&st, &b);
	run(&memory.source, 1);
	uint32_t first;
	cr_assert_eq(alert_ring_peek(&ring, 64, &first), 1);
	cr_expect_eq(alert_ring_slot(&ring, first)->time_us, 100);
	cr_expect_eq(alert_ring_slot(&ring, first)->turn_us, 5000);
	alert_ring_fini(&ring);
}

Test(stage_match, alerts_that_find_no_room_are_counted) {
	open_alerts("1:/a/\n2:/b/\n3:/c/\n", 4);
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	for (uint32_t i = 0; i < 3; i++)
		parsed(i, &f, 3);
	b.n = 3;
	stage_match_begin(&st, &b);
	run(&memory.source, 3);
	cr_expect_eq(st.events, 9);
	cr_expect_eq(st.alerts_dropped, 5);
	cr_expect_eq(b.pkt[2].matches, 3, "the packet is as it would be");
	alert_ring_fini(&ring);
}
