// What the streams of a capture take in memory: all of them live, and all of them idle.
#pragma once

#include "match/match_engine.h"
#include "scans.h"

struct stream_memory {
	uint64_t streams; // directions that something is looked for in
	uint64_t live; // octets of all of them, live
	uint64_t idle; // and compressed, with what could not be compressed
};

// Nothing of the capture ends here. Ends the program when out of memory.
void stream_memory_measure(
	struct stream_memory *m, const struct match_engine *engine, const struct scans *scans
);
