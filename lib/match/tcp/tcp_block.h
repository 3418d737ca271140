// A block holds the octets of one aligned window of a stream that came ahead of their turn, and knows
// which are there. However small the segments are in which they come, a window takes one block.
#pragma once

#include "packet/flow_key.h"

#include <stdbool.h>
#include <stdint.h>

#define TCP_BLOCK_OCTETS 832u
#define TCP_BLOCK_WORDS (TCP_BLOCK_OCTETS / 64)

struct tcp_block {
	uint32_t next; // block of a later window, or of the free list; 0: none
	uint16_t count; // octets held and not yet delivered
	uint16_t runs; // contiguous pieces that they form
	uint64_t base; // offset in the stream of data[0]; a multiple of TCP_BLOCK_OCTETS
	int64_t time_us; // of the packet that brought some of them last, as the key
	uint64_t bits[TCP_BLOCK_WORDS]; // which octets are held and not yet delivered
	struct flow_key key; // `hash` is the packet's number
	uint8_t data[TCP_BLOCK_OCTETS];
};
_Static_assert(sizeof(struct tcp_block) == 1024);

// The first octet of [from, to) that is not held, with `as`, or held, without; or `to`.
static inline uint32_t
tcp_block_run(const struct tcp_block *b, uint32_t from, uint32_t to, bool as) {
	while (from < to) {
		uint64_t ends = (as ? ~b->bits[from / 64] : b->bits[from / 64]) >> (from % 64);
		if (ends != 0) {
			from += (uint32_t)__builtin_ctzll(ends);
			break;
		}
		from = (from | 63) + 1;
	}
	return from < to ? from : to;
}
