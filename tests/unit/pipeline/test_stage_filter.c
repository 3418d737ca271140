// The filter stage: which packets get its verdict, and whose turn comes first.

#include "frame.h"
#include "memory_source.h"
#include "pipeline/stage_filter.h"
#include "segment_source.h"

#include <criterion/criterion.h>

static struct frame udp, tcp;
static struct burst b;
static struct memory_source memory;

static struct stage_filter open_stage(const char *expression, struct filter **filter) {
	struct err err = {0};
	struct stage_filter st;
	*filter = filter_new(expression, &err);
	cr_assert_not_null(*filter, "%s", err.text);
	cr_assert_eq(stage_filter_init(&st, *filter), 0);
	frame_ipv4_udp(&udp, "10.0.0.1", 1, "10.0.0.2", 53, "q", 1);
	frame_ipv4_tcp(&tcp, "10.0.0.1", 1, "10.0.0.2", 80, 0x02, "x", 1);
	memory_source_init(&memory, NULL, 0, 1);
	return st;
}

static void close_stage(struct stage_filter *st, struct filter *filter) {
	stage_filter_fini(st);
	filter_free(filter);
	memory_source_fini(&memory);
}

Test(stage_filter, gives_its_verdict_to_what_does_not_pass) {
	struct filter *filter;
	struct stage_filter st = open_stage("udp port 53", &filter);
	for (uint32_t i = 0; i < BURST_MAX; i++)
		frame_packet(i % 3 == 0 ? &udp : &tcp, &b.pkt[i], 0);
	b.n = BURST_MAX;
	stage_filter_run(&st, &memory.source, &b);
	for (uint32_t i = 0; i < BURST_MAX; i++) {
		cr_assert_eq(
			b.pkt[i].verdict, i % 3 == 0 ? VERDICT_COUNTED : VERDICT_FILTERED, "%u", i
		);
		cr_assert_eq(b.pkt[i].reason, i % 3 == 0 ? REASON_NONE : REASON_FILTER);
	}
	close_stage(&st, filter);
}

Test(stage_filter, comes_behind_malformed_and_non_ip_and_ahead_of_late) {
	struct filter *filter;
	struct stage_filter st = open_stage("udp", &filter);
	for (uint32_t i = 0; i < 4; i++)
		frame_packet(&tcp, &b.pkt[i], 0);
	b.n = 4;
	b.pkt[0].verdict = VERDICT_MALFORMED;
	b.pkt[0].reason = REASON_IPV4_HEADER;
	b.pkt[1].verdict = VERDICT_NON_IP;
	b.pkt[1].reason = REASON_NOT_IP;
	b.pkt[2].flags = PACKET_LATE;
	stage_filter_run(&st, &memory.source, &b);
	cr_assert_eq(b.pkt[0].reason, REASON_IPV4_HEADER);
	cr_assert_eq(b.pkt[1].reason, REASON_NOT_IP);
	cr_assert_eq(b.pkt[2].reason, REASON_FILTER);
	cr_assert_eq(b.pkt[3].reason, REASON_FILTER);
	close_stage(&st, filter);
}

Test(stage_filter, without_an_expression_everything_passes) {
	struct stage_filter st;
	cr_assert_eq(stage_filter_init(&st, NULL), 0);
	frame_ipv4_udp(&udp, "10.0.0.1", 1, "10.0.0.2", 53, "q", 1);
	frame_packet(&udp, &b.pkt[0], 0);
	b.n = 1;
	stage_filter_run(&st, NULL, &b);
	cr_assert_eq(b.pkt[0].verdict, VERDICT_COUNTED);
	stage_filter_fini(&st);
}

Test(stage_filter, sees_a_frame_in_segments_whole) {
	struct filter *filter;
	// An octet behind the first segment.
	struct stage_filter st = open_stage("udp[8] = 0x71", &filter);
	struct segment_source source;
	segment_source_init(&source);
	for (uint32_t i = 0; i < udp.len; i++) {
		segment_packet(&b.pkt[0], &udp, i, 0);
		b.n = 1;
		stage_filter_run(&st, &source.source, &b);
		cr_assert_eq(b.pkt[0].verdict, VERDICT_COUNTED, "%u octets in the first", i);
		segment_packet_fini(&b.pkt[0]);
	}
	cr_assert_eq(source.gathered, udp.len);
	frame_ipv4_udp(&udp, "10.0.0.1", 1, "10.0.0.2", 53, "r", 1);
	segment_packet(&b.pkt[0], &udp, 20, 0);
	stage_filter_run(&st, &source.source, &b);
	cr_assert_eq(b.pkt[0].verdict, VERDICT_FILTERED);
	segment_packet_fini(&b.pkt[0]);
	close_stage(&st, filter);
}
