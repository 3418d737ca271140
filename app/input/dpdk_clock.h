// A counter's readings as UTC: the line through pairs of (ticks, UTC), fitted anew about once a second
// and bent, never broken, so that time does not run backwards. One thread owns each clock.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct live_clock;

#define DPDK_CLOCK_PERIOD_US 1000000 // between fits

struct dpdk_clock {
	uint64_t base_ticks; // the line goes through this point
	int64_t base_us; // microseconds since 1970, UTC
	double us_per_tick; // the line's slope: the rate, bent to meet UTC by the next fit
	double rate; // of the counter, as measured
	uint64_t next_fit; // ticks from which on a new fit is due
	uint64_t last_ticks; // the last pair
	int64_t last_us;
	uint64_t first_ticks; // begin of the measurement of the rate
	int64_t first_us;
};

// Begins with two pairs, some milliseconds apart. False if the counter did not move.
bool dpdk_clock_init(
	struct dpdk_clock *c, uint64_t ticks0, int64_t us0, uint64_t ticks1, int64_t us1
);

// A new pair, at most about once a second.
void dpdk_clock_fit(struct dpdk_clock *c, uint64_t ticks, int64_t us);

static inline bool dpdk_clock_due(const struct dpdk_clock *c, uint64_t ticks) {
	return (int64_t)(ticks - c->next_fit) >= 0;
}

static inline int64_t dpdk_clock_us(const struct dpdk_clock *c, uint64_t ticks) {
	return c->base_us + (int64_t)((double)(int64_t)(ticks - c->base_ticks) * c->us_per_tick);
}

// Reads the port's clock and UTC, as event time has it, at the same moment, as near as can be. 0 or -errno.
int dpdk_clock_read(uint16_t port, struct live_clock *live, uint64_t *ticks, int64_t *us);
