// A plan while it is made: terms and their pieces are added one after the other.
#pragma once

#include "stream_plan.h"

#include <stdbool.h>
#include <stdint.h>

// More alternatives a rule would cost more than it is worth.
#define STREAM_PIECES_MAX 64u

// An empty plan, or NULL when out of memory.
struct stream_plan *stream_plan_new(void);

// A new term; the pieces that are added next belong to it. Returns 0 or -EINVAL (fault told).
int stream_plan_add_term(struct stream_plan *plan, bool negated, struct snort_fault *fault);

// Adds a piece with a copy of the text, an expression with PATTERN_DOTALL. Returns 0, -EINVAL
// (fault told) or -ENOMEM.
int stream_plan_add_piece(struct stream_plan *plan, const char *text, struct snort_fault *fault);

// Adds a piece with a copy of a pattern, which meets the term. Returns 0 or -ENOMEM.
int stream_plan_add_pattern(struct stream_plan *plan, const struct pattern *pattern, uint32_t term);
