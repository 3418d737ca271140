// Sliding windows: slices as wide as the step, each in as many windows as steps go into one. What they hold
// is kept as a running sum, so that a window costs what came and went since the last, and its records.

#include "flow/window_kind.h"

// The earlier of two slices, of which either may be NULL.
static const struct slice *earlier(const struct slice *a, const struct slice *b) {
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	return a->start_us <= b->start_us ? a : b;
}

static int join_before(struct window_set *ws, int64_t end_us) {
	const struct slice *next;
	while ((next = slices_oldest(&ws->slices)) != NULL && next->start_us < end_us) {
		struct slice *slice = slices_take(&ws->slices);
		int ret = running_join(&ws->running, slice);
		if (ret < 0) {
			slice_free(slice);
			return ret;
		}
	}
	return 0;
}

static struct flow_sum all_of(const struct slice *s) {
	struct flow_sum all = s->rest;
	for (uint32_t i = 0; i < s->sums.n; i++)
		flow_sum_merge(&all, &s->sums.sum[i]);
	return all;
}

// Lets go of a slice that no window to come holds. One that none held before either is told in a row, as the
// last of its windows.
static const struct window_out *leave(struct window_set *ws, const struct slice *oldest) {
	if (oldest == running_oldest(&ws->running)) {
		running_leave(&ws->running);
		return NULL;
	}
	struct slice *slice = slices_take(&ws->slices);
	ws->rest = all_of(slice);
	ws->out = (struct window_out){
		.start_us = slice->start_us,
		.end_us = slice->start_us + ws->conf.size_us,
		.rest = &ws->rest,
		.behind = true,
	};
	slice_free(slice);
	return &ws->out;
}

static const struct window_out *sliding_close(struct window_set *ws, int64_t horizon_us) {
	int64_t size_us = ws->conf.size_us, step_us = ws->conf.step_us, end_us;
	const struct slice *oldest;
	for (;;) {
		oldest = earlier(running_oldest(&ws->running), slices_oldest(&ws->slices));
		if (oldest == NULL)
			return NULL;
		// Where nothing is in between, time jumps.
		end_us = oldest->start_us + step_us;
		end_us = end_us < ws->next_end_us ? ws->next_end_us : end_us;
		if (oldest->start_us >= end_us - size_us)
			break;
		const struct window_out *behind = leave(ws, oldest);
		if (behind != NULL)
			return behind;
	}
	if (end_us > horizon_us || join_before(ws, end_us) < 0)
		return NULL;
	ws->next_end_us = end_us + step_us;
	running_tell_distinct(&ws->running);
	ws->rest = running_rest(&ws->running);
	ws->out = (struct window_out){
		.start_us = end_us - size_us,
		.end_us = end_us,
		.sum = ws->running.sums.sum,
		.n = ws->running.sums.n,
		.rest = flow_sum_any(&ws->rest) ? &ws->rest : NULL,
	};
	return &ws->out;
}

static const struct sums *sliding_table(const struct window_set *ws) {
	return &ws->running.sums;
}

static int64_t sliding_frees(const struct window_set *ws) {
	const struct slice *oldest = earlier(
		running_oldest(&ws->running), slices_oldest(&ws->slices)
	);
	return oldest != NULL ? oldest->start_us + ws->conf.size_us : INT64_MAX;
}

const struct window_kind_ops *window_sliding(void) {
	static const struct window_kind_ops ops = {
		.close = sliding_close,
		.table = sliding_table,
		.frees = sliding_frees,
	};
	return &ops;
}
