// Panes: slices of event time, each with a flow table and perhaps rows of match events, that a worker
// fills and hands to the exporter by pointer. Handing over is not closing: a pane may be handed over any
// number of times.
#pragma once

#include "base/ring_mark.h"
#include "base/spsc.h"
#include "flow/rule_rows.h"
#include "flow/table.h"

#include <stdbool.h>
#include <stdint.h>

// No pane is wider, so that offsets fit 32 bits; wider windows are made of several.
#define PANE_WIDTH_MAX_US 3600000000
#define PANES_ACTIVE_MAX 64

struct pane {
	int64_t start_us; // multiple of the width
	int64_t end_us;
	// Of late packets: the cell of event time, as wide as the store's turns, in which the newest time
	// less the lateness stood when they came.
	int64_t turn_us;
	uint64_t used_at; // when it was last active, in opened panes; worker's
	uint32_t packets; // counted in it since it was empty
	bool reserve; // a small one, for when all others are with the exporter
	struct flow_row rest; // what found no room in the table
	struct flow_table table;
	struct rule_rows *rules; // the store's; NULL: nobody asks for them
};

struct pane_config {
	int64_t width_us; // 1 .. PANE_WIDTH_MAX_US
	uint32_t active; // panes kept active, 1 .. PANES_ACTIVE_MAX
	uint32_t spares; // further panes in circulation
	uint32_t rows; // of each
	// Not 0: a store of late packets, which are told apart by when they came, in cells of that width: a
	// divisor of what any stream puts into one batch of corrections.
	int64_t turn_us;
	bool patient; // wait for a pane rather than give up a row: the input waits for us
	struct rule_rows_config rules;
	const struct mem *mem;
};

// One worker's. Only `sealed`, `spare` and `horizon_us` are touched by the exporter.
struct pane_store {
	int64_t width_us;
	int64_t turn_width_us; // of late packets; 0: of others
	int64_t turn_us; // of all active panes
	uint32_t max_active;
	uint32_t n_active;
	bool patient;
	uint32_t rows; // flows that a pane opened next is laid out for
	uint64_t opened;
	uint64_t handed_over;
	struct pane *active[PANES_ACTIVE_MAX];
	struct pane *all; // owned
	struct rule_rows *rules; // owned; one a pane, NULL: none
	uint32_t n_all;
	uint32_t n_reserve;
	struct pane **reserve; // free small ones
	struct spsc sealed; // struct pane *: worker → exporter
	struct spsc spare; // struct pane *: exporter → worker, emptied
	struct ring_mark mark; // in `sealed`
	int64_t mark_horizon_us; // `horizon_us` as the mark was set; written ahead of it
	CACHE_GUARD(guard);
	// Nothing earlier than this will be handed over any more. Worker → exporter; stored after
	// the panes it speaks of were pushed to `sealed`.
	CACHE_ALIGNED _Atomic(int64_t) horizon_us;
	CACHE_GUARD(guard_end);
};

// 0 or -ENOMEM. The store must not move afterwards. Free with pane_store_fini.
int pane_store_init(struct pane_store *ps, const struct pane_config *conf);
void pane_store_fini(struct pane_store *ps);

// The widest pane not over `most_us` of which every one of `n` steps is a multiple; 0 is a multiple of any.
int64_t pane_width(const int64_t *steps_us, uint32_t n, int64_t most_us);

// The start of the pane that holds `time_us`: rounded down, also before 1970.
int64_t pane_start(int64_t time_us, int64_t width_us);

// The horizon less the pane it lies in, which is still being filled. INT64_MAX and what is too early for a
// pane stay.
int64_t pane_horizon(int64_t horizon_us, int64_t width_us);

// Worker: the active pane that holds `time_us`; NULL if it is not active.
struct pane *pane_store_find(struct pane_store *ps, int64_t time_us);

// Worker, of late packets: those that come next were late against `floor_us`. Panes of an earlier turn are
// handed over. A turn behind the one before is the one before.
void pane_store_turn(struct pane_store *ps, int64_t floor_us);

// Worker: makes the pane that holds `time_us` active, which may hand over the one used longest ago.
// NULL when no pane is left; a patient store waits instead.
struct pane *pane_store_open(struct pane_store *ps, int64_t time_us);

// Worker: `p` is full; hands it over and returns an empty one for the same time. Returns `p` itself
// when no pane is left; a patient store waits instead.
struct pane *pane_store_renew(struct pane_store *ps, struct pane *p);

// Worker: whether renew would find a pane, now or by waiting.
bool pane_store_has_spare(struct pane_store *ps);

// Worker: hands over what ends at or before `horizon_us` (late packets: whose turn does), or could not take
// another burst, then publishes the horizon. INT64_MAX: everything. Panes whose rows of events are crowded
// go too, where another would be found.
void pane_store_advance(struct pane_store *ps, int64_t horizon_us);

// Worker: hands over everything without moving the horizon: the run was cut short.
void pane_store_flush(struct pane_store *ps);

// Worker, between bursts: hands over everything and sets a mark. One at a time.
void pane_store_mark(struct pane_store *ps);

// Exporter: the next pane handed over, NULL if there is none, or none ahead of a mark; give it back with
// pane_store_return.
struct pane *pane_store_take(struct pane_store *ps);
void pane_store_return(struct pane_store *ps, struct pane *p);

// Exporter: whether everything ahead of a mark was taken. `horizon_us` may speak of what is behind it,
// then: mark_horizon_us is the one to use.
static inline bool pane_store_marked(const struct pane_store *ps) {
	return ring_mark_reached(&ps->mark, &ps->sealed);
}

// Exporter: goes on behind the mark.
static inline void pane_store_pass(struct pane_store *ps) {
	ring_mark_pass(&ps->mark);
}
