// What every payload that a rule matches must hold, in a form that Hyperscan finds: the hint upon
// which the verifier is asked. Never wrong, only more or less selective.
#pragma once

#include "match/snort/snort_rule.h"

enum verify_gate_kind {
	VERIFY_GATE_ALWAYS, // there is nothing: ask the verifier about every payload
	VERIFY_GATE_LITERAL,
	VERIFY_GATE_PCRE,
};

// Of a literal: longer contents are cut.
#define VERIFY_GATE_LEN_MAX 256u

struct verify_gate {
	enum verify_gate_kind kind;
	// Literal. It begins at start_min or behind and ends at end_max or ahead.
	const uint8_t *octets; // the rule's
	uint32_t len;
	bool nocase;
	uint32_t start_min;
	uint32_t end_max; // UINT32_MAX: anywhere
	// Pcre: an expression with flags (enum pattern_flag: caseless, dotall, multiline) that is to be
	// compiled with PATTERN_PREFILTER and PATTERN_ALLOWEMPTY. If Hyperscan does not take it, the gate
	// is as good as ALWAYS.
	char *regex; // owned, NUL-terminated
	uint32_t flags;
};

// The content that the rule marks as fast_pattern, or its part; else the longest that must be there;
// else a pcre that must match and is not relative to something. Returns 0 or -ENOMEM.
int verifier_gate(const struct snort_rule *rule, struct verify_gate *gate);
void verify_gate_fini(struct verify_gate *gate);
