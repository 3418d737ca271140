// CLOCK_MONOTONIC as UTC: an offset that follows UTC when UTC is set, by bending and not by breaking, so
// that time never runs backwards. Arithmetic alone: whoever owns a line reads the clocks.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct live_line {
	int64_t offset_ns; // UTC less monotonic, at base_ns
	int64_t behind_ns; // how far the offset still has to go from there
	uint64_t base_ns;
	// The time that was passed over when UTC was last set forward by far; equal: none was.
	int64_t leap_from_ns;
	int64_t leap_to_ns;
};

// Begins with a monotonic time and UTC less it.
void live_line_init(struct live_line *l, uint64_t mono_ns, int64_t offset_ns);

// Takes a further pair, about once a second. Returns by how much UTC was set since the last, in
// nanoseconds; 0: it was not, and the line is as it was.
int64_t live_line_fit(struct live_line *l, uint64_t mono_ns, int64_t offset_ns);

// Goes on from `utc_ns`, if that is ahead of what the line says, and from there as if UTC had been set back.
// Whether it was.
bool live_line_reach(struct live_line *l, uint64_t mono_ns, int64_t utc_ns);

// UTC less monotonic time.
int64_t live_line_offset_ns(const struct live_line *l, uint64_t mono_ns);

// How many microseconds ago it was `us`; a leap takes no time.
int64_t live_line_since_us(const struct live_line *l, uint64_t mono_ns, int64_t us);

// Microseconds since 1970, UTC.
int64_t live_line_us(const struct live_line *l, uint64_t mono_ns);
