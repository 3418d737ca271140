// Event time of an input: the newest time it has seen, and which packets are late against it. Run in
// order of arrival by whoever calls recv, before the packets are spread over workers, so that the
// verdict does not depend on their number.
#pragma once

#include "packet/burst.h"

#include <stdint.h>

// Nothing is ever late.
#define LATENESS_ALL INT64_MAX

// A capture may claim any time; event time stays this far from the ends of its type, so that windows
// around it, lateness below it and INT64_MAX for "ended" need no second thought. 146,000 years.
#define EVENT_TIME_MAX ((INT64_C(1) << 62) - 1)
#define EVENT_TIME_MIN (-EVENT_TIME_MAX)

// The way of bursts with a packet that is late or out of range, packet by packet.
static inline void event_clock_walk(int64_t *newest_us, int64_t lateness_us, struct burst *b) {
	int64_t newest = *newest_us;
	for (uint32_t i = 0; i < b->n; i++) {
		struct packet *p = &b->pkt[i];
		int64_t time_us = p->time_us, floor = newest;
		time_us = time_us > EVENT_TIME_MAX ? EVENT_TIME_MAX : time_us;
		time_us = time_us < EVENT_TIME_MIN ? EVENT_TIME_MIN : time_us;
		if (__builtin_sub_overflow(newest, lateness_us, &floor))
			floor = INT64_MIN;
		p->time_us = time_us;
		p->flags = time_us < floor ? PACKET_LATE : 0;
		if (time_us < floor)
			b->floor_us[i] = floor;
		newest = time_us > newest ? time_us : newest;
	}
	*newest_us = newest;
}

// Brings times within EVENT_TIME_MIN .. EVENT_TIME_MAX, sets PACKET_LATE on the packets of the burst
// that are behind `*newest_us` by more than `lateness_us`, with b->floor_us, sets b->newest_us, and advances it.
// INT64_MIN: nothing seen yet.
static inline void event_clock_stamp(int64_t *newest_us, int64_t lateness_us, struct burst *b) {
	int64_t newest = *newest_us, oldest = EVENT_TIME_MAX, floor;
	uint32_t n = b->n;
	b->newest_us = newest;
#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++) {
		int64_t time_us = b->pkt[i].time_us;
		newest = time_us > newest ? time_us : newest;
		oldest = time_us < oldest ? time_us : oldest;
	}
	if (__builtin_sub_overflow(newest, lateness_us, &floor) || floor < EVENT_TIME_MIN)
		floor = EVENT_TIME_MIN;
	// What is not late against the newest of the whole burst is not late against an earlier one.
	if (UNLIKELY(oldest < floor || newest > EVENT_TIME_MAX)) {
		event_clock_walk(newest_us, lateness_us, b);
		return;
	}
#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++)
		b->pkt[i].flags = 0;
	*newest_us = newest;
}
