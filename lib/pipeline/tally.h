// What a thread on the packet path counts, published together once a burst (base/counters.h). The
// ledger is the sum of these over all threads.
#pragma once

#include "base/counters.h"
#include "packet/verdict.h"

#include <assert.h>
#include <stdint.h>

// In `counters` order; reasons follow at TALLY_REASON.
enum tally_field {
	TALLY_RECEIVED, // frames that got a verdict
	TALLY_BYTES, // frame octets of them
	TALLY_MATCH_EVENTS,
	TALLY_UNCOUNTED, // match events that came without a packet and are in no window
	TALLY_ALERTS_DROPPED, // match events of which no alert could be made
	TALLY_REST, // packets counted in a pane's rest row
	TALLY_UNCORRECTED, // late packets that are in no correction, as no pane was left
	TALLY_HANDED_OVER, // panes
	TALLY_FRAGMENTS_EVICTED,
	TALLY_REASON, // [REASON_COUNT]; REASON_NONE: counted
	TALLY_COUNT = TALLY_REASON + REASON_COUNT,
};
static_assert(TALLY_COUNT <= COUNTERS_MAX);

struct tally {
	uint64_t value[TALLY_COUNT];
};
