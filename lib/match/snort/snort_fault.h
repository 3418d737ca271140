// Why a rule is refused: a constant name that refusals are counted by, and this rule's fault in full.
// What reads a part of a rule returns 0, -EINVAL with the fault told, or -ENOMEM.
#pragma once

#include "base/err.h"

struct snort_fault {
	const char *group; // constant, as refusal.group
	struct err reason;
};

// Tells the fault. Returns -EINVAL, so that `return snort_refuse(...)` reads well.
int snort_refuse(struct snort_fault *f, const char *group, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// Groups that more than one file tells.
#define SNORT_SYNTAX "syntax"
#define SNORT_LIMIT "limit"
#define SNORT_BAD_OPTION "bad option"
