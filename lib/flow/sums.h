// A growing table of sums by flow key: what rows of many panes and workers add up to. The exporter's;
// bounded by a budget that all its tables share.
#pragma once

#include "flow/row.h"

#include <stdint.h>

// Octets that tables may hold together. One thread.
struct budget {
	uint64_t used;
	uint64_t max;
};

struct flow_sum {
	struct flow_key key; // masked; `hash` is set
	uint64_t packets;
	uint64_t bytes;
	uint64_t frame_bytes;
	uint64_t matches;
	int64_t first_us;
	int64_t last_us;
	uint8_t tcp_flags;
};

struct sums {
	struct flow_sum *sum; // in order of insertion; aligned to CACHE_LINE
	uint32_t *index; // position + 1, 0: free; twice the capacity
	uint32_t n;
	uint32_t capacity; // power of two, 0 before the first
	struct budget *budget;
};

void sums_init(struct sums *s, struct budget *budget);
void sums_fini(struct sums *s);

// The sum of a masked key with key->hash set; a new one has zero counters. NULL: the budget (or the
// machine's memory) is used up.
struct flow_sum *sums_find_insert(struct sums *s, const struct flow_key *key);

// Adds a row of the pane that starts at `start_us`.
static inline void
flow_sum_add(struct flow_sum *sum, const struct flow_row *row, int64_t start_us) {
	int64_t first = start_us + row->first_us, last = start_us + row->last_us;
	if (sum->packets == 0 || first < sum->first_us)
		sum->first_us = first;
	if (sum->packets == 0 || last > sum->last_us)
		sum->last_us = last;
	sum->packets += row->packets;
	sum->bytes += row->bytes;
	sum->frame_bytes += row->frame_bytes;
	sum->matches += row->matches;
	sum->tcp_flags |= row->tcp_flags;
}
