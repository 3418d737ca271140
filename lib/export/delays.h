// How long after they were due windows left: the longest, and a histogram from which quantiles are read
// with an error of an eighth at most.
#pragma once

#include "flow/window.h"

#include <stdint.h>

struct live_clock;

#define DELAYS_SUB 8 // buckets for each doubling
#define DELAYS_BUCKETS (64 * DELAYS_SUB)

struct delays {
	uint64_t n;
	uint64_t max_us;
	uint64_t count[DELAYS_BUCKETS];
};

// What is early counts as 0.
void delays_add(struct delays *d, int64_t us);

// What window_set_close gave out has left now, by the clock. What had to make room was not due.
void delays_note(
	struct delays *d, const struct window_set *ws, const struct window_out *out,
	struct live_clock *clock
);

// The least bound, of those between buckets, that so many of a hundred do not exceed; 0: there are none.
uint64_t delays_quantile(const struct delays *d, uint32_t percent);
