// The content option and those that say where the latest content must lie.
#pragma once

#include "snort_draft.h"

// All return 0, -EINVAL (fault told) or -ENOMEM.
int snort_content_content(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_content_nocase(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_content_rawbytes(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_content_startswith(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_content_endswith(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_content_fast_pattern(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_content_offset(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_content_depth(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_content_distance(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_content_within(struct snort_draft *d, const char *keyword, struct snort_text value);

// Once all options are read: whether what a content says of its place fits together. 0 or -EINVAL.
int snort_content_check(struct snort_draft *d);

// Is it a name, as byte_extract gives them, rather than a number?
bool snort_content_is_variable(struct snort_text value);

// Refuses a value that is a name. Returns -EINVAL.
int snort_content_refuse_variable(
	struct snort_draft *d, const char *keyword, struct snort_text value
);
