// A worker: one thread's pipeline. Receive, parse, match, count, release: a burst at a time, run to
// completion, nothing shared but counters out, a stop flag in, and rule sets in exchange.
#pragma once

#include "base/key_cut.h"
#include "base/state_pool.h"
#include "flow/alert_ring.h"
#include "flow/pane.h"
#include "pipeline/drain.h"
#include "pipeline/intake.h"
#include "pipeline/stage_match.h"
#include "pipeline/stage_track.h"
#include "pipeline/stage_windows.h"
#include "pipeline/tally.h"

#include <stdbool.h>
#include <stdint.h>

struct worker_config {
	struct source **sources; // this worker's; borrowed
	uint32_t n_sources;
	struct intake_config intake; // used for sources that are not `parsed`
	struct stage_match_config match; // its lateness is the intake's
	uint32_t fields; // of the finest key that any stream needs
	struct key_cut cut; // of the same
	struct pane_config panes;
	struct pane_config late; // of late packets' corrections; turn_us 0: none are made
	struct hash_seed seed;
	const struct count_config
		*counts; // streams of so many packets; all but `patient` and `mem`
	uint32_t n_counts;
	uint32_t alerts; // that may wait for the exporter; 0: none are made
	struct state_pool *pool; // for checkpoints; borrowed; NULL: there are none
	uint32_t number; // of all workers: tells their parts of a checkpoint apart
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
	struct stage_windows windows; // the tables' rings are shared with the exporter
	struct tally tally;
	struct state_pool *pool; // borrowed; NULL: no checkpoints
	uint32_t number;
	uint32_t marked; // checkpoints that were taken up, of those asked for below
	bool saving; // one of them goes on
	struct burst burst;
	struct alert_ring alerts; // shared with the exporter; without slots where none are made
	struct pane_store panes; // its rings and horizon are shared with the exporter
	struct pane_store late; // as `panes`, all zero where there are no corrections
	CACHE_GUARD(guard);
	struct counters published; // worker → any thread: struct tally
	struct counters published_match; // worker → any thread: struct inspect_stats
	struct spsc
		left_sets; // struct match_set: worker → control; sets that are not needed any more
	// Worker → control; written once a reload, and at the end.
	CACHE_ALIGNED _Atomic(uint32_t) adopted; // offers taken
	_Atomic(bool) left; // the last step is done: no further offer is taken
	CACHE_GUARD(guard_published);
	// Control → worker: finish what was received, hand everything over, return.
	CACHE_ALIGNED _Atomic(bool) stop;
	_Atomic(bool) keep; // ahead of `stop`: what is open stays open, and what is known is saved
	// Checkpoints asked for; those of a receiver come through its lanes instead.
	_Atomic(uint32_t) checkpoint;
	_Atomic(uint32_t) offered; // control → worker: rule sets offered so far
	struct match_set offer; // control's while adopted = offered, else the worker's
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
// worker takes it over between two bursts, ahead of the next packet it receives. One offer at a time.
// The one before comes back when no stream needs it any more (worker_give_back).
void worker_offer(struct worker *w, struct match_set set);

// Control thread, after an offer: true once the worker has taken it (*adopted), or has ended without:
// then *back is the set, the caller's again.
bool worker_offer_done(struct worker *w, bool *adopted, struct match_set *back);

// Control thread: a set that this worker does not need any more. False: there is none now.
bool worker_give_back(struct worker *w, struct match_set *set);

// Whether what the worker has counted of matching is there to be read: it has rules.
bool worker_matches(const struct worker *w);

// What it has counted of matching, as worker_tally.
void worker_match_stats(struct worker *w, struct inspect_stats *out);

// After the last step: counters read as they stand. Any thread while the worker runs.
void worker_tally(struct worker *w, struct tally *out);

// Ahead of the first step: a record of a checkpoint, of which this worker takes what `share` says; NULL: all.
// 0, also where it is somebody else's, or -errno with err set. Then, when all were given, worker_loaded.
int worker_load(
	struct worker *w, const struct state_record *r, const struct share *share, struct err *err
);
int worker_loaded(struct worker *w, struct err *err);
