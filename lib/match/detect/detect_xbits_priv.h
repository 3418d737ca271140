// The table of marks from inside.
#pragma once

#include "detect_xbits.h"

#include <stddef.h>

#define WAYS 8u

struct detect_xbits_entry {
	struct detect_xbits_key key;
	int64_t expire_us; // holds before it; INT64_MIN: free
};

// The places of a set.
static inline struct detect_xbits_entry *
detect_xbits_places(const struct detect_xbits *x, uint32_t set) {
	return &x->entries[(size_t)set * WAYS];
}

// The sweep's.
state_sweep_save detect_xbits_save;
