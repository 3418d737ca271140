// Keywords that stand for a field of a parsed protocol: a rule that has one looks at something other
// than the raw payload.
#pragma once

#include "snort_text.h"

// The constant name that refusals are counted by ("sticky buffer http.uri"), or NULL.
const char *snort_buffer_find(struct snort_text keyword);
