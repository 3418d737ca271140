// A lane: the way of packets from a receiver to one worker and of their handles back, two rings
// without locks. To the worker it is a source like any other.
#pragma once

#include "base/ring_mark.h"
#include "packet/source.h"

#include <stdatomic.h>
#include <stdint.h>

// Packets that can wait in a lane.
#define LANE_DEPTH 1024

// One packet on its way. key.hash carries the index of the source it goes back to; packet.newest_us
// the newest event time that the receiver had seen ahead of it or, of a late packet, the burst's floor_us.
struct lane_item {
	struct packet packet;
	struct flow_key key;
};
static_assert(sizeof(struct lane_item) == 2 * CACHE_LINE);

struct lane_return {
	uint64_t handle;
	uint64_t source;
};

struct lane {
	struct source source; // the worker's end; first member
	struct spsc out; // struct lane_item: receiver → worker
	struct spsc back; // struct lane_return: worker → receiver
	const struct source *upstream; // for gather: all of a receiver's sources are of one kind
	uint32_t n_taken; // worker's: of the burst in work
	uint32_t taken_source[BURST_MAX]; // worker's
	CACHE_GUARD(guard);
	CACHE_ALIGNED uint32_t outstanding; // receiver's: pushed and not yet back
	CACHE_GUARD(guard2);
	// Receiver → worker. `newest_us` is stored after the packets it speaks of were pushed, `ended`
	// after the last packet: 0, -ENODATA (the input ended) or -ECANCELED (it was cut short).
	CACHE_ALIGNED _Atomic(int64_t) newest_us;
	struct ring_mark mark; // in `out`, of a checkpoint
	_Atomic(int) ended;
	CACHE_GUARD(guard3);
};

// 0 or -ENOMEM. Must not move afterwards. `patient`: as the receiver's sources.
int lane_init(struct lane *l, const struct source *upstream, bool patient);
void lane_fini(struct lane *l);
