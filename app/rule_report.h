// What became of the rules of some files, for people and for programs: counts by file, and each refused
// rule with its place and reason.
#pragma once

#include "match/rules/rule_files.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// Counts by file, then the refused rules as FILE:LINE: ID: reason, `most` of them at most (those with
// mistakes come first then) and how many more there are, then how many for which reason. 0 or -ENOMEM.
int rule_report_text(const struct rule_files *f, uint32_t most, FILE *to);

// One line: {"accepted":N,"refused":N,"reasons":{"<reason>":N}}. Returns 0 or -ENOMEM.
int rule_report_json(const struct rule_files *f, FILE *to);

// Refused rules as lines FILE:LINE: KIND: rule ID refused: reason; `kind` is "warning" or "error". Of
// each file the first ten, then how many more there are of which kind. Returns 0 or -ENOMEM.
int rule_report_findings(const struct rule_files *f, const char *kind, FILE *to);

// Refused rules as warnings to the log: the first ten that have mistakes, and of those that ask for what
// cannot be had all where they are ten at most; of more the reasons.
void rule_report_log(const struct rule_files *f);

// How many rules were refused for how they are written, rather than for what this version or Hyperscan
// does not have. Where there are any, `first` is where the first stands, and why, cut at `len`.
uint32_t rule_report_faults(const struct rule_files *f, char *first, size_t len);
