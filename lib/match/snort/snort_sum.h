// What a list of addresses or ports adds up to while it is read: ranges that count and ranges that do
// not. In Suricata a negation anywhere in a list wins over what the list names otherwise.
#pragma once

#include "snort_ranges.h"

struct snort_heap {
	struct snort_range *at;
	uint32_t n, room;
};

// For addresses the first of two heaps is IPv4, the second IPv6; ports use the first alone. Zeroed
// memory is an empty sum.
struct snort_sum {
	struct snort_heap named[2];
	struct snort_heap negated[2];
};

// Of one heap.
#define SNORT_SUM_MAX 65536u

// Returns 0, -E2BIG or -ENOMEM.
int snort_heap_add(struct snort_heap *h, struct snort_range range);

// Adds all of `other` (`not`: its negation) to `sum`. Returns 0, -E2BIG or -ENOMEM.
int snort_sum_add(struct snort_sum *sum, const struct snort_sum *other, bool not );

// The set: what is named, or where nothing is, all from 0 to max[family]; less what is negated. NULL
// when out of memory; free with free().
struct snort_ranges *
snort_sum_set(const struct snort_sum *sum, unsigned family, const unsigned __int128 max[2]);

// How many ranges it holds.
uint64_t snort_sum_size(const struct snort_sum *sum);

void snort_sum_fini(struct snort_sum *sum);
