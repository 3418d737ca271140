// A group of rules that the same packets are scanned for: a database of their gates, the rules behind
// each gate, and the rules that have none. Immutable; any thread may scan with a scratch of its own.
#pragma once

#include "base/err.h"
#include "detect_gate.h"
#include "detect_set.h"

#include <hs.h>

struct detect_group {
	hs_database_t *db; // owned; NULL: there is no gate
	uint64_t octets; // of the database
	bool from_cache;
	uint32_t n_rules;
	uint32_t n_gates;
	uint32_t *first; // owned; by Hyperscan's id: where its rules begin in `gated`; one more
	uint32_t *gated; // owned
	uint32_t
		*always; // owned; rules without a gate, first those without any test of the payload
	uint32_t n_always;
	uint32_t n_bare; // those without tests
};

// What a group is made of. `rules` rise; `gate` and `bare` are by rule.
struct detect_group_make {
	const struct detect_gates *gates;
	const uint32_t *gate;
	const bool *bare;
	const uint32_t *rules;
	uint32_t n_rules;
	const char *cache_dir; // NULL: nowhere
};

// Returns 0 or -errno with err set; free with detect_group_fini in either case. A gate that Hyperscan
// refuses is none. May take seconds; wants 1 MB of stack.
int detect_group_init(
	struct detect_group *g, const struct detect_group_make *make, struct err *err
);
void detect_group_fini(struct detect_group *g);

// Adds to `to` the rules that the payload may match: all that do are among them. On an empty payload
// those are rules without tests. `scratch` is Hyperscan's, made for this database too.
void detect_group_scan(
	const struct detect_group *g, hs_scratch_t *scratch, const uint8_t *payload, uint32_t len,
	struct detect_set *to
);
