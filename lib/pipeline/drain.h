// Draining: what had arrived when the end was asked for is still taken, as long as that is not for ever.
// Belongs to the thread that receives.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DRAIN_MAX_US 200000 // at most so long: live traffic may come faster than it is taken
#define DRAIN_QUIET_US 1000 // nothing came for so long: that was all

// All zero: not begun.
struct drain {
	int64_t end_us; // CLOCK_MONOTONIC; 0: not begun
	int64_t quiet_us; // since when nothing has come
};

// Whether to go on receiving once the end was asked for; `taken` packets came by the round before.
bool drain_goes_on(struct drain *d, int taken);
