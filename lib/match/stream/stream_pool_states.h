// The states of one stream's plans: a small table of those that something was met of, so that a stream
// over thousands of rules takes memory for the few it has to do with. One thread.
#pragma once

#include "stream_plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream_met {
	uint32_t tag; // index of the state, plus one; 0: free
	struct stream_state state;
};

// NULL stands for an empty table without room. To be freed with free().
struct stream_states {
	uint32_t n; // in use
	uint32_t bits; // 1 << bits slots, a quarter of them always free
	struct stream_met slot[];
};

// The state with this index; NULL: nothing was met.
struct stream_state *stream_states_find(struct stream_states *t, uint32_t index);

// Whether a state more wants a larger table.
static inline bool stream_states_full(const struct stream_states *t) {
	return t == NULL || 4 * (t->n + 1) > 3u << t->bits;
}

uint64_t stream_states_octets(const struct stream_states *t); // 0 for NULL
uint64_t stream_states_octets_grown(const struct stream_states *t);

// A larger table with what is in `t`, which is freed; NULL: out of memory, and `t` is as before.
struct stream_states *stream_states_grow(struct stream_states *t);

// Adds a state of which nothing is met. It must not be there, and the table not full.
struct stream_state *stream_states_add(struct stream_states *t, uint32_t index);

// Empties the table. NULL is fine.
void stream_states_clear(struct stream_states *t);

// Makes *to, which is empty, hold what `from` does. False: out of memory, and *to is empty.
bool stream_states_copy(struct stream_states **to, const struct stream_states *from);
