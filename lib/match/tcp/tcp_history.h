// The octets delivered last, of all streams of a table, in one ring: what is sent again is compared
// with them. Old octets give way to new ones, so nothing is ever freed and memory is fixed. One thread.
#pragma once

#include "base/cache.h"
#include "base/mem.h"
#include "base/state_io.h"
#include "match/tcp/tcp_compare.h"

#include <stdint.h>

struct tcp_history {
	uint8_t *ring; // NULL: nothing is remembered
	uint64_t size;
	uint64_t head; // position where the next entry goes; positions only grow
	const struct mem *mem;
	// While it is saved: positions [save_at, save_end) have yet to be, to `save_to`. Else equal.
	uint64_t save_at, save_end;
	struct state_writer *save_to;
	uint32_t save_origin;
};

// What the ring holds, each at a position that is a multiple of a cache line.
struct tcp_history_entry {
	uint64_t before; // position of the stream's previous entry
	uint64_t offset;
	uint32_t len;
	uint32_t unused[3];
	uint8_t data[];
};
static_assert(sizeof(struct tcp_history_entry) % 16 == 0);

static inline uint64_t tcp_history_entry_octets(uint64_t len) {
	return (sizeof(struct tcp_history_entry) + len + CACHE_LINE - 1) & ~(CACHE_LINE - 1ull);
}

// How far back a retransmission is looked for: entries of its stream.
#define TCP_HISTORY_STEPS 64

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

// Saves the positions up to `upto`, as far as they have yet to be.
void tcp_history_save(struct tcp_history *h, uint64_t upto);
