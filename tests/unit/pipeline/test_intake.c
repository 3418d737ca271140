// The intake: time, parser and filter in the order in which verdicts are given, and how far an
// input's time has come.

#include "frame.h"
#include "memory_source.h"
#include "packet/event_clock.h"
#include "pipeline/intake.h"

#include <criterion/criterion.h>

static struct frame udp, tcp, arp, cut;
static struct burst b;
static struct memory_source source;
static struct intake in;

static void open_intake(int64_t lateness_us, const struct filter *filter) {
	struct intake_config c = {
		.time = {.lateness_us = lateness_us}, .tunnels = TUNNEL_ALL, .filter = filter};
	hash_seed_fixed(&c.seed, 5);
	cr_assert_eq(intake_init(&in, &c), 0);
	memory_source_init(&source, NULL, 0, 1);
	frame_ipv4_udp(&udp, "10.0.0.1", 1, "10.0.0.2", 53, "q", 1);
	frame_ipv4_tcp(&tcp, "10.0.0.1", 1, "10.0.0.2", 80, 0x02, NULL, 0);
	frame_start(&arp);
	frame_ethernet(&arp, 0x0806);
	frame_zeros(&arp, 46);
	frame_end(&arp);
	frame_ipv4_udp(&cut, "10.0.0.1", 1, "10.0.0.2", 53, "q", 1);
	cut.len = 14 + 10;
}

static void close_intake(void) {
	intake_fini(&in);
	memory_source_fini(&source);
}

Test(intake, late_is_only_marked_and_the_first_verdict_that_applies_is_given) {
	struct err err = {0};
	struct filter *filter = filter_new("udp", &err);
	cr_assert_not_null(filter, "%s", err.text);
	open_intake(1000, filter);
	static const struct frame *const frames[] = {&udp, &tcp, &arp, &cut};
	for (uint32_t i = 0; i < 8; i++)
		frame_packet(frames[i % 4], &b.pkt[i], i < 4 ? 5000 : 3999);
	b.n = 8;
	intake_run(&in, &source.source, &b);
	static const enum verdict want[] = {
		VERDICT_COUNTED, VERDICT_FILTERED, VERDICT_NON_IP, VERDICT_MALFORMED};
	for (uint32_t i = 0; i < 8; i++) {
		cr_assert_eq(b.pkt[i].verdict, want[i % 4], "%u", i);
		cr_assert_eq(reason_verdict(b.pkt[i].reason), want[i % 4], "%u", i);
		cr_assert_eq(!!(b.pkt[i].flags & PACKET_LATE), i >= 4, "%u", i);
	}
	cr_assert_eq(source.source.newest_us, 5000);
	cr_assert_eq(b.key[0].dst_port, 53);
	close_intake();
	filter_free(filter);
}

Test(intake, packets_that_are_not_counted_move_time_all_the_same) {
	open_intake(1000, NULL);
	frame_packet(&arp, &b.pkt[0], 900000);
	frame_packet(&udp, &b.pkt[1], 1);
	b.n = 2;
	intake_run(&in, &source.source, &b);
	cr_assert_eq(source.source.newest_us, 900000);
	cr_assert(b.pkt[1].flags & PACKET_LATE);
	close_intake();
}

Test(intake, each_source_has_a_time_of_its_own) {
	open_intake(0, NULL);
	struct memory_source other;
	memory_source_init(&other, NULL, 0, 1);
	frame_packet(&udp, &b.pkt[0], 1000);
	b.n = 1;
	intake_run(&in, &source.source, &b);
	frame_packet(&udp, &b.pkt[0], 10);
	intake_run(&in, &other.source, &b);
	cr_assert_eq(b.pkt[0].flags & PACKET_LATE, 0);
	cr_assert_eq(other.source.newest_us, 10);
	cr_assert_eq(source.source.newest_us, 1000);
	memory_source_fini(&other);
	close_intake();
}

Test(intake, a_later_fragment_gets_its_ports_across_bursts) {
	open_intake(LATENESS_ALL, NULL);
	static struct frame first, later;
	frame_start(&first);
	frame_ethernet(&first, 0);
	frame_ipv4_fragment(&first, "10.0.0.1", "10.0.0.2", 17, 7, 0, 1);
	frame_udp(&first, 1234, 53);
	frame_zeros(&first, 16);
	frame_end(&first);
	frame_start(&later);
	frame_ethernet(&later, 0);
	frame_ipv4_fragment(&later, "10.0.0.1", "10.0.0.2", 17, 7, 24, 0);
	frame_zeros(&later, 16);
	frame_end(&later);
	frame_packet(&first, &b.pkt[0], 0);
	b.n = 1;
	intake_run(&in, &source.source, &b);
	frame_packet(&later, &b.pkt[0], 29000000);
	intake_run(&in, &source.source, &b);
	cr_assert_eq(b.key[0].src_port, 1234);
	cr_assert_eq(b.key[0].dst_port, 53);
	frame_packet(&later, &b.pkt[0], 30000001);
	intake_run(&in, &source.source, &b);
	cr_assert_eq(b.key[0].src_port, 0, "30 s at most");
	close_intake();
}

Test(intake, horizon_is_the_newest_time_less_the_lateness) {
	static const struct {
		int64_t newest, lateness, horizon;
	} t[] = {
		{1000, 0, 1000},
		{1000, 300, 700},
		{-1000, 300, -1300},
		{INT64_MIN, 0, INT64_MIN}, // nothing seen
		{INT64_MIN, 1, INT64_MIN},
		{INT64_MIN, LATENESS_ALL, INT64_MIN},
		{INT64_MAX, 0, INT64_MAX}, // ended
		{INT64_MAX, 366ll * 86400 * 1000000, INT64_MAX},
		{INT64_MAX, LATENESS_ALL, INT64_MAX},
		{EVENT_TIME_MAX, 0, EVENT_TIME_MAX},
		{EVENT_TIME_MIN, LATENESS_ALL, INT64_MIN},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		cr_expect_eq(intake_horizon(t[i].newest, t[i].lateness), t[i].horizon, "%zu", i);
	cr_expect_lt(
		intake_horizon(EVENT_TIME_MAX, LATENESS_ALL), EVENT_TIME_MIN,
		"no window ends before the earliest time there is"
	);
}
