// Rule files in Snort's and Suricata's syntax: rules, comments, variables, lines that a backslash
// continues.
#pragma once

#include "base/err.h"
#include "snort_rules.h"
#include "snort_vars.h"

// Octets of one rule, all its lines together.
#define SNORT_RULE_SIZE_MAX (256u << 10)

// Adds a file's rules to `out`; `vars` may be NULL. What cannot be read as a rule becomes a refusal
// and the file goes on; only a file that cannot be read at all is an error (-errno, err set, `out` as
// before): one that cannot be opened, is larger than RULESET_FILE_MAX, or holds more than
// RULESET_REFUSED_MAX refused lines. Any octet may be in it. var, ipvar and portvar lines hold for
// what follows in the same file.
int snort_file_read(
	const char *path, const struct snort_vars *vars, struct snort_rules *out, struct err *err
);

// The same from memory; `name` stands for the path. `text` need not be NUL-terminated.
int snort_file_read_text(
	const char *name, const char *text, uint64_t len, const struct snort_vars *vars,
	struct snort_rules *out, struct err *err
);
