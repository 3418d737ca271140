// The octets delivered last, of all streams of a table, in one ring: what is sent again is compared
// with them. Old octets give way to new ones, so nothing is ever freed and memory is fixed. One thread.
#pragma once

#include "base/mem.h"
#include "match/tcp_compare.h"

#include <stdint.h>

struct tcp_history {
	uint8_t *ring; // NULL: nothing is remembered
	uint64_t size;
	uint64_t head; // position where the next entry goes; positions only grow
	const struct mem *mem;
};

// `octets` of memory; 0: no history. 0 or -ENOMEM.
int tcp_history_init(struct tcp_history *h, uint64_t octets, const struct mem *mem);
void tcp_history_fini(struct tcp_history *h);

// Remembers octets of a stream at `offset`, behind all that was remembered of it. *last is the
// stream's own, 0 at first.
void tcp_history_put(
	struct tcp_history *h, uint64_t *last, uint64_t offset, const uint8_t *data, uint32_t len
);

// Compares octets with what was delivered at `offset`. Adds to `c`, as `fresh` those that are not
// remembered (any more). Looks at a bounded number of entries.
void tcp_history_compare(
	const struct tcp_history *h, uint64_t last, uint64_t offset, const uint8_t *data,
	uint32_t len, struct tcp_compare *c
);
