// State on its way into a checkpoint and back: records of a kind, a version and octets, one behind the
// other in buffers. Who saves does not know where the buffers go, nor who loads where they came from.
//
// What a module keeps it saves and loads by functions in its own folder:
//
//	int X_save(const struct X *x, struct state_writer *w);
//	int X_load(struct X *x, const struct state_record *r, struct err *err);
//
// and, where it belongs to a thread on the packet path, which must not stop to save all of it at once:
//
//	void X_save_begin(struct X *x, struct state_writer *w);
//	bool X_save_step(struct X *x);
//	void X_save_end(struct X *x);
//
// _begin is the moment that the checkpoint speaks of: from then on X saves what it is about to change or
// remove and has not saved yet, ahead of the change; what is born later is not saved. It costs the same
// however much X holds. _step, once a burst, saves some more (STATE_STEP octets or so) and returns true
// when all is saved. _end, any time behind _begin, forgets the writer; a full writer (state_writer_ok)
// needs no more saving, either. _load gets every record of a checkpoint, one at a time and in the order of
// saving, and answers those of kinds that are not its own with 0; what is not as a whole run of _save would
// have written it is refused with -EBADMSG: a record is input. Numbers are as the machine has them, which
// the store tells apart; no pointers, no hashes (their seeds are a run's own).
#pragma once

#include "base/err.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Octets of a buffer.
#define STATE_CHUNK (256u << 10)

// What a thread on the packet path saves between two bursts.
#define STATE_STEP 4096

// Kinds of records, in the order of who has them. Numbers are for ever: one that is no longer used stays.
enum state_kind {
	STATE_NONE = 0,
	STATE_EXPORT = 0x100, // export: the exporter's, and what is flow's
	STATE_PACKET = 0x200, // packet: fragments
	STATE_MATCH = 0x300, // match: connections, streams, bits
	STATE_PIPELINE = 0x400, // pipeline: counters, clocks
	STATE_APP = 0x500, // app: the run as a whole
};

struct state_head {
	uint32_t len; // octets that follow, without what fills up to a multiple of 8
	uint16_t kind; // enum state_kind
	uint16_t version; // of the kind's layout
};
static_assert(sizeof(struct state_head) == 8);

#define STATE_RECORD_MAX (STATE_CHUNK - sizeof(struct state_head))

// One thread at a time.
struct state_writer {
	uint8_t *begin, *at, *end; // the buffer, what is used of it, its end; all NULL: none yet
	// Takes [begin, at) and gives another buffer of STATE_CHUNK octets, aligned to 8; on the packet path
	// it neither blocks nor allocates. False: there is none now.
	bool (*next)(struct state_writer *w);
	bool full; // something found no room: what was saved is not whole, the checkpoint is given up
	uint64_t octets; // written, all in all
};

// Still worth saving to.
static inline bool state_writer_ok(const struct state_writer *w) {
	return !w->full;
}

// Room for a record of at most `max` octets, at most STATE_RECORD_MAX: aligned to 8, not cleared. Then
// state_writer_end, behind which nothing else may come first. NULL: no room, now and for ever.
void *state_writer_begin(struct state_writer *w, uint32_t max);

// The record is there: `len` octets of what begin gave.
void state_writer_end(struct state_writer *w, uint16_t kind, uint16_t version, uint32_t len);

// A record in one piece. False: no room, now and for ever.
bool state_writer_put(
	struct state_writer *w, uint16_t kind, uint16_t version, const void *octets, uint32_t len
);

// A record as it is read; the octets are aligned to 8 and good until the next one is.
struct state_record {
	uint16_t kind;
	uint16_t version;
	uint32_t len;
	const void *octets;
};

// Walks the records of one buffer: *at starts at 0. 1: there is one, 0: that was the last, -EBADMSG: the
// buffer does not hold whole records.
int state_next(const void *buffer, uint32_t len, uint32_t *at, struct state_record *r);
