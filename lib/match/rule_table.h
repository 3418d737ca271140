// What the rules of a matcher are called, by their number, for alerts: made once with the matcher and
// constant from then on.
#pragma once

#include "base/rule_info.h"
#include "ruleset.h"

// A pattern's text is shown up to so many octets.
#define RULE_TABLE_TEXT_MAX 200

struct rule_table {
	struct rule_info *info; // owned; by rule
	uint32_t n;
	char *text; // owned; what `info` points into
};

// An hsbench pattern is a rule with gid 1, its id for sid, rev 0 and its text, /regex/flags, for
// signature. 0 or -ENOMEM. Free with rule_table_fini, also when all zero.
int rule_table_init(struct rule_table *t, const struct ruleset *rs);
void rule_table_fini(struct rule_table *t);
