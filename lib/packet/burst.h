// A burst: the packets that one receive call brought, with their keys beside them. One burst belongs
// to one thread; it is filled, worked on and released before it is filled again.
#pragma once

#include "packet/flow_key.h"
#include "packet/packet.h"

#include <stdbool.h>

#define BURST_MAX 64

struct burst {
	uint32_t n; // packets in it
	// Written by the track stage (pipeline/stage_track.h), for match and count:
	uint32_t begin, end; // the part of the burst in work
	uint32_t n_count; // packets of that part that have a row to be counted in
	uint8_t count[BURST_MAX]; // their indexes
	uint32_t offset_us[BURST_MAX]; // of pkt[i], from its pane's start
	bool late; // of that part: they are late, and their rows are of corrections
	// With PACKET_LATE: the time below which pkt[i] was late; its own where it was ahead.
	int64_t floor_us[BURST_MAX];
	// The newest time that its input had seen ahead of a packet (burst_newest_us).
	int64_t newest_us; // of pkt[0], where the packets are all that came
	bool spread; // they are not: those between went to other workers
	int64_t spread_us[BURST_MAX]; // then of pkt[i], if not late
	CACHE_ALIGNED struct packet pkt[BURST_MAX];
	CACHE_ALIGNED struct flow_key key[BURST_MAX]; // key[i] is pkt[i]'s, once parsed
};

// Of a late packet: whether its time was too far ahead, rather than behind.
static inline bool burst_is_future(const struct burst *b, uint32_t i) {
	return b->pkt[i].time_us >= b->floor_us[i];
}

// The newest event time that the input had seen ahead of pkt[i], which is not late; INT64_MIN: none.
static inline int64_t burst_newest_us(const struct burst *b, uint32_t i) {
	int64_t newest_us = b->newest_us;
	if (b->spread)
		return b->spread_us[i];
	for (uint32_t k = 0; k < i; k++)
		newest_us = b->pkt[k].time_us > newest_us ? b->pkt[k].time_us : newest_us;
	return newest_us;
}
