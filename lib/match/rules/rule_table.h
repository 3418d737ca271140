// What the rules of a matcher are called, by their number, for alerts: made once with the matcher and
// constant from then on.
#pragma once

#include "base/rule_info.h"
#include "match/snort/snort_arena.h"
#include "match/snort/snort_rules.h"
#include "ruleset.h"

// A pattern's text is shown up to so many octets.
#define RULE_TABLE_TEXT_MAX 200
// Of a rule's metadata so many are told.
#define RULE_TABLE_METADATA_MAX 64u

struct rule_table {
	struct rule_info *info; // owned; by rule
	uint32_t n;
	struct snort_arena arena; // owned; what `info` points into
};

// Patterns first, then rules; NULL for either: none. Texts are copied.
//
// An hsbench pattern is a rule with gid 1, its id for sid, rev 0 and its text, /regex/flags, for
// signature. A rule of the other syntax has its class's category and severity, the class's own name and
// RULE_SEVERITY_DEFAULT where the class is not known, and the severity that `priority` gives ahead of
// all. 0 or -ENOMEM. Free with rule_table_fini, also when all zero.
int rule_table_init(
	struct rule_table *t, const struct ruleset *patterns, const struct snort_rules *rules
);
void rule_table_fini(struct rule_table *t);
