// Flows as NetFlow's caches have them: silent for more than IDLE, or on whole seconds: at the first one
// when ACTIVE has passed, and behind a FIN or RST. Whole seconds, so that which other streams there are,
// which decides how wide panes are, cannot be told from the records.

#include "base/field.h"
#include "flow/window_kind.h"
#include "packet/tcp_flags.h"

#define SECOND_US 1000000

// A FIN ends one connection: that is the flow only where the key tells connections apart.
#define CONNECTION                                                                      \
	(FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP) | FIELD_BIT(FIELD_SRC_PORT) \
	 | FIELD_BIT(FIELD_DEST_PORT))

static bool has_end(const struct window_config *conf, const struct flow_sum *sum) {
	return (conf->fields & CONNECTION) == CONNECTION && !key_cut_any(&conf->cut)
		&& sum->tcp_flags & (TCP_FIN | TCP_RST) && !(sum->key.flags & KEY_REST);
}

// The first whole second at which the flow is ACTIVE old.
static int64_t active_us(const struct window_config *conf, const struct flow_sum *sum) {
	return pane_start(sum->first_us + conf->size_us + SECOND_US - 1, SECOND_US);
}

static int64_t flow_due(const struct window_config *conf, const struct flow_sum *sum) {
	int64_t idle_us = sum->last_us + conf->step_us + 1;
	// Nothing joins in a second behind the one with the end: the last packet is in that one.
	int64_t cut_us = has_end(conf, sum) ? pane_start(sum->last_us, SECOND_US) + SECOND_US
					    : active_us(conf, sum);
	return cut_us < idle_us ? cut_us : idle_us;
}

static enum flow_end flow_reason(const struct window_config *conf, const struct flow_sum *sum) {
	if (has_end(conf, sum))
		return FLOW_END_END;
	return active_us(conf, sum) <= sum->last_us + conf->step_us ? FLOW_END_ACTIVE
								    : FLOW_END_IDLE;
}

const struct window_kind_ops *window_flow(void) {
	static const struct window_kind_ops ops = {
		.close = window_carry_close,
		.frees = window_slices_frees,
		.due = flow_due,
		.reason = flow_reason,
	};
	return &ops;
}
