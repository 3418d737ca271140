// A lane, both ends moved by hand: the order of packets, what its time and its end promise, and the
// way back of handles.

#include "pipeline/lane.h"
#include "segment_source.h"

#include "frame.h"
#include "memory_source.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct memory_source memory;
static struct lane *lane;
static struct source *src;
static struct burst b;

static void open_lane(void) {
	memory_source_init(&memory, NULL, 0, 1);
	lane = aligned_alloc(CACHE_LINE, sizeof(*lane));
	cr_assert_eq(lane_init(lane, &memory.source, true), 0);
	src = &lane->source;
	cr_assert_eq(src->ops->attach(src), 0);
}

static void close_lane(void) {
	src->ops->detach(src);
	lane_fini(lane);
	free(lane);
	memory_source_fini(&memory);
}

TestSuite(lane, .init = open_lane, .fini = close_lane);

// As the receiver does; returns whether there was room.
static bool push(uint64_t handle, int64_t newest_us, uint32_t source) {
	struct lane_item item = {
		.packet = {.handle = handle, .time_us = (int64_t)handle, .newest_us = newest_us},
		.key = {.src_port = (uint16_t)handle, .hash = source},
	};
	return spsc_push(&lane->out, &item);
}

static void set_newest(int64_t us) {
	atomic_store(&lane->newest_us, us);
}

Test(lane, is_a_parsed_source_as_patient_as_its_input) {
	cr_assert(src->parsed);
	cr_assert(src->patient);
	cr_assert_null(src->ops->gather, "the input has none");
	cr_assert_eq(src->newest_us, INT64_MIN);
	cr_assert_eq(src->ops->recv(src, &b), 0);
	cr_assert_eq(b.n, 0);
}

Test(lane, gives_packets_and_keys_in_order_and_handles_back_with_their_source) {
	for (uint32_t i = 0; i < 100; i++)
		cr_assert(push(i, 0, i % 3));
	uint32_t at = 0;
	for (int n; (n = src->ops->recv(src, &b)) > 0;) {
		for (int i = 0; i < n; i++, at++) {
			cr_assert_eq(b.pkt[i].handle, at);
			cr_assert_eq(b.key[i].src_port, at);
			cr_assert_eq(
				b.key[i].hash, 0, "the index of the source is not the worker's"
			);
		}
		src->ops->release(src, &b);
	}
	cr_assert_eq(at, 100);
	for (uint32_t i = 0; i < 100; i++) {
		struct lane_return r;
		cr_assert_eq(spsc_pop(&lane->back, &r), 1);
		cr_assert_eq(r.handle, i);
		cr_assert_eq(r.source, i % 3);
	}
}

Test(lane, takes_so_many_packets_and_no_more) {
	uint64_t n = 0;
	while (push(n, 0, 0))
		n++;
	cr_assert_eq(n, LANE_DEPTH);
}

Test(lane, an_emptied_lane_is_as_far_as_the_receiver) {
	push(1, 10, 0);
	set_newest(500);
	cr_assert_eq(src->ops->recv(src, &b), 1);
	cr_assert_eq(src->newest_us, 500, "all that this speaks of has been taken");
	set_newest(900);
	cr_assert_eq(src->ops->recv(src, &b), 0);
	cr_assert_eq(src->newest_us, 900, "time moves on without packets");
}

Test(lane, a_full_burst_is_only_as_far_as_its_last_packet) {
	for (uint32_t i = 0; i < BURST_MAX + 1; i++)
		push(i, 100 + i, 0);
	set_newest(5000);
	cr_assert_eq(src->ops->recv(src, &b), BURST_MAX);
	cr_assert_eq(src->newest_us, 100 + BURST_MAX - 1);
	cr_assert_eq(src->ops->recv(src, &b), 1);
	cr_assert_eq(src->newest_us, 5000);
}

Test(lane, time_never_runs_backwards) {
	set_newest(1000);
	cr_assert_eq(src->ops->recv(src, &b), 0);
	for (uint32_t i = 0; i < BURST_MAX; i++)
		push(i, 40, 0);
	cr_assert_eq(src->ops->recv(src, &b), BURST_MAX);
	cr_assert_eq(src->newest_us, 1000);
	set_newest(INT64_MIN);
	cr_assert_eq(src->ops->recv(src, &b), 0);
	cr_assert_eq(src->newest_us, 1000);
}

Test(lane, the_end_is_told_once_the_lane_is_empty_and_then_for_good) {
	for (uint32_t i = 0; i < BURST_MAX + 5; i++)
		push(i, 0, 0);
	set_newest(INT64_MAX);
	atomic_store(&lane->ended, -ENODATA);
	cr_assert_eq(src->ops->recv(src, &b), BURST_MAX);
	cr_assert_eq(src->ops->recv(src, &b), 5);
	cr_assert_eq(src->ops->recv(src, &b), -ENODATA);
	cr_assert_eq(src->ops->recv(src, &b), -ENODATA);
	cr_assert_eq(src->newest_us, INT64_MAX);
}

Test(lane, a_lane_that_was_cut_says_so_and_keeps_its_time) {
	push(1, 10, 0);
	set_newest(20);
	atomic_store(&lane->ended, -ECANCELED);
	cr_assert_eq(src->ops->recv(src, &b), 1);
	cr_assert_eq(src->ops->recv(src, &b), -ECANCELED);
	cr_assert_eq(src->newest_us, 20);
}

Test(lane, reports_nothing_as_missed_its_input_does) {
	struct source_stats st = {.missed = 9};
	src->ops->stats(src, &st);
	cr_assert_eq(st.missed, 0);
	cr_assert_eq(st.bytes_total, 0);
}

Test(lane, gathers_through_the_input_where_frames_come_in_segments) {
	static struct frame f;
	struct segment_source segments;
	segment_source_init(&segments);
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "payload", 7);
	struct lane *l = aligned_alloc(CACHE_LINE, sizeof(*l));
	cr_assert_eq(lane_init(l, &segments.source, false), 0);
	cr_assert_not(l->source.patient);
	struct lane_item item = {0};
	segment_packet(&item.packet, &f, 14, 0);
	spsc_push(&l->out, &item);
	cr_assert_eq(l->source.ops->recv(&l->source, &b), 1);
	uint8_t whole[256];
	cr_assert_eq(l->source.ops->gather(&l->source, &b.pkt[0], whole, 256), f.len);
	cr_assert_eq(memcmp(whole, f.octet, f.len), 0);
	cr_assert_eq(l->source.ops->gather(&l->source, &b.pkt[0], whole, 3), 3);
	segment_packet_fini(&item.packet);
	lane_fini(l);
	free(l);
}

Test(lane, late_packets_carry_where_they_became_late_and_do_not_move_time) {
	struct lane_item late = {.packet = {.flags = PACKET_LATE, .time_us = 5, .newest_us = 700}};
	for (uint32_t i = 0; i < BURST_MAX - 2; i++)
		push(i, 300 + i, 0);
	cr_assert(spsc_push(&lane->out, &late));
	late.packet.newest_us = 800;
	cr_assert(spsc_push(&lane->out, &late));
	set_newest(5000);
	cr_assert_eq(src->ops->recv(src, &b), BURST_MAX);
	cr_assert_eq(b.floor_us[BURST_MAX - 2], 700);
	cr_assert_eq(b.floor_us[BURST_MAX - 1], 800);
	cr_assert_eq(burst_newest_us(&b, 7), 307, "what was ahead of each, not of those here");
	cr_assert_eq(src->newest_us, 300 + BURST_MAX - 3, "of the last packet in time");
	src->ops->release(src, &b);
}
