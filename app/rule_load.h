// Loads the rules that a configuration names: reads the files and compiles what they hold, taking what
// was compiled before from the cache.
#pragma once

#include "base/err.h"
#include "conf/conf.h"
#include "match/match_engine.h"
#include "match/rules/rule_files.h"

struct compile_wait;

// Reads every file, with the variables of [vars]. 0, or -errno with err set where one cannot be read:
// with `failed` that is told of each such file and the others are read all the same, without (NULL)
// the first is the end. Free with rule_files_fini, either way.
int rule_load_files(
	const struct conf *conf, struct rule_files *files, void failed(const char *text),
	struct err *err
);

// 0, or -EINVAL with err set where rules were refused that match.on_unsupported = error does not let
// pass.
int rule_load_check(const struct conf *conf, const struct rule_files *files, struct err *err);

// Compiles; what cannot be compiled is among the refusals then. When it succeeds `files` is empty, and what
// was in it the engine's: rule_load_check has to look again. NULL with err set, `files` as they were, also
// for what rule_load_check does not let pass now. Any thread; may take minutes: `wait`, if not NULL, is
// told how far it is.
struct match_engine *rule_load_compile(
	const struct conf *conf, struct rule_files *files, struct compile_wait *wait,
	struct err *err
);

// Where compiled rules are kept, to `buf` if that is not what the configuration says; makes the folder.
// NULL: nowhere; with err set where it cannot be used, else with err->text empty.
const char *rule_load_cache(const struct conf *conf, char *buf, size_t len, struct err *err);

// Whether rules of this configuration look at single packets of single flows alone, whatever is in its
// files: patterns, in block mode.
bool rule_load_is_plain(const struct conf *conf);
