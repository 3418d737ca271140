// One rule from its options alone, for tests of what is done with rules.
#pragma once

#include "match/snort/snort_rules.h"

// Parses `alert udp any any -> any any (OPTIONS sid:1;)` into an empty set. The rule, which the set
// owns, or NULL when it is refused.
const struct snort_rule *rule_one(struct snort_rules *rs, const char *options);
