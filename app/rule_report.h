// What became of the rules of a set, for people and for programs: counts by file, and each refused rule
// with its place and reason.
#pragma once

#include "match/ruleset.h"

#include <stdbool.h>
#include <stdio.h>

// Counts by file, then the refused rules as FILE:LINE: ID: reason, `most` of them at most and how many
// more there are. Returns 0 or -ENOMEM.
int rule_report_text(const struct ruleset *rs, uint32_t most, FILE *to);

// One line: {"accepted":N,"refused":N,"reasons":{"<reason>":N}}. Returns 0 or -ENOMEM.
int rule_report_json(const struct ruleset *rs, FILE *to);

// Refused rules as warnings to the log, the first ten.
void rule_report_log(const struct ruleset *rs);

// Whether some rule was refused for how it is written, rather than for what this version or Hyperscan
// does not have.
bool rule_report_has_faults(const struct ruleset *rs);
