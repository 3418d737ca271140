// Options that set and test marks: flowbits on flows, xbits on addresses.
#pragma once

#include "snort_draft.h"

// Both return 0, -EINVAL (fault told) or -ENOMEM. The names get their numbers when the rule is kept.
int snort_bits_flowbits(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_bits_xbits(struct snort_draft *d, const char *keyword, struct snort_text value);
