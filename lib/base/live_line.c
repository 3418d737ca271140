// NTP's steering of the rate is in CLOCK_MONOTONIC already, so the two clocks differ by a constant until
// UTC is set. Forward, a long way is followed at once; backward never: it would make every packet late.

#include "live_line.h"

#define NOISE_NS 20000 // two readings of one offset differ by less
#define STEP_NS 1000000000 // forward by more than this is followed at once
#define BEND 10 // one part in that many: how fast the offset moves

void live_line_init(struct live_line *l, uint64_t mono_ns, int64_t offset_ns) {
	*l = (struct live_line){.offset_ns = offset_ns, .base_ns = mono_ns};
}

// Of the way that the offset has to go, what it has gone.
static int64_t gone(const struct live_line *l, uint64_t mono_ns) {
	int64_t since = (int64_t)(mono_ns - l->base_ns);
	if (l->behind_ns == 0 || since <= 0)
		return 0;
	int64_t most = since / BEND;
	if (l->behind_ns > 0)
		return most < l->behind_ns ? most : l->behind_ns;
	return -most > l->behind_ns ? -most : l->behind_ns;
}

// From where the line is now to where it is to come.
static void aim(struct live_line *l, uint64_t mono_ns, int64_t offset_ns) {
	l->offset_ns += gone(l, mono_ns);
	l->base_ns = mono_ns;
	if (offset_ns - l->offset_ns > STEP_NS) {
		l->leap_from_ns = (int64_t)mono_ns + l->offset_ns;
		l->leap_to_ns = (int64_t)mono_ns + offset_ns;
		l->offset_ns = offset_ns;
	}
	l->behind_ns = offset_ns - l->offset_ns;
}

int64_t live_line_fit(struct live_line *l, uint64_t mono_ns, int64_t offset_ns) {
	int64_t set = offset_ns - (l->offset_ns + l->behind_ns);
	if (set > -NOISE_NS && set < NOISE_NS)
		return 0;
	aim(l, mono_ns, offset_ns);
	return set;
}

bool live_line_reach(struct live_line *l, uint64_t mono_ns, int64_t utc_ns) {
	int64_t offset_ns = utc_ns - (int64_t)mono_ns;
	int64_t end_ns = l->offset_ns + l->behind_ns;
	if (offset_ns <= live_line_offset_ns(l, mono_ns))
		return false;
	live_line_init(l, mono_ns, offset_ns);
	aim(l, mono_ns, end_ns);
	return true;
}

int64_t live_line_offset_ns(const struct live_line *l, uint64_t mono_ns) {
	return l->offset_ns + gone(l, mono_ns);
}

int64_t live_line_us(const struct live_line *l, uint64_t mono_ns) {
	return ((int64_t)mono_ns + live_line_offset_ns(l, mono_ns)) / 1000;
}

int64_t live_line_since_us(const struct live_line *l, uint64_t mono_ns, int64_t us) {
	int64_t from_us = l->leap_from_ns / 1000, to_us = l->leap_to_ns / 1000;
	int64_t since_us = live_line_us(l, mono_ns) - us;
	if (us < to_us)
		since_us -= to_us - (us > from_us ? us : from_us);
	return since_us;
}
