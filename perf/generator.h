// A source of UDP frames of 60 octets whose addresses and ports it rewrites in a small ring that stays
// in the cache: so that a benchmark sees the pipeline and not the memory of the packets.
#pragma once

#include "packet/source.h"

#define GENERATOR_RING 256
#define GENERATOR_FRAME 64

struct generator {
	struct source source; // first
	uint8_t ring[GENERATOR_RING][GENERATOR_FRAME];
	uint32_t flows; // power of two
	uint64_t next; // packets given out
	uint64_t limit; // then -ENODATA
	int64_t time_us;
};

// `flows` flows, each as often as any other, in an order without locality.
void generator_init(struct generator *g, uint32_t flows);
