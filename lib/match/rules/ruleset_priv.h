// What the files that build a ruleset share, and nobody else needs.
#pragma once

#include "ruleset.h"

#include <stddef.h>

// Room for one more element in an array of `n` that only ever grew through this function (elements
// may have been dropped from its end since). NULL when out of memory, the array being as before.
void *ruleset_grow(void *array, uint32_t n, size_t elem_size);

// Appends; the strings are copied. The caller keeps the order of file and line. 0 or -ENOMEM.
int ruleset_add_refusal(struct ruleset *rs, const struct refusal *r);

// Frees what is behind these counts.
void ruleset_truncate(
	struct ruleset *rs, uint32_t n_files, uint32_t n_patterns, uint32_t n_refusals
);
