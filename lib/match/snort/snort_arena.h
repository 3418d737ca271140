// Memory that is given out piece by piece and freed at once: what one rule consists of. Zeroed,
// aligned for anything, never moved.
#pragma once

#include <stddef.h>

struct snort_text;

struct snort_arena {
	struct snort_block *newest; // NULL: empty
};

// NULL when out of memory. `octets` may be 0.
void *snort_arena_take(struct snort_arena *a, size_t octets);

// A copy with a NUL behind it. NULL when out of memory.
char *snort_arena_copy(struct snort_arena *a, struct snort_text text);

void snort_arena_fini(struct snort_arena *a);
