// Bursts in which not every packet is on time. The clock is asked only about packets that claim to be far
// ahead: traffic behind a long silence, or one broken time stamp.

#include "event_clock.h"

#include "base/live_clock.h"

// Whether a packet's time may become the newest. *seen_us: what the time is otherwise.
static bool may_lead(const struct event_bounds *bounds, int64_t time_us, int64_t *seen_us) {
	if (*seen_us == INT64_MIN && bounds->clock == NULL)
		return true;
	if (*seen_us != INT64_MIN && time_us <= event_ceiling(*seen_us, bounds->ahead_us))
		return true;
	if (bounds->clock == NULL)
		return false;
	int64_t now_us = live_clock_us(bounds->clock);
	if (time_us <= event_ceiling(now_us, bounds->ahead_us))
		return true;
	if (*seen_us == INT64_MIN)
		*seen_us = now_us;
	return false;
}

void event_clock_walk(int64_t *newest_us, const struct event_bounds *bounds, struct burst *b) {
	int64_t newest = *newest_us;
	for (uint32_t i = 0; i < b->n; i++) {
		struct packet *p = &b->pkt[i];
		int64_t time_us = p->time_us, floor = newest, seen = newest;
		time_us = time_us > EVENT_TIME_MAX ? EVENT_TIME_MAX : time_us;
		time_us = time_us < EVENT_TIME_MIN ? EVENT_TIME_MIN : time_us;
		bool future = bounds->ahead_us > 0 && time_us > newest
			&& !may_lead(bounds, time_us, &seen);
		if (future)
			time_us = floor = seen;
		else if (__builtin_sub_overflow(newest, bounds->lateness_us, &floor))
			floor = INT64_MIN;
		bool late = future || time_us < floor;
		p->time_us = time_us;
		p->flags = late ? PACKET_LATE : 0;
		if (late)
			b->floor_us[i] = floor;
		else
			newest = time_us > newest ? time_us : newest;
	}
	*newest_us = newest;
}
