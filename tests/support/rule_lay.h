// Lays a rule's tests out in a payload, one after the other, each at a place from which the next ones
// fit too. For rule_payload.c.
#pragma once

#include "match/snort/snort_rule.h"
#include "regex_sample.h"
#include "rule_layout.h"

#define RULE_LAY_STEPS_MAX 20000u

struct rule_maker {
	const struct snort_rule *rule;
	struct rule_layout layout;
	struct regex_tree tree;
	struct regex_sample sample;
	uint64_t seed;
	bool pcres_first; // rule_lay_pcres was called
	uint32_t steps;
	int64_t *ends; // by test: where a pcre that was laid out first ends; -1: it was not
};

// Pcres that are not relative ahead of all else, so that contents are found in their texts.
bool rule_lay_pcres(struct rule_maker *m);

// Test `i` and all behind it, the latest match having ended at `pos`. False, with the layout as it
// was, when that cannot be.
bool rule_lay(struct rule_maker *m, uint32_t i, int64_t pos);
