// A text that a regular expression most likely matches.
#pragma once

#include "regex_tree.h"

#define REGEX_SAMPLE_MAX 4096u

struct regex_sample {
	uint8_t octets[REGEX_SAMPLE_MAX];
	uint32_t len;
	bool at_start; // has to lie at the subject's start
	bool at_end;
};

// Another seed gives another text; 0 the shortest of the first choices. False when it gets too long.
bool regex_sample_make(const struct regex_tree *t, uint64_t seed, struct regex_sample *s);
