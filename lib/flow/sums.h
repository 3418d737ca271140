// A table of sums by flow key, or by flow key and rule: what rows of many panes and workers add up to.
// The exporter's grow within a budget that they share; a worker's (flow/rule_rows.h) have a fixed size.
#pragma once

#include "flow/row.h"
#include "flow/rule_id.h"

#include <stdbool.h>
#include <stdint.h>

// Octets that tables may hold together. One thread.
struct budget {
	uint64_t used;
	uint64_t max;
	uint64_t kept; // of `max`, what rows leave for the windows they are in
	uint64_t spare; // beside what is used: tables that were detached
};

// Whether so many more may go into rows.
static inline bool budget_has(const struct budget *b, uint64_t more) {
	return b->used + more + b->kept <= b->max;
}

// Why a session or flow ended, or a count early.
enum flow_end {
	FLOW_END_NONE, // it is neither
	FLOW_END_IDLE,
	FLOW_END_ACTIVE,
	FLOW_END_END, // FIN or RST
	FLOW_END_FORCED, // the run was cut short
	FLOW_END_RESOURCES, // to make room
};

// What is said of the number of distinct values.
enum distinct_is {
	DISTINCT_NONE, // nobody asks, or nobody knows
	DISTINCT_EXACT,
	DISTINCT_ESTIMATED,
	DISTINCT_LEAST, // there was no room for all
};

struct flow_sum {
	// Masked; `hash` is set, with a rule it is rule_id_hash's.
	struct flow_key key;
	uint64_t packets;
	uint64_t bytes;
	uint64_t frame_bytes;
	uint64_t matches;
	int64_t first_us;
	int64_t last_us;
	struct rule_id rule; // zero where the sum is not a rule's
	uint32_t
		distinct; // while it is added to: its set, 0: none; given out: how many values there are
	uint8_t tcp_flags;
	uint8_t reason; // enum flow_end
	uint8_t distinct_is; // enum distinct_is
	uint8_t opens : 1; // a SYN without ACK was among them
	bool partial : 1; // a session or flow that may have more to it, or a count of less than so many
	bool top : 1; // with KEY_REST: what is left by a ranking, not by memory
};

static_assert(sizeof(struct flow_sum) == 2 * CACHE_LINE);

// Octets that a row of a table takes, which doubles when it is full.
#define SUMS_ROW_OCTETS (sizeof(struct flow_sum) + 2 * sizeof(uint32_t))

struct sums {
	struct flow_sum *sum; // in order of insertion; aligned to CACHE_LINE
	uint32_t *index; // position + 1, 0: free; twice the capacity
	uint32_t n;
	uint32_t capacity; // power of two, 0 before the first
	struct budget *budget; // NULL: of fixed size
};

void sums_init(struct sums *s, struct budget *budget);
void sums_fini(struct sums *s);

// A table that does not grow, in the caller's memory: `sum` has room for `capacity` sums, a power of two,
// aligned to CACHE_LINE; `index` for twice as many, zeroed. There is nothing to fini.
void sums_init_fixed(struct sums *s, uint32_t capacity, struct flow_sum *sum, uint32_t *index);

// Forgets all sums; takes as long as there are some. The memory stays.
void sums_clear(struct sums *s);

// A table's memory apart from its table, for another one of the same budget: emptied, and its `spare` meanwhile.
// Leaves `s` as after init; free the memory with sums_drop.
struct sums sums_detach(struct sums *s);

// Gives an empty table that has no memory yet what was detached, of which nothing is left then. False, and nothing
// was done: the budget has no room for it.
bool sums_attach(struct sums *s, struct sums *detached);
void sums_drop(struct sums *detached);

static inline uint64_t sums_octets(const struct sums *s) {
	return (uint64_t)s->capacity * SUMS_ROW_OCTETS;
}

// The sum of a masked key with key->hash set; a new one has zero counters. NULL: the budget (or the
// machine's memory, or a fixed size) is used up.
struct flow_sum *sums_find_insert(struct sums *s, const struct flow_key *key);

// The sum of a masked key and a rule, with key->hash as rule_id_hash makes it; else the same. A table has
// sums of the one kind or of the other.
struct flow_sum *
sums_find_insert_rule(struct sums *s, const struct flow_key *key, struct rule_id rule);

// What is there of a key, and of a rule; NULL: nothing.
struct flow_sum *sums_find(const struct sums *s, const struct flow_key *key, struct rule_id rule);

// Takes a sum out; the last one moves to its place. The memory stays.
void sums_remove(struct sums *s, const struct flow_sum *sum);

// Whether it is of anything. As in rows, there may be matches alone, at the times of their packets.
static inline bool flow_sum_any(const struct flow_sum *sum) {
	return sum->packets > 0 || sum->matches > 0;
}

static inline void flow_sum_widen(struct flow_sum *sum, int64_t first_us, int64_t last_us) {
	bool any = flow_sum_any(sum);
	if (!any || first_us < sum->first_us)
		sum->first_us = first_us;
	if (!any || last_us > sum->last_us)
		sum->last_us = last_us;
}

// Adds a row of the pane that starts at `start_us`, in which anything was counted.
static inline void
flow_sum_add(struct flow_sum *sum, const struct flow_row *row, int64_t start_us) {
	flow_sum_widen(sum, start_us + row->first_us, start_us + row->last_us);
	sum->packets += row->packets;
	sum->bytes += row->bytes;
	sum->frame_bytes += row->frame_bytes;
	sum->matches += row->matches;
	sum->tcp_flags |= row->tcp_flags;
	sum->opens |= row->opens;
}

// Adds another sum, which is of anything. Key and rule stay.
static inline void flow_sum_merge(struct flow_sum *sum, const struct flow_sum *from) {
	flow_sum_widen(sum, from->first_us, from->last_us);
	sum->packets += from->packets;
	sum->bytes += from->bytes;
	sum->frame_bytes += from->frame_bytes;
	sum->matches += from->matches;
	sum->tcp_flags |= from->tcp_flags;
	sum->opens |= from->opens;
}
