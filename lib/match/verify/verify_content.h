// One content: where in a payload it is found, from all the places that it may count from.
#pragma once

#include "match/snort/snort_test.h"
#include "verify_literal.h"
#include "verify_scratch.h"

struct verify_content {
	struct verify_literal literal;
	uint32_t flags; // enum snort_content_flag
	uint32_t offset, depth;
	int32_t distance;
	uint32_t within;
};

static inline bool verify_content_relative(const struct snort_content *c) {
	return (c->flags & (SNORT_DISTANCE | SNORT_WITHIN)) != 0;
}

// Returns 0 or -ENOMEM.
int verify_content_init(struct verify_content *c, const struct snort_content *from);
void verify_content_fini(struct verify_content *c);

// Is it found, its negation aside? `from`: what it is relative to, NULL for one that is not. Adds to
// `to` where each occurrence ends; NULL: one occurrence is enough.
bool verify_content_find(
	const struct verify_content *c, const struct verify_input *in,
	const struct verify_places *from, struct verify_places *to
);

// A relative content that is negated: takes those places away whose range it is found in. True when
// one is left; `all` false: when one is found that would be left, the others untouched.
bool verify_content_spare(
	const struct verify_content *c, const struct verify_input *in, struct verify_places *places,
	bool all
);
