// How the exporter's memory is shared out: streams with a bound of their own get that, corrections and
// alerts on change an eighth each, and what is left is everybody else's. Of each part half is for open
// sessions and flows where there are any.
#pragma once

#include "export/exporter.h"

// Octets of a stream.
struct memory_share {
	uint64_t windows; // its own; 0: together with others, struct memory_shares.windows
	uint64_t open; // sessions and flows
};

struct memory_shares {
	uint64_t windows; // of all streams without a bound
	uint64_t late; // of corrections
	uint64_t watches; // of what alerts on change know
	struct memory_share stream[EXPORTER_STREAMS_MAX];
};

// `memory` for n streams, at least what those with a bound take, and an eighth each where there are
// corrections and alerts on change.
void memory_share(
	struct memory_shares *m, const struct exporter_stream *streams, uint32_t n, uint64_t memory,
	bool corrects, bool watches
);
