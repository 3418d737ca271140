// What stands for one octet in an expression: escapes such as \x41 and \d, and classes in brackets.
#pragma once

#include "match/snort/snort_fault.h"
#include "stream_plan_octets.h"

#include <stdbool.h>

// Reads the escape whose backslash is at *p (its letter is there), as outside of brackets or
// within, and moves *p behind it. *one: it is a single octet, so may begin or end a range. Returns
// 0 or -EINVAL with the fault told.
int regex_read_escape(
	const char **p, const char *end, bool in_class, struct octet_set *set, bool *one,
	struct snort_fault *fault
);

// Reads a class, *p behind its opening bracket. Returns 0 or -EINVAL with the fault told.
int regex_read_class(
	const char **p, const char *end, bool caseless, struct octet_set *set,
	struct snort_fault *fault
);
