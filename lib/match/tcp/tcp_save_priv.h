// Records of held octets and of history, as they are written and read.
#pragma once

#include "packet/flow_tuple.h"

#include <assert.h>
#include <stdint.h>

#define TCP_SAVED_VERSION 1

// Octets of history in one record.
#define TCP_SAVED_HISTORY 16384u

// Held in one piece; the octets follow.
struct tcp_saved_piece {
	struct flow_tuple tuple;
	uint32_t dir;
	uint64_t offset;
	int64_t time_us; // of the packet that brought it
	uint8_t key[sizeof(struct flow_key)]; // `hash` is the packet's number
};
static_assert(sizeof(struct tcp_saved_piece) == 128);

// A stretch of a history's ring; those of one origin follow one another without a gap. The octets follow.
struct tcp_saved_history {
	uint64_t at; // position
	uint32_t origin;
	uint32_t zero;
};
static_assert(sizeof(struct tcp_saved_history) == 16);
