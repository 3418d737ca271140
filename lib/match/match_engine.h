// A set of rules compiled for everything they look at: patterns for payloads, the rule engine for
// packets, databases for streams. Immutable once made; each thread brings a scratch of its own.
#pragma once

#include "base/err.h"
#include "base/rule_info.h"
#include "match/detect/detect.h"
#include "match/rules/rule_files.h"
#include "match/stream/stream_set.h"
#include "matcher.h"

#include <stdbool.h>
#include <stdint.h>

struct match_engine; // opaque

struct match_engine_config {
	const char *cache_dir; // where compiled databases are kept; NULL: nowhere
	// TCP is looked at as streams, but for rules that look at packets; else each packet alone.
	bool streams;
	uint32_t groups; // by the ports that rules name; 0: chosen, 1: none
	// Told now and then while it compiles, `done` of `all`. May be NULL.
	void (*progress)(void *ctx, uint32_t done, uint32_t all);
	void *ctx;
};

// Compiles every rule of `files`; what cannot be had is moved to the refusals there. A set without rules
// gives an engine that never matches. When it succeeds what is in `files` is moved to it, and *files is
// left zeroed. NULL with err set otherwise: out of memory, no processor for Hyperscan, or rules that cannot
// be built together.
// May take minutes; wants 1 MB of stack. Free with match_engine_free.
struct match_engine *
match_engine_new(struct rule_files *files, const struct match_engine_config *conf, struct err *err);
void match_engine_free(struct match_engine *e);

// Nobody matches with it any more: gives back all but what match_engine_rule tells.
void match_engine_unload(struct match_engine *e);

uint32_t match_engine_rules(const struct match_engine *e);

// Rule `i` of match_engine_rules: patterns first. Belongs to the engine.
const struct rule_info *match_engine_rule(const struct match_engine *e, uint32_t i);

// What was read, with its refusals. Belongs to the engine.
const struct rule_files *match_engine_files(const struct match_engine *e);

// Every database came from the cache.
bool match_engine_from_cache(const struct match_engine *e);

// Its parts; NULL: there is nothing for it. Patterns are for packets (all of them in block mode, those
// that are no TCP in stream mode).
const struct matcher *match_engine_patterns(const struct match_engine *e);
const struct detect *match_engine_detect(const struct match_engine *e);
const struct stream_set *match_engine_streams(const struct match_engine *e);

// stream_set_digest of its streams; 0: there are none, or it is not known.
uint64_t match_engine_streams_digest(const struct match_engine *e);

// For a thread that goes from `old` to `now`: what stream_set_map says; *map is to be freed. NULL where
// one of them has no streams. 0 or -ENOMEM.
int match_engine_map(
	const struct match_engine *old, const struct match_engine *now, uint32_t **map, bool *same
);
