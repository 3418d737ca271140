// A group of a set as a pool uses it: streams that were opened over its database and are unused, one
// more for scans aside, and the members that the end of a stream may bring.
#pragma once

#include "stream_pool_combine.h"
#include "stream_set.h"

#include <stdbool.h>
#include <stdint.h>

struct stream_era;

// What malloc takes for so many octets.
static inline uint64_t pool_cost(uint64_t octets) {
	uint64_t chunk = (octets + 8 + 15) & ~(uint64_t)15;
	return chunk < 32 ? 32 : chunk;
}

// A member with negated terms.
struct stream_negated {
	uint32_t rule;
	uint32_t state;
	struct stream_plan terms; // without the pieces
};

struct pool_group {
	const struct stream_group *group; // the set's
	struct stream_era *era;
	uint64_t stream_cost; // octets that a stream of it takes
	hs_stream_t **unused; // owned; opened, to be reset when taken
	uint32_t n_unused;
	uint32_t unused_max; // there is room for
	struct pool_group *before; // in the pool's list of groups with unused streams
	struct pool_group *behind;
	struct stream_combining combining;
	hs_stream_t *spare; // owned; reset. NULL: not needed so far
	// Owned; those first that a stream may end with before anything was met. NULL: not made so far.
	struct stream_negated *negated;
	uint32_t n_negated;
	uint32_t n_bare; // of these come first
	uint64_t *speaks_for; // owned; by rule of the newest era, a bit each: it is here, too
	uint32_t speaks_in; // serial of the era that this was made in
};

// Fills in `negated`. Returns 0 or -ENOMEM.
int pool_group_prepare(struct pool_group *g);

// What `m` looks like among those with negated terms; false: it has none, or cannot be reported.
bool stream_negated_of(const struct stream_member *m, struct stream_negated *negated);
