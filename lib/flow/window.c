// A set of windows: its slices, and the kind that makes windows of them.

#include "window.h"

#include "base/mem.h"
#include "flow/window_kind.h"

#include <stdlib.h>

static const struct window_kind_ops *ops_of(enum window_kind kind) {
	switch (kind) {
	case WINDOW_SLIDING:
		return window_sliding();
	case WINDOW_SESSION:
		return window_session();
	case WINDOW_FLOW:
		return window_flow();
	case WINDOW_TUMBLING:
		break;
	}
	return window_tumbling();
}

struct window_set *window_set_new(const struct window_config *conf) {
	struct window_set *ws = mem_lines(sizeof(*ws));
	if (ws == NULL)
		return NULL;
	ws->conf = *conf;
	ws->ops = ops_of(conf->kind);
	ws->next_end_us = INT64_MIN;
	int64_t width_us = conf->size_us;
	if (conf->kind == WINDOW_SLIDING) {
		width_us = conf->step_us;
	} else if (ws->ops->due != NULL) {
		width_us = conf->pane_us;
		ws->gap_us = conf->kind == WINDOW_SESSION ? conf->size_us : conf->step_us;
		ws->batch = mem_lines(WINDOW_BATCH * sizeof(*ws->batch));
	}
	slices_init(&ws->slices, conf->fields, width_us, conf->budget, &conf->seed);
	running_init(&ws->running, conf->budget);
	carry_init(&ws->carry, conf->memory);
	if (ws->ops->due != NULL && ws->batch == NULL) {
		window_set_free(ws);
		return NULL;
	}
	return ws;
}

void window_set_free(struct window_set *ws) {
	if (ws == NULL)
		return;
	slices_fini(&ws->slices);
	slice_free(ws->given);
	running_fini(&ws->running);
	carry_fini(&ws->carry);
	free(ws->batch);
	free(ws);
}

int window_set_add(struct window_set *ws, const struct pane *pane) {
	return slices_add(&ws->slices, pane);
}

const struct window_out *window_set_close(struct window_set *ws, int64_t horizon_us) {
	return ws->ops->close(ws, horizon_us);
}

void window_set_cut(struct window_set *ws) {
	ws->cut = true;
}

int64_t window_set_oldest(const struct window_set *ws) {
	return ws->ops->frees(ws);
}

int64_t window_slices_frees(const struct window_set *ws) {
	const struct slice *oldest = slices_oldest(&ws->slices);
	return oldest != NULL ? oldest->end_us : INT64_MAX;
}

uint32_t window_set_open(const struct window_set *ws) {
	return slices_open(&ws->slices) + running_parts(&ws->running) + ws->carry.sums.n;
}

uint64_t window_set_evicted(const struct window_set *ws) {
	return ws->evicted;
}
