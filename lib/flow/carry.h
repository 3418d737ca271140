// What is open of each key across slices of time: sums found by key, each with a timer, the least due on
// top of a heap. Bounded; nothing is put out of it but by its owner.
#pragma once

#include "flow/sums.h"

#include <stdint.h>

// Octets that an open sum takes at the least.
#define CARRY_OCTETS 156

struct carry_timer {
	int64_t due_us;
	uint32_t sum; // whose
};

// One thread. Must not move once it was initialised.
struct carry {
	struct sums sums; // they move when one is removed, or with the table
	struct budget budget; // of `sums`
	struct carry_timer *heap; // one a sum
	uint32_t *at; // where in the heap each sum's timer is
	uint32_t capacity; // of `heap` and `at`
};

// Takes at most `memory` octets, and none before the first sum.
void carry_init(struct carry *c, uint64_t memory);
void carry_fini(struct carry *c);

// NULL: there is none. A sum that is found is good until one is added or removed.
static inline struct flow_sum *
carry_find(const struct carry *c, const struct flow_key *key, struct rule_id rule) {
	return sums_find(&c->sums, key, rule);
}

// Adds a copy of a sum whose key is not there. NULL: no room, or out of memory.
struct flow_sum *carry_add(struct carry *c, const struct flow_sum *sum, int64_t due_us);

// Sets the timer of a sum.
void carry_arm(struct carry *c, const struct flow_sum *sum, int64_t due_us);

static inline int64_t carry_due(const struct carry *c, const struct flow_sum *sum) {
	return c->heap[c->at[sum - c->sums.sum]].due_us;
}

// The sum that is due first, NULL when there is none.
static inline struct flow_sum *carry_first(const struct carry *c) {
	return c->sums.n > 0 ? &c->sums.sum[c->heap[0].sum] : NULL;
}

void carry_remove(struct carry *c, const struct flow_sum *sum);
