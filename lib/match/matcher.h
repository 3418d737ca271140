// The matcher: a compiled, immutable set of patterns, and the per-thread scratch to scan with it. A
// match event is a distinct pair of rule and packet.
#pragma once

#include "base/err.h"
#include "match/rules/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

struct matcher; // immutable once made: any thread may scan with a scratch of its own
struct match_scratch; // belongs to one thread

struct matcher_config {
	const char *cache_dir; // where compiled databases are kept; NULL: nowhere
};

// Compiles every pattern of the set for block mode; what Hyperscan refuses is moved to the set's
// refusals with its reason. An empty set gives a matcher that never matches. Takes the database
// from the cache when one is there that fits exactly; a cache that cannot be used is logged and no
// error. NULL with err set when out of memory, when this CPU cannot run Hyperscan, or when it cannot
// build the patterns together though each alone. Does not keep `rs`. May take minutes; wants 1 MB of
// stack.
struct matcher *matcher_new(struct ruleset *rs, const struct matcher_config *conf, struct err *err);
void matcher_free(struct matcher *m);

// Rule `i` is the set's pattern `i`.
uint32_t matcher_rules(const struct matcher *m);
bool matcher_from_cache(const struct matcher *m);
uint64_t matcher_bytes(const struct matcher *m); // of the compiled database

// One scratch a thread. NULL when out of memory. Free with match_scratch_free.
struct match_scratch *match_scratch_new(const struct matcher *m);
void match_scratch_free(struct match_scratch *s);

// Scans one packet's payload. Returns the number of match events: distinct rules that matched.
// match_scratch_rules then tells which, in no order.
uint32_t
matcher_scan(const struct matcher *m, struct match_scratch *s, const uint8_t *data, uint32_t len);

// The rules of the last scan, as many as it returned. Valid until the next.
const uint32_t *match_scratch_rules(const struct match_scratch *s);
