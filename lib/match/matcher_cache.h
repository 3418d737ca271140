// Keeps compiled databases in the cache: what a database depends on makes the key, and what the
// compiler said about each pattern is kept beside the database.
#pragma once

#include "base/err.h"
#include "match/rules/ruleset.h"
#include "matcher_compile.h"

#include <stdbool.h>
#include <stdint.h>

struct matcher_key {
	void *data; // to be freed
	uint64_t len;
};

// Everything that compiling `rs` depends on: patterns in their order, Hyperscan's version, mode and
// this processor's features. Returns 0 or -ENOMEM.
int matcher_key_make(struct matcher_key *key, const struct ruleset *rs, enum matcher_mode mode);

// Fills `v` (rs->n_patterns elements, all accepted so far) and *db as matcher_compile does. Returns
// 0 on a hit; else -errno with `v` untouched (-ENOENT: never compiled; others: not usable).
int matcher_cache_load(
	const char *dir, const struct matcher_key *key, struct compile_verdict *v, uint32_t n,
	hs_database_t **db
);

// Returns 0 or -errno with err set.
int matcher_cache_store(
	const char *dir, const struct matcher_key *key, const struct compile_verdict *v, uint32_t n,
	const hs_database_t *db, struct err *err
);

// matcher_compile, unless the folder has what it would give; what it gives is kept there. A folder that
// cannot be used is logged and no error. NULL: none. *from_cache tells where the database is from.
int matcher_cache_compile(
	const char *dir, const struct ruleset *rs, enum matcher_mode mode,
	struct compile_verdict *v, hs_database_t **db, bool *from_cache, struct err *err
);
