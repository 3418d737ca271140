// A rule's gate as Hyperscan takes it: an expression without which the rule cannot match. Rules with
// equal expressions share one.
#pragma once

#include "detect_probe.h"
#include "match/rules/ruleset.h"
#include "match/snort/snort_rule.h"

#define DETECT_NO_GATE UINT32_MAX

struct detect_gates {
	struct pattern *patterns; // owned, with their regex; `id` is the index here
	uint32_t *costs; // owned; of compiling each, a literal is 1
	uint32_t n;
	// Looked up by a hash of the pattern: index + 1, 0 where free.
	uint32_t *slots;
	uint32_t n_slots;
	struct detect_probe probe;
};

// Gives the rule its gate in *gate: a number, or DETECT_NO_GATE when there is none. Returns 0, -E2BIG
// with err set (it has one that takes too much to compile), or another -errno with err set.
int detect_gates_add(
	struct detect_gates *g, const struct snort_rule *rule, uint32_t *gate, struct err *err
);

// Zeroed memory is an empty table.
void detect_gates_fini(struct detect_gates *g);
