// Frames of capture files held in memory, and a source that gives them out lap after lap: what it
// costs to read a file stays out of the figures. Only frames that carry a payload are kept.
#pragma once

#include "base/err.h"
#include "packet/source.h"

#include <stdint.h>

struct frames {
	struct source source; // first; one thread
	struct packet
		*packet; // owned; as the parser leaves them: payload_off and payload_len are set
	uint32_t n;
	uint8_t *data; // owned; each frame begins a cache line
	uint64_t payload_octets; // of all frames together
	uint32_t next;
	uint64_t left; // frames to give out, then -ENODATA
};

// Reads the files, all of them one after the other. What is not IP or carries no payload is left out.
// All frames get one and the same event time. Returns 0 or -errno with err set. Free with frames_fini,
// also after an error.
int frames_init(struct frames *f, const char *const *paths, uint32_t n_paths, struct err *err);
void frames_fini(struct frames *f);
