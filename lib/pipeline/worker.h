// A worker: one thread's pipeline. Receive, parse, match, count, release: a burst at a time, run to
// completion, nothing shared but counters out, a stop flag in, and rule sets in exchange.
#pragma once

#include "flow/alert_ring.h"
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
	uint32_t alerts; // that may wait for the exporter; 0: none are made
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
	struct alert_ring alerts; // shared with the exporter; without slots where none are made
	struct pane_store panes; // its rings and horizon are shared with the exporter
	CACHE_GUARD(guard);
	struct counters published; // worker → any thread: struct tally
	// Worker → control; written once a reload, and at the end.
	CACHE_ALIGNED _Atomic(uint32_t) adopted; // offers taken
	_Atomic(bool) left; // the last step is done: no further offer is taken
	CACHE_GUARD(guard_published);
	// Control → worker: finish what was received, hand everything over, return.
	CACHE_ALIGNED _Atomic(bool) stop;
	_Atomic(uint32_t) offered; // control → worker: rule sets offered so far
	// Control's while adopted = offered, else the worker's; then again control's, with the set before.
	struct match_set offer;
	CACHE_GUARD(guard_end);
};

// 0 or -ENOMEM. Must not move afterwards: allocate it aligned to CACHE_LINE.
int worker_init(struct worker *w, const struct worker_config *conf);
void worker_fini(struct worker *w);

// One round over the sources. Returns packets taken (0: nothing was there), -ENODATA when every source
// has ended, -ECANCELED when the run was cut short, or a source's fault (text in that source's err);
// after a negative value all panes are handed over and the horizon is final.
int worker_step(struct worker *w);

// Control thread. Offers another rule set, of a worker that was opened with one (even if empty): the
// worker takes it between two bursts, ahead of the next packet it receives. One offer at a time.
void worker_offer(struct worker *w, struct match_set set);

// Control thread, after an offer: true once the worker uses neither the set before nor, if it ended first,
// the one offered; *old is that set, now the caller's. `adopted` tells which of them it is.
bool worker_take_back(struct worker *w, struct match_set *old, bool *adopted);

// After the last step: counters read as they stand. Any thread while the worker runs.
void worker_tally(struct worker *w, struct tally *out);
