// The options a rule may have: who reads each, and which stand for something Sluice does not do.
#pragma once

#include "snort_draft.h"
#include "snort_lex.h"

// Reads one option into the draft. Returns 0, -EINVAL (fault told) or -ENOMEM.
int snort_keyword_read(struct snort_draft *d, const struct snort_option *option);
