// The bare loop: Hyperscan's calls for a list of scans and nothing else, with databases like the
// worker's and a scratch of its own. In stream mode a stream is opened with its first octets and closed
// where it ends.
#pragma once

#include "match/match_engine.h"
#include "scans.h"

#include <hs.h>

#include <stdint.h>

struct bare {
	const struct scans *scans; // borrowed
	const struct stream_set *streams; // borrowed; NULL: block mode
	hs_database_t
		*db; // owned; block mode's, which has packets that are no TCP in stream mode, too
	hs_database_t *stream_db; // borrowed from `streams`
	hs_scratch_t *scratch; // owned
	hs_stream_t **stream; // owned; by its number; NULL: not open
	uint32_t rules;
	uint64_t reports; // by Hyperscan, of the loops
	// Of bare_events:
	uint32_t *stamp; // owned; by rule: the last packet it matched
	uint32_t packet;
	bool streamed; // what is reported comes from a stream
	uint64_t events;
};

// An engine of patterns (no rules), and the databases like its. Ends the program with a message when
// that cannot be had.
void bare_init(struct bare *b, const struct match_engine *engine, const struct scans *scans);
void bare_fini(struct bare *b);

// All scans once.
void bare_run(struct bare *b);

// The number of match events: distinct pairs of rule and packet.
uint64_t bare_events(struct bare *b);
