// Buffers of records as they are in the file: packed by zstd, each on its own. Rows of flows are mostly the
// octets of a key that most packets leave empty; what is not written need not be waited for.
#pragma once

#include "base/err.h"
#include "base/state_io.h"

#include <stdint.h>

struct state_pack; // one thread at a time

// NULL with err set: out of memory.
struct state_pack *state_pack_new(struct err *err);
void state_pack_free(struct state_pack *p); // also of NULL

// Packs `len` octets, at most STATE_CHUNK. *packed is p's until it packs again. Their number, or -errno with
// err set.
int state_pack(
	struct state_pack *p, const void *octets, uint32_t len, const void **packed, struct err *err
);

// What was packed, into STATE_CHUNK octets at `to`. How many there are, at least one, or -EBADMSG: it is not
// what state_pack made.
int state_unpack(struct state_pack *p, const void *packed, uint32_t len, void *to);
