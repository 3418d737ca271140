// An expression for Hyperscan while it is written: every octet as \xHH, sets as classes, to be read
// with PATTERN_DOTALL and no other flag.
#pragma once

#include "stream_plan_octets.h"

#include <stdbool.h>
#include <stdint.h>

// Hyperscan takes no more.
#define PLAN_TEXT_MAX 16000u
// No upper bound of a repeat.
#define PLAN_OPEN UINT32_MAX

struct regex_node;

struct plan_text {
	char *at; // NUL-terminated once something was added
	uint32_t len, room;
	bool too_long; // more than PLAN_TEXT_MAX: what is there is not the whole
	bool no_memory;
};

void plan_text_fini(struct plan_text *t);

void plan_text_add(struct plan_text *t, const char *text);

// Octets of the set, `lo` to `hi` times (PLAN_OPEN: any number from lo on). Nothing when hi is 0.
// The set is not empty.
void plan_text_add_set(struct plan_text *t, struct octet_set set, uint32_t lo, uint32_t hi);

// An expression that was parsed.
void plan_text_add_regex(struct plan_text *t, const struct regex_node *node);
