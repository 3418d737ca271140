// Windows of so many packets: workers make them (flow/count_table.h), so that all there is to do is to take
// them as they come. They wait for no horizon, and panes have nothing to say about them.

#include "flow/window_kind.h"

// Sums that are given out, at least, before others have their turn.
#define COUNT_TURN 4096

// A part of it came before the gap between two runs, and another behind it.
static bool is_cut(const struct window_set *ws, const struct flow_sum *sum) {
	return ws->gap.from_us > INT64_MIN
		&& window_gap_cuts(
			&ws->gap, ws->conf.live_start_us, sum->first_us, sum->last_us + 1
		);
}

static const struct window_out *count_close(struct window_set *ws, int64_t horizon_us) {
	struct window_out *out = &ws->out;
	*out = (struct window_out){.tail_us = 1, .sum = ws->batch};
	// At the end nobody adds any, and all of it is wanted.
	if (ws->taken >= COUNT_TURN && horizon_us < INT64_MAX) {
		ws->taken = 0;
		return NULL;
	}
	for (uint32_t i = 0; i < ws->conf.n_counts && out->n < WINDOW_BATCH; i++)
		out->n += count_table_take(
			ws->counts[i], ws->batch + out->n, WINDOW_BATCH - out->n
		);
	for (uint32_t i = 0; i < out->n; i++) {
		ws->evicted += ws->batch[i].reason == FLOW_END_RESOURCES;
		ws->batch[i].partial |= is_cut(ws, &ws->batch[i]);
	}
	ws->taken = out->n > 0 ? ws->taken + out->n : 0;
	return out->n > 0 ? out : NULL;
}

static int64_t count_frees(const struct window_set *ws) {
	return INT64_MAX;
}

bool window_set_marked(const struct window_set *ws) {
	for (uint32_t i = 0; i < ws->conf.n_counts; i++)
		if (!count_table_marked(ws->counts[i]))
			return false;
	return true;
}

void window_set_pass(struct window_set *ws) {
	for (uint32_t i = 0; i < ws->conf.n_counts; i++)
		count_table_pass(ws->counts[i]);
}

const struct window_kind_ops *window_count(void) {
	static const struct window_kind_ops ops = {
		.close = count_close,
		.frees = count_frees,
	};
	return &ops;
}
