// What became of the rules of some files, whatever their syntax, and how that is shown: counts by file,
// and each refused rule with its place and reason.
#pragma once

#include "match/ruleset.h"
#include "match/snort_rules.h"

#include <stdio.h>

struct rule_list {
	char *const *files; // the set's, as the refusals
	uint32_t n_files;
	const struct refusal *refusals; // in order of file and line
	uint32_t n_refusals;
	uint32_t *accepted; // owned; by file
	uint32_t n_accepted;
};

// Both return 0 or -ENOMEM. The list is good as long as the set stays as it is.
int rule_list_of_patterns(struct rule_list *l, const struct ruleset *rs);
int rule_list_of_rules(struct rule_list *l, const struct snort_rules *rs);
void rule_list_fini(struct rule_list *l);

// Counts by file, then the refused rules as FILE:LINE: ID: reason, `most` of them at most and how many
// more there are.
void rule_lists_text(const struct rule_list *lists, uint32_t n, uint32_t most, FILE *to);

// One line: {"accepted":N,"refused":N,"reasons":{"<reason>":N}}. Returns 0 or -ENOMEM.
int rule_lists_json(const struct rule_list *lists, uint32_t n, FILE *to);
