// A set of windows: its slices, and the kind that makes windows of them.

#include "window.h"

#include "base/mem.h"
#include "flow/window_kind.h"

#include <errno.h>
#include <stdlib.h>

static const struct window_kind_ops *ops_of(enum window_kind kind) {
	switch (kind) {
	case WINDOW_SLIDING:
		return window_sliding();
	case WINDOW_SESSION:
		return window_session();
	case WINDOW_FLOW:
		return window_flow();
	case WINDOW_COUNT:
		return window_count();
	case WINDOW_TUMBLING:
		break;
	}
	return window_tumbling();
}

// Whether the sums of a complete window are not its records.
static bool reads_out(const struct window_set *ws) {
	return ws->ops->table != NULL && (ws->conf.biflow || ws->conf.ranking.top > 0);
}

static int batch_init(struct window_set *ws) {
	bool own = ws->ops->due != NULL, counts = ws->conf.kind == WINDOW_COUNT;
	if (own || counts)
		ws->batch = mem_lines(WINDOW_BATCH * sizeof(*ws->batch));
	if (own)
		ws->batch_back = calloc(WINDOW_BATCH, sizeof(*ws->batch_back));
	ws->counts = calloc(ws->conf.n_counts + 1, sizeof(struct count_table *));
	if (ws->counts == NULL || ((own || counts) && ws->batch == NULL)
	    || (own && ws->batch_back == NULL))
		return -ENOMEM;
	for (uint32_t i = 0; i < ws->conf.n_counts; i++)
		ws->counts[i] = ws->conf.counts[i];
	return 0;
}

struct window_set *window_set_new(const struct window_config *conf) {
	struct window_set *ws = mem_lines(sizeof(*ws));
	if (ws == NULL)
		return NULL;
	ws->conf = *conf;
	ws->ops = ops_of(conf->kind);
	ws->next_end_us = INT64_MIN;
	window_set_gap(ws, INT64_MIN, INT64_MIN);
	int64_t width_us = conf->size_us;
	if (conf->kind == WINDOW_SLIDING) {
		width_us = conf->step_us;
	} else if (ws->ops->due != NULL) {
		width_us = conf->pane_us;
		ws->gap_us = conf->kind == WINDOW_SESSION ? conf->size_us : conf->step_us;
	}
	slices_init(
		&ws->slices,
		&(struct slices_config){
			.fields = conf->fields,
			.cut = conf->cut,
			.where = conf->where,
			.biflow = conf->biflow,
			.distinct = conf->distinct,
			.distinct_cut = conf->distinct_cut,
			.width_us = width_us,
			.budget = conf->budget,
			.seed = conf->seed,
		}
	);
	running_init(&ws->running, conf->budget);
	if (conf->distinct != 0)
		running_count_distinct(&ws->running, &conf->seed);
	carry_init(&ws->carry, conf->memory);
	distinct_init(&ws->distinct, conf->budget, &conf->seed, false);
	biflow_init(&ws->biflow, conf->biflow, conf->fields, &conf->seed);
	if (batch_init(ws) < 0)
		goto no_memory;
	if (reads_out(ws) && readout_init(&ws->readout, &ws->biflow, &conf->ranking) < 0)
		goto no_memory;
	return ws;
no_memory:
	window_set_free(ws);
	return NULL;
}

void window_set_free(struct window_set *ws) {
	if (ws == NULL)
		return;
	slices_fini(&ws->slices);
	slice_free(ws->given);
	if (ws->loading_runs)
		slice_free(ws->loading);
	running_fini(&ws->running);
	carry_fini(&ws->carry);
	distinct_fini(&ws->distinct);
	readout_fini(&ws->readout);
	free(ws->batch);
	free(ws->batch_back);
	free(ws->counts);
	free(ws);
}

int window_set_add(struct window_set *ws, const struct pane *pane) {
	return ws->conf.kind == WINDOW_COUNT ? 0 : slices_add(&ws->slices, pane);
}

// The first part of the window in `out`, or the next.
static const struct window_out *read_part(struct window_set *ws) {
	struct window_out *part = &ws->part;
	part->again = part->more;
	part->n = readout_next(&ws->readout);
	part->sum = ws->readout.sum;
	part->back = ws->conf.biflow ? ws->readout.back : NULL;
	part->more = readout_open(&ws->readout);
	part->rest = part->more ? NULL : ws->out.rest;
	return part;
}

const struct window_out *window_set_close(struct window_set *ws, int64_t horizon_us) {
	if (ws->part.more)
		return read_part(ws);
	const struct window_out *out = ws->ops->close(ws, horizon_us);
	if (out == NULL || out->behind || !reads_out(ws))
		return out;
	ws->part = *out;
	readout_begin(&ws->readout, ws->ops->table(ws));
	return read_part(ws);
}

void window_set_cut(struct window_set *ws) {
	ws->cut = true;
}

void window_set_gap(struct window_set *ws, int64_t first_us, int64_t from_us) {
	ws->gap = (struct window_gap){.first_us = first_us, .from_us = from_us};
}

int64_t window_set_oldest(const struct window_set *ws) {
	return ws->ops->frees(ws);
}

int64_t window_slices_frees(const struct window_set *ws) {
	const struct slice *oldest = slices_oldest(&ws->slices);
	return oldest != NULL ? oldest->end_us : INT64_MAX;
}

int64_t window_set_due(const struct window_set *ws, const struct flow_sum *sum) {
	if (ws->conf.kind == WINDOW_COUNT)
		return sum->partial ? INT64_MAX : sum->last_us;
	return ws->ops->due(&ws->conf, sum);
}

uint32_t window_set_open(const struct window_set *ws) {
	return slices_open(&ws->slices) + running_parts(&ws->running) + ws->carry.sums.n;
}

uint64_t window_set_evicted(const struct window_set *ws) {
	return ws->evicted;
}
