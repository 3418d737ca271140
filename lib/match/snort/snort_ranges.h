// A set of numbers as sorted ranges that neither touch nor overlap: IPv4 addresses (host order), IPv6
// addresses, or ports. Sets are compared and shared once made; nothing changes one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snort_range {
	unsigned __int128 lo, hi; // both belong to it
};

struct snort_ranges {
	uint32_t n;
	struct snort_range at[];
};

#define SNORT_V4_MAX ((unsigned __int128)UINT32_MAX)
#define SNORT_V6_MAX (~(unsigned __int128)0)
#define SNORT_PORT_MAX ((unsigned __int128)UINT16_MAX)

// From `n` ranges in any order, which are sorted in place. NULL when out of memory; free with free().
struct snort_ranges *snort_ranges_new(struct snort_range *ranges, uint32_t n);

// What is in `a` and not in `b`. NULL when out of memory; free with free().
struct snort_ranges *snort_ranges_minus(const struct snort_ranges *a, const struct snort_ranges *b);

bool snort_ranges_equal(const struct snort_ranges *a, const struct snort_ranges *b);

// In as many steps as the number of ranges has digits in binary.
bool snort_ranges_has(const struct snort_ranges *r, unsigned __int128 value);

// Everything from 0 to `max`?
bool snort_ranges_is_all(const struct snort_ranges *r, unsigned __int128 max);

// An IPv6 address in network order as a number.
static inline unsigned __int128 snort_v6_number(const uint8_t address[16]) {
	unsigned __int128 v = 0;
	for (unsigned i = 0; i < 16; i++)
		v = v << 8 | address[i];
	return v;
}
