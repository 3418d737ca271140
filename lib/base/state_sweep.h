// A sweep over the buckets of a table that changes under way: each bucket is saved once, as it was when the
// sweep began, either in its turn or ahead of its first change. One thread's.
#pragma once

#include "base/cache.h"
#include "base/state_io.h"

#include <stdbool.h>
#include <stdint.h>

struct state_sweep {
	uint32_t at, end; // buckets [at, end) have yet to come; equal: no sweep is on
	uint32_t buckets;
	uint64_t *ahead; // owned; a bit each of [at, end): it was saved ahead of its turn
	struct state_writer *to; // borrowed, while a sweep is on
};

// Saves what the table `x` has in a bucket, if anything.
typedef void state_sweep_save(const void *x, uint32_t bucket, struct state_writer *to);

// 0 or -ENOMEM. Memory is touched by sweeps only.
int state_sweep_init(struct state_sweep *s, uint32_t buckets);
void state_sweep_fini(struct state_sweep *s);

// A sweep begins here, to `to`. None may be on.
void state_sweep_begin(struct state_sweep *s, struct state_writer *to);

// The same over the first `n` buckets alone: the others are empty, and not looked at.
void state_sweep_begin_first(struct state_sweep *s, uint32_t n, struct state_writer *to);

// The sweep is over, whether or not it came to its end.
void state_sweep_end(struct state_sweep *s);

// Saves buckets in turn, STATE_STEP octets of them or so. True: nothing is left.
bool state_sweep_step(struct state_sweep *s, state_sweep_save *save, const void *x);

void state_sweep_save_ahead(
	struct state_sweep *s, state_sweep_save *save, const void *x, uint32_t bucket
);

// To be called ahead of any change in a bucket; a comparison where no sweep is on.
static inline void
state_sweep_change(struct state_sweep *s, state_sweep_save *save, const void *x, uint32_t bucket) {
	if (UNLIKELY(bucket - s->at < s->end - s->at))
		state_sweep_save_ahead(s, save, x, bucket);
}
