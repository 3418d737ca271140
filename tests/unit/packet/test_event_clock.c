// Event time: what is late, by how much, and times that no calendar has.

#include "packet/event_clock.h"

#include "base/live_clock.h"

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
	event_clock_stamp(&newest, &(struct event_bounds){.lateness_us = lateness_us}, &b);
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
	event_clock_stamp(&newest, &(struct event_bounds){.lateness_us = 399}, &b);
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

// Stamps packets of these times; which are late for being behind, 'o', or ahead, 'f'.
static const char *judge(const struct event_bounds *bounds, const int64_t *times, uint32_t n) {
	static char told[BURST_MAX + 1];
	b.n = n;
	for (uint32_t i = 0; i < n; i++)
		b.pkt[i] = (struct packet){.time_us = times[i]};
	event_clock_stamp(&newest, bounds, &b);
	for (uint32_t i = 0; i < n; i++) {
		told[i] = '.';
		if (b.pkt[i].flags & PACKET_LATE)
			told[i] = burst_is_future(&b, i) ? 'f' : 'o';
	}
	told[n] = '\0';
	return told;
}

Test(event_clock, a_time_too_far_ahead_is_late_and_moves_nothing) {
	const struct event_bounds bounds = {.lateness_us = 100, .ahead_us = 1000};
	static const int64_t times[] = {1000, 2000, 3001, 1901, 1899, EVENT_TIME_MAX, 3000};
	seen(1000);
	cr_assert_str_eq(judge(&bounds, times, 7), "..f.of.");
	cr_assert_eq(newest, 3000);
	cr_assert_eq(b.pkt[2].time_us, 2000, "nobody is told a time that nobody believes");
	cr_assert_eq(b.floor_us[2], 2000);
	cr_assert_eq(burst_newest_us(&b, 3), 2000);
}

Test(event_clock, a_jump_is_taken_in_steps_and_by_the_first_packet_of_a_capture) {
	const struct event_bounds bounds = {.lateness_us = LATENESS_ALL, .ahead_us = 1000};
	static const int64_t times[] = {5000000, 5001000, 5002000, 5003001, -7};
	seen(INT64_MIN);
	cr_assert_str_eq(judge(&bounds, times, 5), "...f.", "with lateness all nothing is behind");
	cr_assert_eq(newest, 5002000);
}

Test(event_clock, without_a_bound_any_time_is_taken) {
	const struct event_bounds bounds = {.lateness_us = 0};
	static const int64_t times[] = {-EVENT_TIME_MAX, 0, EVENT_TIME_MAX, INT64_MAX};
	seen(INT64_MIN);
	cr_assert_str_eq(judge(&bounds, times, 4), "....");
}

Test(event_clock, live_the_clock_may_say_that_it_is_that_late) {
	static struct live_clock clock;
	live_clock_init(&clock);
	const int64_t hour = 3600000000, now = live_clock_us(&clock);
	const struct event_bounds bounds = {
		.lateness_us = 1000000, .ahead_us = hour, .clock = &clock};
	const int64_t times[] = {now, now + 2 * hour, now + 1};
	seen(now - 20 * hour);
	cr_assert_str_eq(judge(&bounds, times, 3), ".f.", "a long silence is none of the packet's");
	cr_assert_eq(newest, now + 1);
	const int64_t first[] = {now + 2 * hour, now};
	seen(INT64_MIN);
	cr_assert_str_eq(judge(&bounds, first, 2), "f.", "the first packet too");
	cr_assert_eq(newest, now);
}

Test(event_clock, an_empty_burst_changes_nothing) {
	seen(7);
	b.n = 0;
	event_clock_stamp(&newest, &(struct event_bounds){.lateness_us = 0}, &b);
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
