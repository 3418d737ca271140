// How many rules were refused for which reason: one count for each name that refusals go by, the most
// frequent first.
#pragma once

#include "match/rules/rule_files.h"

#include <stdint.h>
#include <stdio.h>

struct rule_reason {
	const char *name; // constant
	uint32_t n;
};

struct rule_reasons {
	struct rule_reason *item; // owned
	uint32_t n;
	uint32_t refused; // of all
};

// Which refusals are counted.
enum rule_reasons_of {
	RULE_REASONS_ALL,
	RULE_REASONS_FAULTS, // rules that are wrong as they are written
	RULE_REASONS_OTHERS, // rules that ask for what cannot be had
};

// 0 or -ENOMEM. Free with rule_reasons_fini, also when that failed.
int rule_reasons_init(
	struct rule_reasons *r, const struct rule_files *f, enum rule_reasons_of which
);
void rule_reasons_fini(struct rule_reasons *r);

// "12 keyword urilen, 3 syntax": the first `most`, then how many there are for how many others.
void rule_reasons_line(const struct rule_reasons *r, uint32_t most, FILE *to);

// A line each.
void rule_reasons_table(const struct rule_reasons *r, FILE *to);
