// What the kinds of windows share, and how each is reached: window.c knows no kind, and no kind another.
#pragma once

#include "flow/biflow.h"
#include "flow/carry.h"
#include "flow/count_table.h"
#include "flow/readout.h"
#include "flow/running.h"
#include "flow/slices.h"
#include "flow/window.h"

struct window_set;

struct window_kind_ops {
	// As window_set_close, and never a part of a window. Of a stream with biflow windows are given out by
	// direction, sessions and flows as records.
	const struct window_out *(*close)(struct window_set *ws, int64_t horizon_us);
	// Windows only: the table that `out` was made from.
	const struct sums *(*table)(const struct window_set *ws);
	// As window_set_oldest.
	int64_t (*frees)(const struct window_set *ws);
	// Sessions and flows only. The time by which an open sum has ended unless something joins it: once
	// nothing earlier comes any more, nothing will.
	int64_t (*due)(const struct window_config *conf, const struct flow_sum *sum);
	// And why it will have.
	enum flow_end (*reason)(const struct window_config *conf, const struct flow_sum *sum);
};

struct window_set {
	struct window_config conf;
	const struct window_kind_ops *ops;
	struct slices slices;
	struct biflow biflow;
	struct window_out out;
	// Of windows whose sums are not records yet.
	struct readout readout;
	struct window_out part; // of `out`
	// Tumbling: what `out` speaks of. Sessions and flows: what is being taken in. Owned.
	struct slice *given;
	// Sliding.
	struct running running;
	struct flow_sum rest; // for `out`
	int64_t next_end_us; // of the window behind the last one that was given out
	// Sessions and flows.
	int64_t gap_us; // a gap strictly greater ends one
	struct carry carry; // open ones
	struct distinct distinct; // their sets
	struct flow_sum *batch; // WINDOW_BATCH of them, for `out`, also of count; owned
	struct flow_back *batch_back; // of each session or flow; owned
	uint32_t
		taken; // sums of `given` that were taken in; count: that were given out in this turn
	struct count_table **counts; // conf.n_counts; owned
	uint64_t evicted;
	bool cut;
	struct window_gap gap; // ahead of conf.live_start_us
	// While a checkpoint is loaded (window_save.h): owned where it is to be part of the running sum.
	struct slice *loading;
	bool loading_runs;
};

#define WINDOW_BATCH 256

const struct window_kind_ops *window_tumbling(void);
const struct window_kind_ops *window_sliding(void);
const struct window_kind_ops *window_session(void);
const struct window_kind_ops *window_flow(void);
const struct window_kind_ops *window_count(void);

// Where the oldest memory is that of the oldest open slice.
int64_t window_slices_frees(const struct window_set *ws);

// Sessions and flows.
const struct window_out *window_carry_close(struct window_set *ws, int64_t horizon_us);
