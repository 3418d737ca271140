// Sets of values, of which only the number is asked: exact up to a bound, from there on estimated. What is
// said of a set depends on its values alone, whatever the order and the parts they came in.
#pragma once

#include "flow/flow_value.h"
#include "flow/sums.h"

#include <stdbool.h>
#include <stdint.h>

// A set that has more is estimated.
#define DISTINCT_EXACT_MAX 1024

struct distinct_pair {
	uint64_t word[2]; // the value
	uint32_t hash; // of the value, seeded; the lowest bit tells IPv6 from all else
	uint32_t set;
	uint32_t next, before; // pair of the same set, or free one, + 1; 0: none
	uint32_t parts; // of a set that parts leave again: in how many of them it is
};

struct distinct_set {
	uint32_t first; // pair, or next free set, + 1; 0: none
	uint32_t n; // pairs
	uint32_t registers; // + 1; 0: exact
	bool over; // parts may leave, and together have too many values: they are not kept
	bool least; // values are missing for want of memory
};

// All sets of one owner; positions instead of pointers. One thread.
struct distinct {
	struct distinct_pair *pair;
	uint32_t *index; // pair + 1, 0: free; twice as many
	struct distinct_set *set;
	uint8_t *registers; // HLL_REGISTERS for each set that is estimated
	uint32_t pairs, room_pairs,
		free_pair; // there have been; a power of two; the first free one + 1
	uint32_t sets, room_sets, free_set;
	uint32_t open; // sets in use
	uint32_t blocks, room_blocks, free_block; // of registers
	struct budget *budget; // borrowed
	bool parts; // what is merged may be taken off again
	struct hash_seed seed;
};

// Takes no memory before the first set. `parts`: distinct_take_off will be used. Owners that merge each other's
// sets have the same seed.
void distinct_init(
	struct distinct *d, struct budget *budget, const struct hash_seed *seed, bool parts
);
// Gives all memory back; it is empty then. Also when all zero.
void distinct_fini(struct distinct *d);

// A new set, which is empty: its position + 1. 0: no room.
uint32_t distinct_open(struct distinct *d);
// Also of 0. Without any set all memory is given back.
void distinct_close(struct distinct *d, uint32_t set);

// Where there is no room for a value the set has at least what it says. `set` is a position + 1.
void distinct_add(struct distinct *d, uint32_t set, const struct flow_value *value);

// Adds a set of another owner.
void distinct_merge(
	struct distinct *d, uint32_t set, const struct distinct *from, uint32_t from_set
);

// For flow/distinct_save.h: HLL_REGISTERS octets of a set that is estimated, good until it changes. NULL: it is
// not; and: adds those of another.
const uint8_t *distinct_registers(const struct distinct *d, uint32_t set);
void distinct_add_estimated(struct distinct *d, uint32_t set, const uint8_t *registers);

// Takes off what distinct_merge added.
void distinct_take_off(
	struct distinct *d, uint32_t set, const struct distinct *from, uint32_t from_set
);

// Whether the parts of a set have to be put together elsewhere to tell how many values they have.
static inline bool distinct_is_over(const struct distinct *d, uint32_t set) {
	return set != 0 && d->set[set - 1].over;
}

// Writes what is to be said of a set, which is not over, into a sum that is given out. 0: of no values, and if
// the sum says so, for want of memory.
void distinct_tell(const struct distinct *d, uint32_t set, struct flow_sum *to);
