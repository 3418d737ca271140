// Event time of an input: the newest time it has seen, and which packets are late against it. Run in
// order of arrival by whoever calls recv, before the packets are spread over workers, so that the
// verdict does not depend on their number.
#pragma once

#include "packet/burst.h"

#include <stdint.h>

struct live_clock;

// Nothing is ever behind.
#define LATENESS_ALL INT64_MAX

// A capture may claim any time; event time stays this far from the ends of its type, so that windows
// around it, lateness below it and INT64_MAX for "ended" need no second thought. 146,000 years.
#define EVENT_TIME_MAX ((INT64_C(1) << 62) - 1)
#define EVENT_TIME_MIN (-EVENT_TIME_MAX)

// How far a packet's time may be from the newest.
struct event_bounds {
	int64_t lateness_us; // behind, or LATENESS_ALL
	int64_t ahead_us; // 0: any
	// What is further ahead is taken all the same when the clock says so. NULL: a capture, whose first
	// packet always is.
	struct live_clock *clock;
};

// The way of bursts with a packet that is late or out of range, packet by packet.
void event_clock_walk(int64_t *newest_us, const struct event_bounds *bounds, struct burst *b);

// The time up to which a packet may be the newest.
static inline int64_t event_ceiling(int64_t newest_us, int64_t ahead_us) {
	int64_t ceiling;
	if (ahead_us == 0 || __builtin_add_overflow(newest_us, ahead_us, &ceiling)
	    || ceiling > EVENT_TIME_MAX)
		return EVENT_TIME_MAX;
	return ceiling;
}

// Brings times within EVENT_TIME_MIN .. EVENT_TIME_MAX, sets PACKET_LATE on the packets of the burst that
// are behind `*newest_us` by more than the lateness, or ahead of it by more than `ahead_us`, with
// b->floor_us, sets b->newest_us, and advances it. What is ahead gets the newest time for its own, which
// nobody can tell: burst_is_future. INT64_MIN: nothing seen yet.
static inline void
event_clock_stamp(int64_t *newest_us, const struct event_bounds *bounds, struct burst *b) {
	int64_t newest = *newest_us, oldest = EVENT_TIME_MAX, floor;
	int64_t ceiling = event_ceiling(newest, bounds->ahead_us);
	uint32_t n = b->n;
	b->newest_us = newest;
#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++) {
		int64_t time_us = b->pkt[i].time_us;
		newest = time_us > newest ? time_us : newest;
		oldest = time_us < oldest ? time_us : oldest;
	}
	if (__builtin_sub_overflow(newest, bounds->lateness_us, &floor) || floor < EVENT_TIME_MIN)
		floor = EVENT_TIME_MIN;
	// What is not late against the newest of the whole burst is not late against an earlier one.
	if (UNLIKELY(oldest < floor || newest > ceiling)) {
		event_clock_walk(newest_us, bounds, b);
		return;
	}
#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++)
		b->pkt[i].flags = 0;
	*newest_us = newest;
}
