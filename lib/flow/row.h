// A flow row: one key's counters within one pane, hot in one cache line. A row with IPv6 addresses
// takes a second line that holds nothing but them.
#pragma once

#include "packet/flow_key_hash.h"
#include "packet/tcp_flags.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

struct flow_row {
	// The first FLOW_KEY_HEAD octets of struct flow_key: compared and copied as such.
	uint8_t head[FLOW_KEY_HEAD];
	uint32_t
		packets; // a table is handed over long before this can wrap (FLOW_TABLE_PACKETS_MAX)
	uint64_t bytes;
	uint64_t frame_bytes;
	uint32_t first_us; // from the pane's start
	uint32_t last_us; // from the pane's start
	uint32_t matches; // saturating
	uint8_t tcp_flags; // of all packets, or'ed
	uint8_t opens; // 1: a SYN without ACK was among them
	uint8_t pad[2];
};

static_assert(sizeof(struct flow_row) == CACHE_LINE);
static_assert(offsetof(struct flow_row, bytes) == 32);

#define FLOW_ROW_EMPTY_FIRST UINT32_MAX

// Whether anything was counted in it. Matches that are told behind their packets may be all there is of a
// hand-over: these were in one before, or found another row.
static inline bool flow_row_any(const struct flow_row *r) {
	return r->packets > 0 || r->matches > 0;
}

static inline void flow_row_match(struct flow_row *r, uint32_t matches) {
	uint32_t sum = r->matches + matches;
	r->matches = sum < matches ? UINT32_MAX : sum;
}

// Counts one packet, `offset_us` into the pane.
static inline void flow_row_count(
	struct flow_row *r, uint32_t offset_us, uint32_t bytes, uint32_t frame_bytes,
	uint32_t matches, uint8_t tcp_flags
) {
	r->packets++;
	r->bytes += bytes;
	r->frame_bytes += frame_bytes;
	r->first_us = offset_us < r->first_us ? offset_us : r->first_us;
	r->last_us = offset_us > r->last_us ? offset_us : r->last_us;
	flow_row_match(r, matches);
	r->tcp_flags |= tcp_flags;
	r->opens |= TCP_OPENS(tcp_flags);
}
