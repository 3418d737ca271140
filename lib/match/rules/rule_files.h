// The rule files of a run in the order they are named, whatever their syntax: hsbench patterns and
// rules in Snort's and Suricata's. What reads, lists and reports rules does it through this.
#pragma once

#include "base/err.h"
#include "match/snort/snort_rules.h"
#include "match/snort/snort_vars.h"
#include "ruleset.h"

#include <stdbool.h>
#include <stdint.h>

// Where the rules of one file are.
struct rule_file {
	bool snort; // in `rules`, else in `patterns`
	uint32_t index; // into the files of those
};

// Rules are numbered: patterns first, then rules; rule `i` of `rules` is n_patterns + i. That changes
// while rules are refused.
struct rule_files {
	struct ruleset *patterns; // owned; never NULL after rule_files_init
	struct snort_rules rules;
	struct rule_file *file; // owned; in the order of rule_files_add
	uint32_t n_files;
};

// 0 or -ENOMEM. Free with rule_files_fini, also when that failed or all is zero; nothing may point
// into `rules` any more.
int rule_files_init(struct rule_files *f);
void rule_files_fini(struct rule_files *f);

// Whether a file of this name (*.rules) holds rules in Snort's and Suricata's syntax. Any other holds
// hsbench patterns.
bool rule_files_snort(const char *path);

// Adds a file. A rule that cannot be read becomes a refusal; only a file that cannot be read at all
// is an error (-errno, err set, everything as before). `vars`, for *.rules, may be NULL.
int rule_files_add(
	struct rule_files *f, const char *path, const struct snort_vars *vars, struct err *err
);

// When all files are in: refuses patterns whose id is the sid of a rule with gid 1, but for those that never
// report (flag Q), and combinations of refused ones. 0, or -ENOMEM with all as it was.
int rule_files_settle(struct rule_files *f);

// Of all files.
uint32_t rule_files_accepted(const struct rule_files *f);
uint32_t rule_files_refused(const struct rule_files *f);

// Of file `i` of n_files: its name, how many of its rules are accepted, and its refusals in order of
// line (their `file` is the set's own number). Good as long as no rule is added or refused.
const char *rule_files_name(const struct rule_files *f, uint32_t i);
uint32_t rule_files_accepted_of(const struct rule_files *f, uint32_t i);
const struct refusal *rule_files_refusals(const struct rule_files *f, uint32_t i, uint32_t *n);
