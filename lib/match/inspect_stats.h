// What inspection has counted, in words of 64 bits only, so that it is published, read and summed up
// as plain numbers (base/counters.h).
#pragma once

#include "match/detect/detect.h"
#include "match/detect/flow_memory.h"
#include "match/stream/stream_pool.h"
#include "match/tcp/tcp_stats.h"
#include "packet/checksum_policy.h"
#include "packet/defrag.h"

#include <assert.h>
#include <stdint.h>

struct inspect_stats {
	struct tcp_stats tcp;
	uint64_t tcp_flows; // connections at this moment
	uint64_t tcp_held_octets; // of memory for what waits for a hole to be filled
	struct stream_pool_stats streams;
	uint64_t streams_memory; // octets that `streams.octets` may come to; 0: block mode
	struct defrag_stats fragments;
	struct checksum_stats checksums;
	struct flow_memory_stats flows;
	struct detect_counts rules;
	uint64_t
		alone; // packets of TCP that were scanned by themselves: their octets are in no stream
	uint64_t late_events; // match events of octets that came out without a packet of their own
};

#define INSPECT_STATS_WORDS (sizeof(struct inspect_stats) / sizeof(uint64_t))
static_assert(sizeof(struct inspect_stats) % sizeof(uint64_t) == 0);

// The sum, number by number.
static inline void inspect_stats_add(struct inspect_stats *sum, const struct inspect_stats *more) {
	typedef uint64_t __attribute__((may_alias)) word;
	word *to = (word *)sum;
	const word *from = (const word *)more;
	for (uint32_t i = 0; i < INSPECT_STATS_WORDS; i++)
		to[i] += from[i];
}
