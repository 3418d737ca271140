// A direction's stream saved and loaded: what Hyperscan's stream holds, and which terms of rules were met.
// It comes back to a set that looks for the same only; to any other the direction's octets begin anew.
#pragma once

#include "base/err.h"
#include "base/state_io.h"
#include "packet/flow_tuple.h"
#include "stream_pool.h"

#include <stdint.h>

// What becomes of a direction's stream.
enum stream_saved {
	STREAM_SAVED_NONE, // it has none
	STREAM_SAVED_NOTHING, // nothing is looked for in it
	STREAM_SAVED_PARTS, // it has a record of its own
	STREAM_SAVED_LOST, // it has parts of past sets only, or is too large
	STREAM_SAVED_COUNT,
};

// What stream_pool_save will do.
enum stream_saved stream_pool_saves(const struct stream_pool *p, const struct match_stream *s);

// Writes the record of a stream with STREAM_SAVED_PARTS; `set` is the digest of the set in use. Parts of
// sets that looked for something else are left out.
void stream_pool_save(
	const struct stream_pool *p, const struct match_stream *s, const struct flow_tuple *tuple,
	uint32_t dir, uint64_t set, struct state_writer *to
);

// A direction that was loaded is there, of which `saved` is known: *stream, NULL by now, is set where
// nothing is looked for. `same`: it was saved with a set like the one in use. Until its record comes a stream
// counts as not restored, and as closed.
void stream_pool_load_mark(
	struct stream_pool *p, struct match_stream **stream, enum stream_saved saved, bool same
);

// What a stream's record says of whose it is.
struct stream_saved_head {
	struct flow_tuple tuple;
	uint8_t dir;
	uint8_t parts;
	uint8_t zero[2];
	int64_t last_us;
	uint64_t set;
};
static_assert(sizeof(struct stream_saved_head) == 64);

// Of a record of MATCH_STATE_STREAM: 0 or -EBADMSG.
int stream_pool_load_head(
	const struct state_record *r, struct stream_saved_head *head, struct err *err
);

// Makes *stream, which is NULL, of a record that was saved with a set like the one in use. 0, *stream
// staying NULL where there is no room, or -EBADMSG.
int stream_pool_load(
	struct stream_pool *p, struct match_stream **stream, const struct state_record *r,
	struct err *err
);
