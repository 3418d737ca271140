// One rule's text made into a rule.
#pragma once

#include "snort_draft.h"
#include "snort_lex.h"
#include "snort_pool.h"
#include "snort_scope.h"

// What parsing needs besides the text; one may serve many rules.
struct snort_parser {
	struct snort_scope *scope;
	struct snort_pool *pool; // takes the sets of addresses and ports
	bool app_any_port; // as in struct snort_vars
	struct snort_lexed lexed;
	struct snort_draft draft;
};

// Reads a rule. Returns 0 (*rule, but file, line and the numbers of its bits, is the caller's, to be
// freed with snort_rule_fini), -EINVAL (fault told) or -ENOMEM.
int snort_parse_rule(
	struct snort_parser *p, struct snort_text text, struct snort_rule *rule,
	struct snort_fault *fault
);

void snort_rule_fini(struct snort_rule *rule);
