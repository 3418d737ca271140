// An alert: one match event on its way from a worker to the exporter and into a record. Two cache lines,
// complete in itself but for the rule's text.
#pragma once

#include "base/rule_info.h"
#include "packet/flow_key.h"

#include <assert.h>

struct alert {
	struct flow_key key; // every field of the packet, nothing masked; `hash` has no meaning
	CACHE_ALIGNED int64_t time_us; // of the packet
	// When it is its turn: time_us; for a late packet the time below which it was late. Not less than
	// any horizon that its worker had published before.
	int64_t turn_us;
	const struct rule_info *rule; // borrowed (export/alerting.h tells until when)
	uint64_t bytes; // IP octets of the packets it stands for
	uint64_t
		packets; // it stands for: its own, and those that a threshold kept back since the last
};

static_assert(sizeof(struct alert) == 2 * CACHE_LINE);
