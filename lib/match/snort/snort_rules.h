// A set of rules in Snort's and Suricata's syntax, from any number of files: what was accepted, and
// what was refused with line and reason.
#pragma once

#include "base/err.h"
#include "match/rules/ruleset.h"
#include "snort_names.h"
#include "snort_pool.h"
#include "snort_rule.h"

struct snort_rules {
	char **files;
	uint32_t n_files;
	struct snort_rule *rules; // in order of file and line; (gid, sid) is unique
	uint32_t n_rules;
	// In order of file and line. `rule` is "sid N", or "" where none could be read.
	struct refusal *refusals;
	uint32_t n_refusals;
	struct snort_names flowbits, xbits; // what the numbers in snort_bit.ids stand for
	struct snort_pool pool; // the rules' sets of addresses and ports
};

// Accepted in all; further ones are refused.
#define SNORT_RULES_MAX 100000u

// Zeroed memory is an empty set. Nothing may point into it any more.
void snort_rules_fini(struct snort_rules *rs);

// For those who fill the set. All return 0 or -ENOMEM, the set being as before.

// A new file, the last of `files`.
int snort_rules_add_file(struct snort_rules *rs, const char *name);

// Takes the rule, which is of the last file, and gives its bits their numbers. On failure it is still
// the caller's.
int snort_rules_add(struct snort_rules *rs, struct snort_rule *rule);

// A refusal of the last file; sid 0: unknown.
int snort_rules_refuse(
	struct snort_rules *rs, uint32_t line, uint32_t sid, const char *group, const char *reason
);

// Of rules with one (gid, sid) the highest rev stays, of equal revs the first. The others become
// refusals; all refusals are brought in order.
int snort_rules_settle(struct snort_rules *rs);

// Takes back what was added behind these counts (names of bits and sets of numbers stay).
void snort_rules_truncate(
	struct snort_rules *rs, uint32_t n_files, uint32_t n_rules, uint32_t n_refusals
);
