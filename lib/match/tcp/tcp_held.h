// The octets of one direction that came ahead of their turn: blocks in order of their windows. Of
// octets sent twice the first copy stays. Offsets count from the stream's first octet.
#pragma once

#include "match/tcp/tcp_compare.h"
#include "match/tcp/tcp_packet.h"
#include "match/tcp/tcp_pool.h"

#include <stdint.h>

struct tcp_held {
	uint32_t first; // blocks, 0: none
	uint32_t last;
	uint16_t blocks;
	uint16_t runs; // contiguous pieces, one that crosses blocks counted in each
};

#define TCP_HELD_NONE UINT64_MAX

// How many more blocks [begin, end) would take.
uint32_t
tcp_held_lacks(const struct tcp_held *h, const struct tcp_pool *p, uint64_t begin, uint64_t end);

// Holds `len` octets at `begin`; the pool must have the blocks that lack. Adds to `c`. `from` brought
// them; NULL: they are about to be taken out again.
void tcp_held_put(
	struct tcp_held *h, struct tcp_pool *p, uint64_t begin, const uint8_t *data, uint32_t len,
	const struct tcp_packet *from, struct tcp_compare *c
);

// `from` ends what is held, which is something: it counts as the last octets' packet.
void tcp_held_mark_last(
	const struct tcp_held *h, struct tcp_pool *p, const struct tcp_packet *from
);

// Where the first and behind the last octet held; TCP_HELD_NONE: nothing is.
uint64_t tcp_held_begin(const struct tcp_held *h, const struct tcp_pool *p);
uint64_t tcp_held_end(const struct tcp_held *h, const struct tcp_pool *p);

// The window of the first block; TCP_HELD_NONE: there is none.
static inline uint64_t tcp_held_base(const struct tcp_held *h, const struct tcp_pool *p) {
	return h->first != 0 ? tcp_pool_at(p, h->first)->base : TCP_HELD_NONE;
}

// Takes out what is held in one piece in the first block from `at` on, at most `max` octets; nothing
// may be held ahead of it. Returns the octets and their number in *len, NULL and 0 when there are
// none. A block that is empty now goes to the list *done: the octets stay until that is given back.
const uint8_t *tcp_held_take(
	struct tcp_held *h, struct tcp_pool *p, uint64_t at, uint32_t max, uint32_t *len,
	uint32_t *done
);

// Forgets everything. Returns how many octets that were.
uint32_t tcp_held_drop(struct tcp_held *h, struct tcp_pool *p);
