// Takes rules that turned out not to compile out of a set, and keeps them as refusals.
#pragma once

#include "match/snort/snort_rules.h"

// What became of a rule.
struct detect_fault {
	const char *group; // constant, as refusal.group; NULL: it is accepted
	char *reason; // owned
};

// Returns 0 or -ENOMEM.
int detect_fault_set(struct detect_fault *f, const char *group, const char *reason);

// NULL is fine.
void detect_faults_free(struct detect_fault *faults, uint32_t n);

// Moves the rules that have a fault (by rule) to the refusals. The order of the others stays. Returns 0,
// or -ENOMEM with the set as before.
int detect_refuse(struct snort_rules *rs, const struct detect_fault *faults);
