// A logical combination made ready to be asked: the same expression in postfix, over a word with a bit
// for each of its ids. Precedence is Hyperscan's: `!`, then `&`, then `|`.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define COMBINATION_IDS_MAX 31u // different ones
#define COMBINATION_DEPTH_MAX 64u // values that wait for their operator

// Immutable, any thread.
struct combination_code {
	uint32_t ids[COMBINATION_IDS_MAX]; // in the order in which they come first
	uint32_t n_ids;
	uint32_t n_steps;
	uint8_t steps[]; // an index into ids, or an operator
};

// Of an expression that combination_check took. Returns 0 (*code to be freed with free), -E2BIG with
// err set (more ids or deeper than above), or -ENOMEM with err set.
int combination_code_new(const char *expr, struct combination_code **code, struct err *err);

// Whether it holds when bit N of `found` says that ids[N] was found. Other bits do not matter.
bool combination_code_holds(const struct combination_code *c, uint32_t found);

// The same expression over the same ids.
bool combination_code_equal(const struct combination_code *a, const struct combination_code *b);
