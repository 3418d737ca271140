// Loads the rules that a configuration names: reads the files and compiles what they hold, taking what
// was compiled before from the cache.
#pragma once

#include "base/err.h"
#include "conf/conf.h"
#include "match/matcher.h"
#include "match/ruleset.h"

// Reads every file. NULL with err set when one cannot be read. Free with ruleset_free.
struct ruleset *rule_load_files(const struct conf_match *conf, struct err *err);

// Compiles; what Hyperscan refuses is moved to the set's refusals. NULL with err set. Any thread; may
// take minutes.
struct matcher *
rule_load_compile(const struct conf_match *conf, struct ruleset *rs, struct err *err);
