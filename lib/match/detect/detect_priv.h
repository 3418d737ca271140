// What the files of the rule engine share, and nobody else needs.
#pragma once

#include "detect.h"
#include "detect_bits.h"
#include "detect_group.h"
#include "detect_plan.h"
#include "match/verify/verify.h"

// A rule in the engine. Their order is the one in which they are decided.
struct detect_rule {
	const struct snort_rule *rule; // the set's
	struct verifier *verifier; // owned
	uint32_t index; // in the set
	uint32_t gate; // DETECT_NO_GATE: none
};

struct detect {
	const struct snort_rules *rs;
	struct detect_rule *rules; // owned
	uint32_t n_rules;
	uint32_t *place; // owned; by index in the set: where it is in `rules`
	bool wants_ttl;
	struct detect_bits bits;
	struct detect_gates gates;
	struct detect_plan plan;
	struct detect_group *groups; // owned; one for each list of the plan
	uint32_t n_groups;
	uint32_t xbits; // marks a thread keeps; 0: no rule tests one
	uint64_t bits_digest;
	struct detect_stats stats;
};

struct detect_scratch {
	hs_scratch_t *hs; // NULL: no group has a database
	struct verify_scratch *verify;
	struct detect_set pending; // rules to decide
	uint64_t *found; // owned; bits: of those, what was found in a stream
	struct detect_xbits xbits;
	struct detect_counts counts;
};
