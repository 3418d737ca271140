// flowbits and xbits: which bits are kept at all, whether a rule's conditions on them hold, and what a
// rule that matched does to them.
#pragma once

#include "detect_head.h"
#include "detect_xbits.h"
#include "match/snort/snort_rules.h"

// Of a flow. Rules that test a further flowbit are refused.
#define DETECT_FLOW_BITS_MAX 1024u // 64 * DETECT_FLOW_WORDS_MAX
#define DETECT_NO_BIT UINT32_MAX

// Immutable. A flowbit that no rule tests is not kept.
struct detect_bits {
	uint32_t *
		flow; // owned; by number of the name: the bit in a flow's storage, or DETECT_NO_BIT
	uint32_t n_flow;
	bool xbits; // some rule tests one
};

// Numbers the bits that the rules test; those that `refused` says count for nothing. Returns 0 or
// -ENOMEM.
int detect_bits_init(struct detect_bits *b, const struct snort_rules *rs, const bool *refused);
void detect_bits_fini(struct detect_bits *b);

// False: the rule tests a flowbit that there is no room for.
bool detect_bits_fit(const struct detect_bits *b, const struct snort_rule *r);

// In Suricata's order: who changes bits comes ahead of who tests them, so that both can match in one
// packet. The smaller is the earlier one.
uint32_t detect_bits_order(const struct snort_rule *r);

bool detect_bits_hold(
	const struct detect_bits *b, const struct detect_xbits *x, const struct snort_rule *r,
	const struct detect_view *v
);

void detect_bits_apply(
	const struct detect_bits *b, struct detect_xbits *x, const struct snort_rule *r,
	const struct detect_view *v
);

// Stands for what the bits of a flow and the ids of xbits mean; never 0.
uint64_t detect_bits_digest(const struct detect_bits *b, const struct snort_rules *rs);
