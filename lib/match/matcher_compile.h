// Turns a ruleset into a Hyperscan database, and finds the patterns that Hyperscan refuses in time
// that grows with the set and not with the number of bad patterns times the set.
#pragma once

#include "base/err.h"
#include "match/rules/ruleset.h"
#include "matcher_mode.h"

#include <hs.h>

// What became of a pattern.
struct compile_verdict {
	const char *group; // NULL: accepted
	char *reason; // to be freed
};

// Frees the reasons and the array. NULL is fine.
void compile_verdicts_free(struct compile_verdict *v, uint32_t n);

// Sets v[i] for pattern i. Returns 0, or -ENOMEM.
int compile_verdict_set(struct compile_verdict *v, const char *group, const char *reason);

// Compiles for the mode. `v` has rs->n_patterns elements, all accepted so far. The database
// reports, as Hyperscan's id, the rank of a pattern among the accepted ones; it is NULL when none
// was accepted, and to be freed otherwise. Over streams no combination is reported, but all that
// one refers to (compile_set.h). Returns 0 or -errno with err set. Wants 1 MB of stack.
int matcher_compile(
	const struct ruleset *rs, enum matcher_mode mode, struct compile_verdict *v,
	hs_database_t **db, struct err *err
);
