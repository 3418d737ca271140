// The expression of a logical combination (flag C): ids of other patterns joined by `!`, `&`, `|` and
// parentheses. Checking its grammar, walking its ids and renumbering them.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

// 0 when `expr` is a well-formed combination with at least one operator; -EINVAL with err set. The
// functions below want one that was checked.
int combination_check(const char *expr, struct err *err);

// Reads the next id at or behind *pos and moves *pos past it. False at the end.
bool combination_next(const char **pos, uint32_t *id);

// The same expression with map(ctx, id) in the place of each id. To be freed; NULL: out of memory.
char *combination_renumber(
	const char *expr, uint32_t (*map)(const void *ctx, uint32_t id), const void *ctx
);
