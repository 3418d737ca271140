// The pcre option.
#pragma once

#include "snort_draft.h"

// Returns 0, -EINVAL (fault told) or -ENOMEM. The expression itself is not looked into: whether it
// compiles is the matcher's affair.
int snort_pcre_pcre(struct snort_draft *d, const char *keyword, struct snort_text value);
