// The clock of live input: one for a run, so that what receives, what closes windows and what measures how
// late they left agree. One thread tends it, all others read it.
#pragma once

#include "counters.h"
#include "live_line.h"

#include <stdint.h>

#define LIVE_CLOCK_PERIOD_NS 1000000000 // between looks at UTC

struct live_clock {
	struct live_line line; // of who tends it
	uint64_t next_ns; // when to look again
	struct counters published; // who tends it → all others
};

// Begins with UTC as it is. Must not move afterwards.
void live_clock_init(struct live_clock *c);

// Looks at UTC if a second has passed since it last did, and says in the log that it was set. Returns by how
// much, in nanoseconds; 0: it was not.
int64_t live_clock_tend(struct live_clock *c);

// Ahead of the first packet, by who tends it: never tells a time before `us` from now on, which is one that
// a run before this one came to.
void live_clock_reach(struct live_clock *c, int64_t us);

// Any thread. As it is now: good for the times of a burst.
struct live_line live_clock_line(struct live_clock *c);

// Any thread. Microseconds since 1970, UTC, now. What one thread is told never goes back.
int64_t live_clock_us(struct live_clock *c);

uint64_t live_clock_mono_ns(void); // CLOCK_MONOTONIC now

// Reads both clocks at one moment, as near as can be: monotonic time, and UTC less monotonic time.
void live_clock_read(uint64_t *mono_ns, int64_t *offset_ns);
