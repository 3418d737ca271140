// What the parts of a table work with while a packet is with them: memory, limits, counters, and the
// delivery being written.
#pragma once

#include "match/tcp/tcp_delivery.h"
#include "match/tcp/tcp_history.h"
#include "match/tcp/tcp_pool.h"
#include "match/tcp/tcp_stats.h"

#include <assert.h>
#include <stdint.h>

struct tcp_work {
	struct tcp_pool pool;
	struct tcp_history history;
	struct tcp_stats stats;
	uint32_t hold_blocks; // a direction may hold
	uint32_t hold_segments;
	uint32_t patience; // packets that acknowledge a hole before it is given up
	struct tcp_delivery *out;
	struct tcp_span *span; // out->span
	uint32_t spans_max;
	uint32_t done; // blocks to give back when the delivery is over
};

// Spans that one delivery may have: every piece that both directions hold, the pieces of a packet
// between them, and a few gaps.
static inline uint32_t tcp_work_spans(uint32_t hold_blocks, uint32_t hold_segments) {
	return 2 * (hold_segments + 3 * hold_blocks) + 16;
}

// Notes what became of `octets` of the packet, in the counters and in the delivery's events.
void tcp_work_fate(struct tcp_work *w, enum tcp_fate fate, uint32_t octets);

// The same for octets that were compared with what was there: all but `fresh`.
void tcp_work_compared(struct tcp_work *w, const struct tcp_compare *c);
