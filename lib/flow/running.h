// The sum of a moving stretch of slices, kept as they come and go: what a slice brings is added when it
// comes and taken off when it goes, whatever the number of those in between.
#pragma once

#include "flow/slices.h"

#include <stdint.h>

// Where a sum is: in which slice, and there.
struct running_link {
	uint32_t part; // counted from the first slice there was, modulo 2^32
	uint32_t sum;
};

struct running_part {
	struct slice *slice; // owned
	struct running_link *next; // of each of its sums: where its key comes again; owned
};

// What cannot be taken off a sum as it was added.
struct running_key {
	uint32_t flags[8]; // slices with that bit of tcp_flags
	uint32_t opens; // slices with that
	struct running_link newest; // where it came last
	uint32_t distinct; // its set, 0: none
	bool least; // which lacks values
};

// One thread.
struct running {
	struct sums sums; // of all slices
	struct running_key *key; // of each of them
	uint32_t keys; // capacity of `key`
	struct running_part *part; // by time, oldest at `head`
	uint32_t head;
	uint32_t n; // one past the newest
	uint32_t capacity;
	uint32_t base; // the number of part[0]
	struct distinct distinct; // the sets of all keys; .budget NULL: nobody asks
	struct distinct scratch; // where one of too many values is put together
};

// Whether the i-th sum of a slice is part of the running sum, and not of the slice's rest.
bool running_is_told(const struct running_part *p, uint32_t i);

void running_init(struct running *r, struct budget *budget);
void running_fini(struct running *r);

// Distinct values are counted, too; right behind _init.
void running_count_distinct(struct running *r, const struct hash_seed *seed);

// Writes into all sums how many distinct values they have. Those of few cost what came and went; one of too
// many to keep is put together from its slices.
void running_tell_distinct(struct running *r);

static inline uint32_t running_parts(const struct running *r) {
	return r->n - r->head;
}

// The oldest slice, NULL when there is none.
static inline const struct slice *running_oldest(const struct running *r) {
	return r->head < r->n ? r->part[r->head].slice : NULL;
}

// A slice joins. Takes it over; what the budget has no room for is added to the slice's rest. Slices come in
// order of time; one that does not costs as much as all of them. 0 or -ENOMEM: then it was not taken.
int running_join(struct running *r, struct slice *slice);

// The oldest slice, which must be there, leaves, and is freed.
void running_leave(struct running *r);

// The rests of all slices; packets 0: nothing.
struct flow_sum running_rest(const struct running *r);
