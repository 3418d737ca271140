// Frames of capture files held in memory, and a source that gives them out lap after lap: what it
// costs to read a file stays out of the figures. What carries no payload, and fragments, are left out.
#pragma once

#include "base/err.h"
#include "packet/source.h"

#include <stdint.h>

enum frames_kind {
	FRAMES_PAYLOADS, // all at one and the same event time, the same in each lap
	// With TCP's handshakes, acknowledgements and ends. Each lap is of connections of its own: a VLAN
	// tag put into each frame says which lap it is, and event time goes on by FRAMES_STEP_US a frame
	// and by FRAMES_LAP_US between laps, so that what the capture leaves open is over by then.
	FRAMES_CONNECTIONS,
};

#define FRAMES_STEP_US 10
#define FRAMES_LAP_US 1300000000ll

struct frames {
	struct source source; // first; one thread
	enum frames_kind kind;
	struct packet
		*packet; // owned; as the parser leaves them: payload_off and payload_len are set
	struct flow_key *key; // owned; of each
	uint32_t n;
	uint32_t payloads; // frames that have one
	uint8_t *data; // owned; each frame begins a cache line
	uint64_t payload_octets; // of all frames together
	uint32_t next;
	uint64_t laps; // begun
	int64_t time_us; // of the lap
	uint64_t left; // frames to give out, then -ENODATA
};

// Reads the files, all of them one after the other. What is not counted is left out, and of connections
// what is no Ethernet. Returns 0 or -errno with err set. Free with frames_fini, also after an error.
int frames_init(
	struct frames *f, enum frames_kind kind, const char *const *paths, uint32_t n_paths,
	struct err *err
);
void frames_fini(struct frames *f);
