// The flowbits of all flows that have any: a pool of fixed size, from which a flow gets room when a rule
// first sets a bit of it. Who keeps flows, of whatever protocol, keeps a number for each. One thread.
//
// For each packet: flow_bits_of tells where the rules find and change the flow's bits, and when all of
// them have been run, flow_bits_keep gives the number to be kept from then on. No other pair of these
// calls may lie in between. When the flow ends: flow_bits_drop.
#pragma once

#include "base/mem.h"

#include <stdint.h>

#define FLOW_BITS_WORDS_MAX 16u // of 64 bits a flow
#define FLOW_BITS_FLOWS_MAX ((1u << 24) - 1) // numbers fit into 24 bits
#define FLOW_BITS_OCTETS (FLOW_BITS_WORDS_MAX * 8 + 4) // of memory a flow

struct flow_bits {
	uint64_t *bits; // owned; by number, `words` each
	uint32_t *mark; // owned; by number: whose `meaning` the bits are, or the next that is free
	uint32_t flows_max;
	uint32_t words; // of a flow; 0: no rule has any use for them
	uint32_t meaning; // how often it changed
	uint32_t fresh; // numbers from here on were never used
	uint32_t unused; // chain of those that came back
	uint32_t taken; // flows that have bits
	uint64_t full; // packets whose flow got no room for what was set
	const struct mem *mem;
	uint64_t none
		[FLOW_BITS_WORDS_MAX]; // of a flow without room; zero but for the packet in work
};

// For as many flows at once, 1 to FLOW_BITS_FLOWS_MAX, without words at first. 0 or -ENOMEM. `mem`
// outlives it; memory is touched when it is used.
int flow_bits_init(struct flow_bits *b, uint32_t flows_max, const struct mem *mem);
void flow_bits_fini(struct flow_bits *b);

// From now on flows have `words` words, FLOW_BITS_WORDS_MAX at most, and they mean something else: all
// bits are zero. Takes the same time whatever there is. Numbers stay as they are.
void flow_bits_forget(struct flow_bits *b, uint32_t words);

// The bits of the flow with this number (0: it has none yet), `words` words. NULL when there are no
// words. Valid until flow_bits_keep.
uint64_t *flow_bits_of(struct flow_bits *b, uint32_t number);

// `bits` is what flow_bits_of gave for this number. Returns the flow's number from now on: 0 when no bit
// is set, or there is no room (then they are lost).
uint32_t flow_bits_keep(struct flow_bits *b, uint32_t number, const uint64_t *bits);

// The flow has ended; 0 is fine.
void flow_bits_drop(struct flow_bits *b, uint32_t number);

// Looks at the bits without taking part in the above: NULL when none is set.
const uint64_t *flow_bits_look(const struct flow_bits *b, uint32_t number);

// Takes room for a flow that comes with bits, `words` of them. Returns its number: 0 when none is set, there
// is no room, or flows have another number of words.
uint32_t flow_bits_take(struct flow_bits *b, const uint64_t *bits, uint32_t words);
