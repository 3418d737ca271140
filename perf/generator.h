// A source of UDP frames of 60 octets whose addresses and ports it rewrites in a small ring that stays
// in the cache: so that a benchmark sees the pipeline and not the memory of the packets.
#pragma once

#include "packet/source.h"

#include <assert.h>

#define GENERATOR_RING 256
#define GENERATOR_FRAME 64

struct generator {
	struct source source; // first
	uint8_t ring[GENERATOR_RING][GENERATOR_FRAME];
	uint32_t flows; // power of two
	uint32_t bits; // its logarithm
	uint64_t next; // packets given out
	uint64_t limit; // then -ENODATA
	int64_t time_us;
};

// The source address of a flow, in host order, and back.
static inline uint32_t generator_address(uint32_t flow) {
	return flow * 2654435761u;
}

static inline uint32_t generator_flow(uint32_t address) {
	return address * 244002641u;
}
static_assert((uint32_t)(2654435761u * 244002641u) == 1);

// `flows` flows (a power of two), each once a lap, in an order that differs from lap to lap.
void generator_init(struct generator *g, uint32_t flows);
