// A source whose frames lie in segments, for tests: the first `head` octets of a packet are at `data`,
// all of it comes only by gather. Packets are made by the test, not received.
#pragma once

#include "packet/source.h"

#include <stdint.h>

struct frame;

struct segment_source {
	struct source source; // first
	uint32_t gathered; // calls
};

void segment_source_init(struct segment_source *s);

// A packet of which only `head` octets are readable at `data`; reading on runs into other octets than
// the frame's. The frame must stay. Free with segment_packet_fini.
void segment_packet(struct packet *p, const struct frame *f, uint32_t head, int64_t time_us);
void segment_packet_fini(struct packet *p);
