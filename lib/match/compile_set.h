// The arrays that Hyperscan's compiler takes, laid out from the patterns of a ruleset that are still
// accepted. A position in them is not a pattern's index: see `order`. Over streams combinations are not
// compiled: what they refer to is, quiet or not, and whoever asked for it combines the reports.
#pragma once

#include "matcher_compile.h"
#include "matcher_mode.h"

#include <stdbool.h>
#include <stdint.h>

struct compile_set {
	const struct ruleset *rs;
	const struct compile_verdict *verdicts; // the caller's
	unsigned mode; // HS_MODE_*
	bool combine; // combinations are compiled
	// by index of a pattern
	uint32_t *by_id; // all indexes, in order of file and id
	uint32_t *rank; // among the accepted
	bool *operand; // a combination refers to it
	bool *as_given; // SINGLEMATCH must not be added
	// by position: operands, then other patterns, then (but for streams) combinations; with room for
	// one more
	uint32_t n;
	uint32_t n_plain; // without the combinations
	uint32_t *order; // index of the pattern
	const char **expr;
	unsigned *flags;
	unsigned *ids;
	hs_expr_ext_t *ext;
	const hs_expr_ext_t **ext_ptr;
	char **renumbered; // combinations' expressions, to be freed
	uint32_t n_renumbered;
};

// Returns 0 or -ENOMEM. Free with compile_set_fini in either case.
int compile_set_init(
	struct compile_set *s, const struct ruleset *rs, enum matcher_mode mode,
	const struct compile_verdict *verdicts
);
void compile_set_fini(struct compile_set *s);

// Fills the arrays anew from the verdicts as they are. Returns 0 or -ENOMEM.
int compile_set_lay_out(struct compile_set *s);

// The flags for pattern `i`: as in the file, with SINGLEMATCH where it changes nothing but speed (never
// over streams, where a match in each packet counts), and over streams without QUIET for what a
// combination refers to.
unsigned compile_set_flags(const struct compile_set *s, uint32_t i);

// The pattern that `id` names in file `file`. It must be there.
uint32_t compile_set_find(const struct compile_set *s, uint32_t file, uint32_t id);
