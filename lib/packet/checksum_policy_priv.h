// The policy from inside: what is remembered of connections.
#pragma once

#include "base/cache.h"
#include "base/state_sweep.h"
#include "packet/checksum_policy.h"

#include <stddef.h>

#define WAYS 4
#define RIGHT_RUN 3 // right ones in a row; by chance one in 2^48

// In this order: from TRUST_PARTIAL on, partial ones are taken.
enum trust {
	TRUST_NEW, // nothing is known: all are taken
	TRUST_SYN, // a right SYN: bad ones are refused
	TRUST_WIRE, // and right payload: partial ones, too
	TRUST_PARTIAL, // merged ahead of the capture, or finished behind it: bad ones are refused
	TRUST_SENDER, // wrong from the beginning: all are taken
};

struct direction {
	uint8_t trust; // enum trust
	uint8_t run; // right ones in a row
};

// Saved as it is.
struct connection {
	uint64_t fingerprint; // 0: nothing here
	struct direction dir[2]; // from the lower address and port; from the higher
	uint8_t loaded; // it was, and not seen since: perhaps another worker's by now
	uint8_t unused[3];
};
static_assert(WAYS * sizeof(struct connection) == CACHE_LINE);

struct checksum_policy {
	enum checksum_mode mode;
	struct connection *connection; // owned; buckets of WAYS, what comes back moves to the front
	uint32_t mask; // buckets - 1
	const struct mem *mem; // borrowed
	struct hash_seed seed;
	struct checksum_stats stats;
	struct state_sweep sweep; // over the buckets
	bool seeded; // the seed is a saved one
	bool foreign; // what is being loaded has another seed
};

static inline struct connection *checksum_bucket(const struct checksum_policy *p, uint32_t number) {
	return &p->connection[(size_t)number * WAYS];
}

// The sweep's.
state_sweep_save checksum_policy_save;
