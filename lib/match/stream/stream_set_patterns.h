// The patterns of a set: one group for any stream, combinations included.
#pragma once

#include "stream_set_priv.h"

// Adds all patterns to a set that holds nothing yet and has room for them. What cannot be looked for is
// moved to the refusals of `patterns`; of none that is left there is no group. 0 or -errno with err set.
int stream_set_add_patterns(
	struct stream_set *s, struct ruleset *patterns, const char *cache_dir, struct err *err
);
