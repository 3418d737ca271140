// A burst: the packets that one receive call brought, with their keys beside them. One burst belongs
// to one thread; it is filled, worked on and released before it is filled again.
#pragma once

#include "packet/flow_key.h"
#include "packet/packet.h"

#define BURST_MAX 64

struct burst {
	uint32_t n; // packets in it
	// Written by the track stage (pipeline/stage_track.h), for match and count:
	uint32_t begin, end; // the part of the burst in work
	uint32_t n_count; // packets of that part that have a row to be counted in
	uint8_t count[BURST_MAX]; // their indexes
	uint32_t offset_us[BURST_MAX]; // of pkt[i], from its pane's start
	int64_t floor_us[BURST_MAX]; // with PACKET_LATE: the time below which pkt[i] was late
	CACHE_ALIGNED struct packet pkt[BURST_MAX];
	CACHE_ALIGNED struct flow_key key[BURST_MAX]; // key[i] is pkt[i]'s, once parsed
};
