// Compiled rule sets for tests, from text.
#pragma once

#include "match/match_engine.h"

#include <stdbool.h>

// From hsbench patterns and rules in Snort's syntax, either of which may be NULL. Ends the process with
// a message when that cannot be done. Free with match_engine_free.
struct match_engine *make_engine(const char *patterns, const char *rules, bool streams);
