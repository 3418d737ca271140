// CLOCK_MONOTONIC, which is what XDP programs stamp frames with, as UTC: an offset that follows UTC
// when UTC is set, by bending and not by breaking, so that event time never runs backwards. One thread
// owns each clock.
#pragma once

#include <stdint.h>

#define XDP_CLOCK_PERIOD_NS 1000000000 // between looks at UTC

struct xdp_clock {
	int64_t offset_ns; // UTC less monotonic, at base_ns
	int64_t behind_ns; // how far the offset still has to go from there
	uint64_t base_ns;
	uint64_t next_ns; // when to look again
};

// Reads both clocks at one moment, as near as can be: monotonic time, and UTC less monotonic time.
void xdp_clock_read(uint64_t *mono_ns, int64_t *offset_ns);

// Begins with such a pair.
void xdp_clock_init(struct xdp_clock *c, uint64_t mono_ns, int64_t offset_ns);

// Takes a further pair, about once a second. Returns by how much UTC was set since the last, in
// nanoseconds; 0: it was not.
int64_t xdp_clock_fit(struct xdp_clock *c, uint64_t mono_ns, int64_t offset_ns);

// UTC less monotonic time.
int64_t xdp_clock_offset_ns(const struct xdp_clock *c, uint64_t mono_ns);

// Microseconds since 1970, UTC.
int64_t xdp_clock_us(const struct xdp_clock *c, uint64_t mono_ns);

uint64_t xdp_clock_mono_ns(void); // CLOCK_MONOTONIC now
