// The fragment table from inside.
#pragma once

#include "base/state_sweep.h"
#include "packet/fragment.h"

#include <stddef.h>

#define WAYS 4
#define FREE INT64_MIN

// Addresses are IPv4's zero-extended or IPv6's; `proto` identifies only with IPv4. Saved as it is.
struct fragment {
	int64_t time_us; // FREE: nothing here
	uint32_t id;
	uint16_t src_port;
	uint16_t dst_port;
	uint8_t proto;
	uint8_t v6;
	uint8_t addr[32];
	uint8_t zero[6];
};
static_assert(sizeof(struct fragment) == 56);

struct fragment_table {
	struct fragment *entry; // buckets of WAYS, one after the other
	uint32_t mask; // buckets - 1
	struct hash_seed seed;
	struct fragment_stats stats;
	struct state_sweep sweep; // over the buckets
};

static inline struct fragment *fragment_bucket(const struct fragment_table *t, uint32_t number) {
	return &t->entry[(size_t)number * WAYS];
}

// The sweep's.
state_sweep_save fragment_table_save;
