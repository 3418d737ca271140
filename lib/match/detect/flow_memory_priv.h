// The memory of flows from inside.
#pragma once

#include "base/state_sweep.h"
#include "flow_bits.h"
#include "flow_memory.h"
#include "packet/flow_tuple.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

struct flow {
	CACHE_ALIGNED struct flow_tuple tuple;
	uint32_t chain; // the next of the same bucket, or of those that are unused; 0: none
	int64_t last_us; // the newest of its packets
	uint32_t bits : 24; // number in the pool of bits
	uint32_t used : 1;
	uint32_t client : 1; // direction of its first packet
	uint32_t sides : 2; // 1 << direction, of those seen
};
static_assert(sizeof(struct flow) == 64);

struct flow_memory {
	struct flow *flow; // [0] is none
	uint32_t *bucket; // first flow of the chain
	uint32_t mask; // buckets - 1
	uint32_t fresh; // flows from here on were never used
	uint32_t unused; // chain of those that came back
	uint32_t hand;
	struct flow *current; // of the packet in work
	int64_t horizon_us; // nothing older comes
	uint32_t flows_max;
	struct hash_seed seed;
	const struct mem *mem;
	struct flow_bits bits;
	struct flow_memory_stats stats;
	struct state_sweep sweep; // over the buckets
	uint64_t names; // while it is saved: what the bits mean (detect_bits_digest)
};

// The sweep's.
state_sweep_save flow_memory_save;

static inline uint32_t *
flow_memory_bucket(const struct flow_memory *m, const struct flow_tuple *t) {
	return &m->bucket[flow_tuple_hash(t, &m->seed) & m->mask];
}

// A flow of that tuple and nothing more; there is room.
struct flow *
flow_memory_insert(struct flow_memory *m, uint32_t *bucket, const struct flow_tuple *tuple);
