// Sessions: what a key does without a gap strictly greater than GAP.

#include "flow/window_kind.h"

static int64_t session_due(const struct window_config *conf, const struct flow_sum *sum) {
	// A packet just GAP behind the last one joins.
	return sum->last_us + conf->size_us + 1;
}

static enum flow_end session_reason(const struct window_config *conf, const struct flow_sum *sum) {
	return FLOW_END_IDLE;
}

const struct window_kind_ops *window_session(void) {
	static const struct window_kind_ops ops = {
		.close = window_carry_close,
		.frees = window_slices_frees,
		.due = session_due,
		.reason = session_reason,
	};
	return &ops;
}
