// Keywords that rules are known to have and Sluice does not act on: each refuses its rule by name.
#pragma once

#include "snort_text.h"

// The constant name that refusals are counted by ("sticky buffer http.uri"), or NULL for a keyword
// that is not among them.
const char *snort_unsupported_find(struct snort_text keyword);
