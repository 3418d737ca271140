// What a database is scanned with: each packet by itself, or a stream as it comes.
#pragma once

#include "match/rules/ruleset.h"

#include <hs.h>

enum matcher_mode {
	MATCHER_BLOCK,
	MATCHER_STREAM,
};

// Hyperscan's HS_MODE_* for the patterns. Where one tells the start of its matches (flag L), streams
// are remembered as far back as can be.
static inline unsigned matcher_mode_bits(enum matcher_mode mode, const struct ruleset *rs) {
	if (mode == MATCHER_BLOCK)
		return HS_MODE_BLOCK;
	for (uint32_t i = 0; i < rs->n_patterns; i++) {
		if (rs->patterns[i].flags & PATTERN_SOM_LEFTMOST)
			return HS_MODE_STREAM | HS_MODE_SOM_HORIZON_LARGE;
	}
	return HS_MODE_STREAM;
}
