// A source over packets in memory, for tests: gives them out in bursts of a chosen size, then ends, and
// checks that each one is released exactly once.
#pragma once

#include "packet/source.h"

#include <stdbool.h>
#include <stdint.h>

struct memory_source {
	struct source source; // first
	const struct packet *packets; // borrowed; data must outlive the source
	uint32_t n;
	uint32_t burst; // packets a recv, 1 .. BURST_MAX
	uint32_t next;
	uint32_t released;
	uint8_t *state; // owned; per packet: 0 not given, 1 out, 2 released
	bool dry; // nothing comes for now
	int fault; // what recv returns instead of -ENODATA; 0: none
	bool release_broken; // a packet was released that was not out
};

// `newest_us` starts as unseen; `patient` as a capture file.
void memory_source_init(
	struct memory_source *s, const struct packet *packets, uint32_t n, uint32_t burst
);
void memory_source_fini(struct memory_source *s);
