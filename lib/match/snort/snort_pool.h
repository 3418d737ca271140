// The sets of addresses and ports that many rules share, each kept once: equal sets are the same
// pointer, and rules that name $HOME_NET a thousand times cost one.
#pragma once

#include "base/hash.h"
#include "snort_ranges.h"

struct snort_pool {
	struct hash_seed seed;
	struct snort_ranges **slots; // NULL where free; by a hash of the ranges
	uint32_t n_slots; // a power of two, at least twice n; 0 at first
	uint32_t n;
	uint64_t n_ranges; // in all sets
};

// In all sets of a pool: 128 MiB.
#define SNORT_POOL_RANGES_MAX (4u << 20)

// The pool's own set that equals *ranges, which it takes or frees. Returns 0 (*set lives as long as
// the pool), -E2BIG or -ENOMEM. Zeroed memory is an empty pool.
int snort_pool_take(
	struct snort_pool *p, struct snort_ranges *ranges, const struct snort_ranges **set
);

void snort_pool_fini(struct snort_pool *p);
