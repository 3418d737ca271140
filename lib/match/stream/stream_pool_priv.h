// The pool from inside: what its files share.
#pragma once

#include "stream_pool.h"
#include "stream_pool_era.h"
#include "stream_pool_stream.h"

#include <stdbool.h>
#include <stdint.h>

struct stream_pool {
	struct stream_pool_config conf;
	struct stream_era *oldest;
	struct stream_era *now; // never NULL, as the one above
	bool remnants; // of past eras something may have to be given back
	bool starved; // in this call a state found no room
	uint32_t call; // number of this call
	uint32_t *stamp; // owned; by rule of `now`: the last call it was found in
	struct pool_group *unused; // groups that have unused streams
	uint64_t n_unused; // streams
	uint64_t unused_low; // the fewest there were since trim_us
	uint64_t to_trim; // unused streams to be given back bit by bit
	int64_t trim_us;
	struct stream_list bare; // streams without parts
	const struct match_stream *pinned; // being scanned
	char *packing; // owned; for a stream as it is compressed
	uint32_t packing_octets;
	struct stream_states
		*aside; // owned; of a stream that is scanned aside. Empty between calls
	struct stream_pool_stats stats;
};

static inline void pool_take(struct stream_pool *p, uint64_t cost) {
	p->stats.octets += cost;
}

static inline void pool_give(struct stream_pool *p, uint64_t cost) {
	p->stats.octets -= cost;
}
