// What opening, reading and writing a store have in common.
#pragma once

#include "base/hash.h"
#include "pack.h"
#include "store.h"
#include "store_folder.h"

#include <sqlite3.h>

#define APPLICATION 0x534c4353 // "SLCS"

struct state_store {
	struct state_folder folder;
	sqlite3 *db;
	sqlite3_stmt *put;
	bool has; // a checkpoint is there
	struct state_meta meta; // its
	uint64_t parts; // of it
	uint64_t number; // of the one under way
	uint64_t chunks; // of it
	uint64_t stored; // octets of it, packed
	struct state_pack *pack;
	uint64_t *buffer; // STATE_CHUNK octets, for reading
	struct hash_seed seed;
};

// As SQLite says it, behind `doing`, with an errno that is near enough.
int state_store_fault(struct state_store *s, const char *doing, struct err *err);

// Of part `n`, as it is in the file; of all that is known beside the parts.
uint64_t
state_store_digest(const struct state_store *s, const void *octets, uint64_t len, uint64_t n);
uint64_t
state_store_digest_meta(const struct state_store *s, const struct state_meta *m, uint64_t chunks);

// Looks at everything that is there; `meta` and `has` are as was found. 0, or with err set -EBADMSG: damaged,
// -EPROTO: of another version, other -errno.
int state_store_look(struct state_store *s, struct err *err);
