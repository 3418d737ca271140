// Windows of one stream, made from handed-over panes: tumbling and sliding ones are unions of slices,
// sessions and flows are what a small machine for each key makes of the slices in order of time, and those of
// so many packets are made by workers. A stream with FIELD_RULE takes the panes' rows of match events.
#pragma once

#include "flow/back.h"
#include "flow/pane.h"
#include "flow/ranking.h"
#include "flow/sums.h"
#include "flow/where.h"

#include <stdbool.h>
#include <stdint.h>

struct count_table;

enum window_kind {
	WINDOW_TUMBLING,
	WINDOW_SLIDING,
	WINDOW_SESSION,
	WINDOW_FLOW,
	WINDOW_COUNT,
};

struct window_config {
	uint32_t fields; // FIELD_BIT()s of the key
	bool biflow; // both directions are one; wants both addresses, and both ports or none
	struct key_cut cut; // of the key
	const struct where *where; // which rows are taken; borrowed; NULL: all
	uint32_t
		distinct; // FIELD_BIT() of the field whose values are counted; 0: none; not with biflow
	struct key_cut distinct_cut; // of these
	enum window_kind kind;
	int64_t size_us; // tumbling and sliding: the window; session: GAP; flow: ACTIVE
	int64_t step_us; // sliding: EVERY; flow: IDLE
	// The panes'. Tumbling and sliding: divides windows and steps; session: no wider than GAP; flow: a
	// divisor of a second, no wider than IDLE.
	int64_t pane_us;
	struct budget *budget; // of what is not complete yet; shared by all streams; borrowed
	uint64_t memory; // octets for open sessions and flows
	bool keep_open; // where they are used up: new ones go to the rest, rather than end the oldest
	int64_t live_start_us; // sessions and flows that may have begun before are partial; INT64_MIN: none
	struct hash_seed seed;
	struct ranking_config ranking; // .top 0: all keys are given out; of windows only
	struct count_table *const *counts; // count: the stream's, one a worker; they are borrowed
	uint32_t n_counts;
};

// Live traffic that was missed between two runs, and what was missed before the first.
struct window_gap {
	int64_t first_us; // where the run before began; INT64_MIN: there was none
	int64_t from_us; // where it was left
};

// Whether a window lacks what was missed before `live_start_us`, where this run began.
static inline bool window_gap_cuts(
	const struct window_gap *g, int64_t live_start_us, int64_t start_us, int64_t end_us
) {
	int64_t to_us = live_start_us > g->from_us ? live_start_us : g->from_us;
	return start_us < g->first_us || (start_us < to_us && end_us > g->from_us);
}

// What is given out at a time: one window, a part of one, or some sessions, flows or windows of so many
// packets.
struct window_out {
	int64_t start_us;
	int64_t end_us;
	// Not 0: each sum is a window of its own, [first_us, last_us + tail_us), perhaps with a reason;
	// start_us and end_us mean nothing.
	int64_t tail_us;
	const struct flow_sum *sum; // with .ranking by rank, then what is left
	const struct flow_back *back; // of each, with biflow; else NULL
	uint32_t n;
	// What the memory bounds kept from having a row, of both directions; NULL: nothing.
	const struct flow_sum *rest;
	bool again; // it is of the window of which a part was given out before
	bool more; // what is given out next is of the same window
	// The window was given out before, as memory had no room for it to wait; .rest is what came later, too
	// late for any other.
	bool behind;
};

struct window_set; // the exporter's; one thread

// NULL when out of memory. Copies `conf`. Free with _free.
struct window_set *window_set_new(const struct window_config *conf);
void window_set_free(struct window_set *ws);

// Adds the rows of a pane that the stream takes, and its rest row; with FIELD_RULE those of its events. The
// pane is one of the configured width. Returns 0 or, when not even a slice could be had, -ENOMEM: then
// nothing of it was added.
int window_set_add(struct window_set *ws, const struct pane *pane);

// The next of what is complete when no row earlier than `horizon_us` comes any more, a multiple of
// pane_us; INT64_MAX: no row comes. NULL if there is none. What it returns is the set's, and good until
// it is called again; so must it be after a part, with anything, before panes are added.
const struct window_out *window_set_close(struct window_set *ws, int64_t horizon_us);

// The run is cut short: sessions and flows that the end finds open are forced, and partial.
void window_set_cut(struct window_set *ws);

// The run goes on from where another was left: `first_us` is where that began.
void window_set_gap(struct window_set *ws, int64_t first_us, int64_t from_us);

// Checkpoints. Whether, of windows that workers make (count), all ahead of their marks were taken; true of
// other kinds. And goes on behind the marks.
bool window_set_marked(const struct window_set *ws);
void window_set_pass(struct window_set *ws);

// The horizon at which the oldest memory of the budget comes free; INT64_MAX when nothing holds any.
int64_t window_set_oldest(const struct window_set *ws);

// When a session or flow that was given out was due: nothing that comes later could have been in it. A
// count: its last packet, INT64_MAX for one that is not full.
int64_t window_set_due(const struct window_set *ws, const struct flow_sum *sum);

// Windows, sessions and flows open now; of the latter with biflow each direction.
uint32_t window_set_open(const struct window_set *ws);

// Sessions and flows that were ended to make room, so far.
uint64_t window_set_evicted(const struct window_set *ws);
