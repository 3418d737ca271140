// The track stage: late packets get their verdict, every other one gets the row it will be counted
// in, and late ones the row of their correction where somebody asks for it. Works on a part of the burst at
// a time, whose packets all fall into one pane: panes change only between parts, where no packet still
// points into one.
#pragma once

#include "flow/pane.h"
#include "packet/burst.h"

struct stage_track {
	struct pane_store *panes; // borrowed
	struct pane_store *late; // of late packets; NULL: they are counted in no window; borrowed
	struct pane *current; // the pane of the packet before
	struct pane *part; // that of the part in work
	struct flow_key mask; // of the finest key any stream needs
	struct hash_seed seed;
	bool counts; // nothing comes between finding a row and counting in it: done in one pass
	uint64_t rest; // packets that found no row but the pane's rest
	uint64_t uncorrected; // late packets that found no pane
};

// `late`: see above. `counts`: without a match stage, rows are counted where they are found, and stage_count
// is not run.
void stage_track_init(
	struct stage_track *st, struct pane_store *panes, struct pane_store *late, uint32_t fields,
	const struct key_cut *cut, const struct hash_seed *seed, bool counts
);

// Takes up at b->begin and sets b->end: [begin, end) have their verdict or their row; b->count and
// b->offset_us say which and where, b->late whether they are late. The caller counts them, sets b->begin =
// b->end and calls again until b->end == b->n. Always moves on by at least one packet.
void stage_track_run(struct stage_track *st, struct burst *b);

// Between parts: counts a match event without a packet of its own, under what its key (unmasked) is in
// rows. Returns the pane it was counted in, NULL when its time is over or nothing could be had for it.
struct pane *stage_track_event(struct stage_track *st, const struct flow_key *key, int64_t time_us);

// The time before which nothing is counted any more.
static inline int64_t stage_track_horizon(const struct stage_track *st) {
	return atomic_load_explicit(&st->panes->horizon_us, memory_order_relaxed);
}

// Panes were handed over by someone else: forget the current one.
static inline void stage_track_forget(struct stage_track *st) {
	st->current = NULL;
	st->part = NULL;
}
