// The collector: takes rows that were counted elsewhere and puts them into panes, as a worker does with
// packets. One thread; to the exporter and the ledger it looks like a worker.
#pragma once

#include "base/key_cut.h"
#include "base/state_pool.h"
#include "flow/pane.h"
#include "pipeline/count_source.h"
#include "pipeline/tally.h"

#include <stdbool.h>
#include <stdint.h>

struct collector_config {
	struct count_source *source; // borrowed
	uint32_t fields; // of the finest key that any stream needs
	struct key_cut cut; // of the same
	struct pane_config panes; // as wide as the source's
	struct hash_seed seed;
	struct state_pool *pool; // for checkpoints; borrowed; NULL: there are none
};

struct collector {
	// the collector thread's own
	CACHE_ALIGNED struct count_source *source;
	struct flow_key mask;
	struct hash_seed seed;
	struct tally tally;
	struct count_batch batch;
	bool stopping;
	struct state_pool *pool; // borrowed; NULL: no checkpoints
	uint32_t marked; // checkpoints that were taken up
	struct pane_store panes; // its rings and horizon are shared with the exporter
	CACHE_GUARD(guard);
	struct counters published; // collector → any thread: struct tally
	CACHE_GUARD(guard_published);
	// Control → collector: count no more, hand everything over, return.
	CACHE_ALIGNED _Atomic(bool) stop;
	_Atomic(bool) keep; // ahead of `stop`: what was counted is saved
	_Atomic(uint32_t) checkpoint; // checkpoints asked for
	CACHE_GUARD(guard_end);
};

// 0 or -ENOMEM. Must not move afterwards: allocate it aligned to CACHE_LINE.
int collector_init(struct collector *c, const struct collector_config *conf);
void collector_fini(struct collector *c);

// Takes a batch. Returns rows taken (0: none were there), -ECANCELED after `stop` was seen and all is
// handed over, or the source's fault, its text in source->err.
int collector_step(struct collector *c);
