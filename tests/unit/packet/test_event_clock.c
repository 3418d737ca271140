// Event time: what is late, by how much, and times that no calendar has.

#include "packet/event_clock.h"

#include <criterion/criterion.h>

static struct burst b;
static int64_t newest;

static void seen(int64_t newest_us) {
	newest = newest_us;
}

// Stamps one packet; returns whether it is late.
static bool late(int64_t time_us, int64_t lateness_us) {
	b.n = 1;
	b.pkt[0] = (struct packet){.time_us = time_us, .flags = PACKET_TCP | PACKET_LATE};
	event_clock_stamp(&newest, lateness_us, &b);
	cr_assert_eq(b.pkt[0].flags & ~PACKET_LATE, 0, "flags of the packet before do not stay");
	return b.pkt[0].flags & PACKET_LATE;
}

Test(event_clock, late_is_less_than_the_newest_minus_the_lateness) {
	seen(1000);
	cr_assert_not(late(900, 100));
	cr_assert(late(899, 100));
	cr_assert_eq(newest, 1000);
	cr_assert_not(late(1000, 0));
	cr_assert(late(999, 0));
	cr_assert_not(late(1001, 0));
	cr_assert_eq(newest, 1001);
}

Test(event_clock, the_first_packet_is_never_late) {
	for (int64_t t = -1; t <= 1; t++) {
		seen(INT64_MIN);
		cr_assert_not(late(t * EVENT_TIME_MAX, 0));
		cr_assert_eq(newest, t * EVENT_TIME_MAX);
	}
}

Test(event_clock, what_is_ahead_in_the_same_burst_counts) {
	seen(INT64_MIN);
	b.n = 4;
	b.pkt[0] = (struct packet){.time_us = 500};
	b.pkt[1] = (struct packet){.time_us = 100};
	b.pkt[2] = (struct packet){.time_us = 900};
	b.pkt[3] = (struct packet){.time_us = 500};
	event_clock_stamp(&newest, 399, &b);
	cr_assert_eq(b.pkt[0].flags, 0);
	cr_assert_eq(b.pkt[1].flags, PACKET_LATE);
	cr_assert_eq(b.pkt[2].flags, 0, "a packet is not late against those behind it");
	cr_assert_eq(b.pkt[3].flags, PACKET_LATE);
	cr_assert_eq(b.floor_us[1], 500 - 399, "what it should not have been below");
	cr_assert_eq(b.floor_us[3], 900 - 399);
	cr_assert_eq(newest, 900);
	cr_assert_eq(burst_newest_us(&b, 0), INT64_MIN);
	cr_assert_eq(burst_newest_us(&b, 2), 500);
	cr_assert_eq(burst_newest_us(&b, 3), 900);
}

Test(event_clock, an_empty_burst_changes_nothing) {
	seen(7);
	b.n = 0;
	event_clock_stamp(&newest, 0, &b);
	cr_assert_eq(newest, 7);
}

Test(event_clock, with_lateness_all_nothing_is_late) {
	seen(INT64_MAX);
	static const int64_t times[] = {INT64_MAX, 0, INT64_MIN, -1, INT64_MAX - 1, INT64_MIN + 1};
	seen(INT64_MIN);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		cr_assert_not(late(times[i], LATENESS_ALL), "%zu", i);
}

Test(event_clock, times_at_the_ends_of_the_type_come_within_bounds) {
	seen(INT64_MIN);
	cr_assert_not(late(INT64_MIN, 0));
	cr_assert_eq(b.pkt[0].time_us, EVENT_TIME_MIN);
	cr_assert_not(late(INT64_MAX, 0));
	cr_assert_eq(b.pkt[0].time_us, EVENT_TIME_MAX);
	cr_assert_eq(newest, EVENT_TIME_MAX, "INT64_MAX means that an input has ended");
	cr_assert(late(INT64_MIN, 1000000));
	cr_assert_not(late(EVENT_TIME_MAX, 0));
	cr_assert_eq(b.pkt[0].time_us, EVENT_TIME_MAX);
}
