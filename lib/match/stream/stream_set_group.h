// A group of a set while it is made, and what only the set knows of it.
#pragma once

#include "base/err.h"
#include "match/detect/detect_refuse.h"
#include "stream_set.h"
#include "stream_set_heads.h"
#include "stream_set_rule.h"

#include <stdbool.h>
#include <stdint.h>

struct stream_set_group {
	struct stream_group shown; // points to what follows
	struct stream_member *members; // owned
	struct stream_target *targets; // owned
	struct stream_target *shared; // owned
	uint32_t *rules; // owned; by member: its index in the set
	uint64_t octets; // of the database
	bool from_cache;
	struct stream_heads heads; // of its rules, once settled; patterns have none
	bool live; // some member is not refused, once settled
};

struct stream_set_make {
	const struct stream_set_rule *rules; // the set's
	uint32_t first; // what list counts from
	const uint32_t *list; // of the group, rising
	uint32_t n;
	const char *cache_dir; // NULL: nowhere
	// By rule of the set: where Hyperscan refuses a piece of one it is told here.
	struct detect_fault *faults;
};

// Makes a group of rules. Where Hyperscan takes none of the pieces shown.db stays NULL. Returns 0 or
// -errno with err set; free with stream_set_group_fini in either case.
int stream_set_group_of_rules(
	struct stream_set_group *g, const struct stream_set_make *make, struct err *err
);

// Makes the database of patterns: what Hyperscan refuses is moved to the refusals of `rs`. Members come
// later (stream_set_group_show): member i is patterns[i] of what stays.
int stream_set_group_of_patterns(
	struct stream_set_group *g, struct ruleset *rs, const char *cache_dir, struct err *err
);

// A pattern that is a piece of a combination.
struct stream_set_use {
	uint32_t pattern;
	uint32_t combination;
	uint32_t piece;
};

// `rules` are the n patterns, `uses` (in rising order of pattern) what of them is combined. 0 or -ENOMEM.
int stream_set_group_show(
	struct stream_set_group *g, const struct stream_set_rule *rules, uint32_t n,
	const struct stream_set_use *uses, uint32_t n_uses
);

void stream_set_group_fini(struct stream_set_group *g);
