// Both directions of a conversation as one record (RFC 5103). Sums are kept by direction, wherever they
// are; here is how the two are found and what becomes of them when they leave.
#pragma once

#include "flow/back.h"
#include "flow/sums.h"

#include <stdbool.h>

// How the keys of a stream turn around. One thread may use it, or many.
struct biflow {
	bool on; // else nothing has another direction
	struct flow_key mask; // of both addresses, and of both ports or none
	struct hash_seed seed; // of the keys' hashes
};

void biflow_init(struct biflow *b, bool on, uint32_t fields, const struct hash_seed *seed);

// Less than 0: the source's (address, port) is the lower one, more: the destination's; 0: they are equal,
// and both directions one.
int biflow_side(const struct flow_key *key);

// The sum of the other direction in that table, NULL: none. Addresses and ports change places, all other
// fields are the same in both. Good until the table changes.
struct flow_sum *
biflow_turned(const struct biflow *b, const struct sums *in, const struct flow_sum *sum);

static inline struct flow_sum *
biflow_other(const struct biflow *b, const struct sums *in, const struct flow_sum *sum) {
	return b->on ? biflow_turned(b, in, sum) : NULL;
}

// Both as what a window's machine looks at: their times, their flags, of which FIN only where both
// directions have it. `other` may be NULL. Returns `room`, or `sum` where that is all.
const struct flow_sum *
biflow_add(const struct flow_sum *sum, const struct flow_sum *other, struct flow_sum *room);

static inline const struct flow_sum *biflow_both(
	const struct biflow *b, const struct flow_sum *sum, const struct flow_sum *other,
	struct flow_sum *room
) {
	return b->on ? biflow_add(sum, other, room) : sum;
}

// Whether the sender of `sum` is the source of the record of both, rather than that of `other`: whoever alone
// sent a SYN without ACK, else whoever sent first, at the same time the lower (address, port).
bool biflow_began(const struct flow_sum *sum, const struct flow_sum *other);

// The record of both. `other` may be NULL.
void biflow_record(
	const struct flow_sum *sum, const struct flow_sum *other, struct flow_sum *record,
	struct flow_back *back
);
