// What a rule means, decided the slow way: every place of every test is tried in turn. Shares no code
// with the verifier; for tests to compare it with.
#pragma once

#include "match/snort/snort_rule.h"

enum rule_reference_verdict {
	RULE_MISSES,
	RULE_HOLDS,
	RULE_UNKNOWN, // took too long, or a pcre that PCRE2 cannot run
};

// Borrows the rule. NULL when one of its pcres does not compile.
struct rule_reference *rule_reference_new(const struct snort_rule *rule);
void rule_reference_free(struct rule_reference *r);

// Do dsize, bsize and the rule's tests hold on the payload?
enum rule_reference_verdict
rule_reference_judge(struct rule_reference *r, const uint8_t *payload, uint32_t len);
