// A writer of state into memory: as many buffers as it takes, up to a bound. For threads that may
// allocate; off the packet path.
#pragma once

#include "base/state_io.h"

#include <stdint.h>

// A buffer with records; the list's order is that of saving.
struct state_chunk {
	struct state_chunk *next;
	struct state_slab *slab; // whose memory it is; NULL: its owner knows
	uint32_t used;
	uint8_t octets[STATE_CHUNK] __attribute__((aligned(8)));
};

struct state_slab;

struct state_buffer {
	struct state_writer writer; // first
	struct state_chunk *first, *last; // owned
	struct state_slab *slab; // the last one's; has room for `room` more
	uint32_t room;
	uint64_t held; // octets of all buffers
	uint64_t max;
};

// Holds at most `max` octets, and none before the first record.
void state_buffer_init(struct state_buffer *b, uint64_t max);
void state_buffer_fini(struct state_buffer *b);

// What was written so far, taken out: the caller's, for state_chunks_free. NULL: nothing.
struct state_chunk *state_buffer_take(struct state_buffer *b);
void state_chunks_free(struct state_chunk *chunks);
