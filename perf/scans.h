// What has to be scanned for the frames of a capture, in order: each step is one call of the smallest
// program that could do it. Streams are put together by the TCP table, ahead of any clock, so that the
// bare loop and the worker scan the same octets; what that costs is the worker's.
#pragma once

#include "frames.h"

#include <stdint.h>

enum scan_kind {
	SCAN_BLOCK, // by itself, in block mode
	SCAN_ALONE, // by itself, as a stream that begins and ends with it
	SCAN_STREAM, // where the stream goes on
	SCAN_END, // the stream may end here: what only an end brings counts, and it may go on
	SCAN_CLOSE, // the stream goes on no more: what an end brings does not count
};

struct scan_step {
	enum scan_kind kind;
	uint32_t stream; // number of the stream, from 0
	uint32_t packet; // what a rule counts once for
	bool last; // SCAN_END: the stream goes on no more, no SCAN_CLOSE follows
	const uint8_t *data; // in the frames or in `copies`
	uint32_t len;
};

struct scan_stream {
	struct flow_key key; // as packets of this direction have it
	uint8_t dir; // enum detect_dir, at its first octet
};

struct scans {
	struct scan_step *step; // owned
	uint32_t n, room;
	struct scan_stream *stream; // owned
	uint32_t streams;
	uint32_t packets;
	uint64_t octets; // scanned, of all kinds
	uint64_t octets_streams; // of these in streams
	uint8_t **copies; // owned; octets that waited for others
	uint32_t n_copies;
};

// Block mode: each payload.
void scans_of_payloads(struct scans *s, const struct frames *f);

// Stream mode, as a worker with `memory` octets for inspection does it. Frames of kind
// FRAMES_CONNECTIONS. Ends the program when out of memory.
void scans_of_connections(struct scans *s, const struct frames *f, uint64_t memory);

void scans_fini(struct scans *s);
