// The marks that rules put on addresses and on pairs of them (xbits), each with a time at which it goes
// out. A table of fixed size: what finds no room is not set, and counted. One thread's.
#pragma once

#include "base/err.h"
#include "base/hash.h"
#include "base/state_sweep.h"
#include "packet/share.h"

#include <stdbool.h>
#include <stdint.h>

struct detect_xbits_key {
	unsigned __int128 a, b; // a pair: the smaller first; one address: b is 0
	uint32_t id; // of the name
	uint16_t pair; // 1: two addresses
	uint16_t family;
};

struct detect_xbits {
	struct hash_seed seed;
	struct detect_xbits_entry *entries; // owned
	uint32_t sets; // a power of two; 0: no table, nothing is ever set
	uint64_t full; // marks that found no room
	struct state_sweep sweep; // over the sets
	uint64_t names; // while it is saved: what the ids mean
};

// For about `n` marks; 0: none at all. Returns 0 or -ENOMEM.
int detect_xbits_init(struct detect_xbits *x, uint32_t n);
void detect_xbits_fini(struct detect_xbits *x);

bool detect_xbits_has(
	const struct detect_xbits *x, const struct detect_xbits_key *key, int64_t now_us
);
void detect_xbits_set(
	struct detect_xbits *x, const struct detect_xbits_key *key, int64_t now_us,
	int64_t expire_us
);
void detect_xbits_clear(struct detect_xbits *x, const struct detect_xbits_key *key);

// Saved and loaded as base/state_io.h says. `names` stands for what the `n_names` ids mean: marks that were
// saved with others are not taken. Marks on a single address go to every share.
void detect_xbits_save_begin(struct detect_xbits *x, struct state_writer *to, uint64_t names);
bool detect_xbits_save_step(struct detect_xbits *x);
void detect_xbits_save_end(struct detect_xbits *x);
int detect_xbits_load(
	struct detect_xbits *x, const struct state_record *r, const struct share *share,
	uint64_t names, uint32_t n_names, struct err *err
);
