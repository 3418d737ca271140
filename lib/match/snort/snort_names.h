// Names with numbers: each name that is added gets the next one, and keeps it. No NUL in a name.
// Zeroed memory is an empty table.
#pragma once

#include "base/hash.h"

#include <stdint.h>

struct snort_text;

struct snort_names {
	struct hash_seed seed;
	char **names; // by number
	uint32_t n;
	uint32_t *slots; // number + 1, 0 where free; looked up by a hash of the name
	uint32_t n_slots; // a power of two, at least twice n; 0 at first
};

#define SNORT_NAME_NONE UINT32_MAX

// The name's number, or SNORT_NAME_NONE. Case matters.
uint32_t snort_names_find(const struct snort_names *n, struct snort_text name);

// The same, added if it is new. SNORT_NAME_NONE when out of memory.
uint32_t snort_names_add(struct snort_names *n, struct snort_text name);

void snort_names_fini(struct snort_names *n);
