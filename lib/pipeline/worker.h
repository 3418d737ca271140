// A worker: one thread's pipeline. Receive, parse, match, count, release: a burst at a time, run to
// completion, nothing shared but counters out and a stop flag in.
#pragma once

#include "flow/pane.h"
#include "match/matcher.h"
#include "pipeline/drain.h"
#include "pipeline/intake.h"
#include "pipeline/stage_match.h"
#include "pipeline/stage_track.h"
#include "pipeline/tally.h"

#include <stdbool.h>
#include <stdint.h>

struct worker_config {
	struct source **sources; // this worker's; borrowed
	uint32_t n_sources;
	struct intake_config intake; // used for sources that are not `parsed`
	const struct matcher *matcher; // borrowed; NULL: no rules
	uint32_t fields; // of the finest key that any stream needs
	struct pane_config panes;
	struct hash_seed seed;
};

struct worker {
	// The worker thread's own.
	CACHE_ALIGNED struct source **sources;
	uint32_t n_sources;
	uint32_t n_live; // sources that have not ended
	bool *ended; // owned; per source
	bool has_intake;
	bool patient; // every source is: what is in a file is not on its way
	int taken; // packets of the round before
	struct drain drain;
	int64_t lateness_us;
	struct intake intake;
	struct stage_track track;
	struct stage_match match;
	struct tally tally;
	struct burst burst;
	struct pane_store panes; // its rings and horizon are shared with the exporter
	CACHE_GUARD(guard);
	struct counters published; // worker → any thread: struct tally
	CACHE_GUARD(guard_published);
	// Control → worker: finish what was received, hand everything over, return.
	CACHE_ALIGNED _Atomic(bool) stop;
	CACHE_GUARD(guard_end);
};

// 0 or -ENOMEM. Must not move afterwards: allocate it aligned to CACHE_LINE.
int worker_init(struct worker *w, const struct worker_config *conf);
void worker_fini(struct worker *w);

// One round over the sources. Returns packets taken (0: nothing was there), -ENODATA when every source
// has ended, -ECANCELED when the run was cut short, or a source's fault (text in that source's err);
// after a negative value all panes are handed over and the horizon is final.
int worker_step(struct worker *w);

// After the last step: counters read as they stand. Any thread while the worker runs.
void worker_tally(struct worker *w, struct tally *out);
