// The names that refusals of rules are counted by (struct refusal's group), in two kinds: mistakes of
// whoever wrote the rule, and what cannot be had here, which a rule from elsewhere may well ask for.
#pragma once

#include <stdbool.h>

// Whether the rule is wrong as it is written.
bool rule_group_is_fault(const char *group);
