// What a rule is known by in counts: (gid, sid), which stay what they are across reloads, as numbers of
// rules do not.
#pragma once

#include "base/hash.h"

#include <stdbool.h>
#include <stdint.h>

struct rule_id {
	uint32_t gid, sid;
};

static inline bool rule_id_equal(struct rule_id a, struct rule_id b) {
	return a.gid == b.gid && a.sid == b.sid;
}

// The hash of a flow key and a rule, from that of the key.
static inline uint32_t
rule_id_hash(uint32_t key_hash, struct rule_id rule, const struct hash_seed *seed) {
	uint64_t id = (uint64_t)rule.gid << 32 | rule.sid;
	uint64_t h = hash_mum(key_hash ^ seed->k[0], id ^ seed->k[1]);
	return (uint32_t)(h ^ (h >> 32));
}
