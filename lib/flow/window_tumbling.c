// Tumbling windows: a slice is a window.

#include "flow/window_kind.h"

static const struct window_out *tumbling_close(struct window_set *ws, int64_t horizon_us) {
	slices_give_back(&ws->slices, ws->given);
	ws->given = NULL;
	const struct slice *oldest = slices_oldest(&ws->slices);
	if (oldest == NULL || oldest->end_us > horizon_us)
		return NULL;
	struct slice *s = ws->given = slices_take(&ws->slices);
	for (uint32_t i = 0; ws->conf.distinct != 0 && i < s->sums.n; i++)
		distinct_tell(&s->distinct, s->sums.sum[i].distinct, &s->sums.sum[i]);
	ws->out = (struct window_out){
		.start_us = s->start_us,
		.end_us = s->end_us,
		.sum = s->sums.sum,
		.n = s->sums.n,
		.rest = flow_sum_any(&s->rest) ? &s->rest : NULL,
	};
	return &ws->out;
}

static const struct sums *tumbling_table(const struct window_set *ws) {
	return &ws->given->sums;
}

const struct window_kind_ops *window_tumbling(void) {
	static const struct window_kind_ops ops = {
		.close = tumbling_close,
		.table = tumbling_table,
		.frees = window_slices_frees,
	};
	return &ops;
}
