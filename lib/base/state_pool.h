// A writer of state for a thread on the packet path: buffers that were made at the start go full to the
// thread that stores them and come back empty, through rings without locks.
#pragma once

#include "base/spsc.h"
#include "base/state_buffer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum state_pool_outcome {
	STATE_POOL_IDLE, // nothing was begun, or what was is stored
	STATE_POOL_UNDER_WAY,
	STATE_POOL_WHOLE, // all of it was handed over
	STATE_POOL_BROKEN, // there was no room for all of it
	STATE_POOL_LEFT, // whoever saved has come to an end ahead of it
	STATE_POOL_CROSSED, // another was asked for ahead of its end: neither is whole
};

struct state_pool {
	struct state_writer writer; // first; the packet thread's
	struct state_chunk *chunk; // packet thread's: being filled; NULL: none
	bool patient; // wait for a buffer rather than give up: the input waits for us
	struct state_chunk *all; // owned
	uint32_t chunks; // of these
	uint32_t untouched; // packet thread's: the last of them, which were in no ring yet
	uint32_t kept; // buffers that only what must be saved at once may take
	struct spsc full; // struct state_chunk *: packet thread → store
	struct spsc empty; // store → packet thread
	_Atomic(int) outcome; // enum state_pool_outcome; packet thread → store, IDLE: store →
};

// `chunks` buffers of STATE_CHUNK octets, the first few touched at once, others as they are
// used. 0 or -ENOMEM; fini also when all zero.
int state_pool_init(struct state_pool *p, uint32_t chunks, bool patient);
void state_pool_fini(struct state_pool *p);

// Packet thread: a checkpoint begins; all is handed over (STATE_POOL_WHOLE), or will not be (_LEFT, _CROSSED;
// where there was no room it is _BROKEN).
struct state_writer *state_pool_begin(struct state_pool *p);
void state_pool_end(struct state_pool *p, enum state_pool_outcome how);

// Packet thread: whether what can be saved at any time may be saved now. Half of the buffers are kept for what
// is about to change, which cannot wait.
static inline bool state_pool_has_room(struct state_pool *p) {
	uint32_t first, need = p->kept > p->untouched ? p->kept - p->untouched : 0;
	return p->patient || spsc_peek(&p->empty, need, &first) == need;
}

// Packet thread: from now on it waits for buffers: nothing waits for it.
static inline void state_pool_wait(struct state_pool *p) {
	p->patient = true;
}

// Store: a buffer, which goes back by _give; NULL: there is none now. Those of a broken one are to be taken,
// too. Behind WHOLE or BROKEN, read ahead of a _take that gave NULL, there come no more: _idle then.
struct state_chunk *state_pool_take(struct state_pool *p);
void state_pool_give(struct state_pool *p, struct state_chunk *chunk);

static inline enum state_pool_outcome state_pool_outcome(const struct state_pool *p) {
	return (enum state_pool_outcome)atomic_load_explicit(&p->outcome, memory_order_acquire);
}

static inline void state_pool_idle(struct state_pool *p) {
	atomic_store_explicit(&p->outcome, STATE_POOL_IDLE, memory_order_release);
}
