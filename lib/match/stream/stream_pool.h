// The streams of one worker: what each direction of a connection has been scanned for so far, within a
// budget of memory. One thread owns a pool and all in it.
//
// A direction's stream is made with its first octet, and only where some rule can match. Streams that
// were silent for a while are compressed; when the budget is spent those that were silent longest are,
// ahead of time. What has no room even so is scanned packet by packet (stream_pool_alone) and counted.
//
// When a set of rules follows another, streams that live go on: they keep what they had been scanned for
// beside a new part that begins here, so that no match of a rule that both sets have is missed because a
// reload came in its midst. What the old part reports counts for the same rule of the new set; of rules
// that are no more it counts for nothing. The old part goes with the stream's end, STREAM_PART_OCTETS
// behind the change, or when STREAM_PARTS_MAX later sets have come. Where both sets look for the same,
// nothing changes for a stream, however many come.
//
// As long as the old part is there it alone speaks for the rules that both sets have, for it knows where
// the stream began (^) and what came before the change (negated terms). The new part speaks for the
// rules that are new, to which the stream begins with the change.
#pragma once

#include "match/detect/detect_packet.h"
#include "stream_set.h"

#include <stdbool.h>
#include <stdint.h>

#define STREAM_PARTS_MAX 8u // sets that the parts of one pool may belong to
#define STREAM_PART_OCTETS (1u << 20)

struct stream_pool; // opaque
struct match_stream; // one direction's; opaque

struct stream_pool_config {
	// Octets of all streams, states and compressed streams together, unused ones included; never
	// exceeded. Beside it there are, by set, some octets a rule and at most one stream a group.
	uint64_t memory;
	int64_t idle_us; // of event time without an octet after which a stream is compressed
};

// Told a rule's number in the set in use, at most once a call. Must not call the pool.
struct stream_report {
	void (*found)(void *ctx, uint32_t rule);
	void *ctx;
};

// What a direction is known by; for the first scan, and whenever a set follows another.
struct stream_where {
	const struct flow_key *key; // unmasked, as packets of this direction have it
	enum detect_dir dir;
	int64_t now_us; // event time
};

// NULL when out of memory. Free with stream_pool_free, streams included.
struct stream_pool *stream_pool_new(const struct stream_pool_config *conf);
void stream_pool_free(struct stream_pool *p);

// Between packets: `set` is in use from now on, with `scratch` (this thread's, made for it); both are
// borrowed until stream_pool_uses says no. NULL: nothing is looked for. `map` and `same` are what
// stream_set_map said of the set in use before and this one (NULL where there was none, or none of its
// rules is to count: then its parts are cut). `map` is copied. 0, or -ENOMEM with the set before still
// in use.
int stream_pool_use(
	struct stream_pool *p, const struct stream_set *set, hs_scratch_t *scratch,
	const uint32_t *map, bool same
);

// False: no stream has a part of that set any more, and it is not the set in use. What is left of a set
// that was cut goes bit by bit, with stream_pool_scan and stream_pool_advance.
bool stream_pool_uses(const struct stream_pool *p, const struct stream_set *set);

// Ahead of a scan: fetches the stream and, in a second round once that is there, what it has of Hyperscan's.
// Any value that a direction's stream has.
void stream_pool_prefetch(const struct match_stream *s);
void stream_pool_prefetch_state(const struct match_stream *s);

// Scans `len` (> 0) octets that go on where the direction stands. *stream is NULL at first, and the
// pool's from then on (it may stay NULL, or mean that there is nothing to look for).
void stream_pool_scan(
	struct stream_pool *p, struct match_stream **stream, const struct stream_where *where,
	const uint8_t *data, uint32_t len, const struct stream_report *report
);

// The direction has a gap here: what comes next begins a new stream, in which neither what was found
// before counts nor what an end would have brought.
void stream_pool_restart(struct stream_pool *p, struct match_stream **stream);

// The direction seems to end here: reports what only an end brings ($, negated terms). The stream is
// kept as it was: should the direction go on all the same, it is scanned as if nothing had been.
void stream_pool_end(
	struct stream_pool *p, struct match_stream **stream, const struct stream_report *report
);

// Reports nothing. *stream is NULL afterwards.
void stream_pool_close(struct stream_pool *p, struct match_stream **stream);

// Scans octets by themselves, as a stream that begins and ends with them.
void stream_pool_alone(
	struct stream_pool *p, const struct stream_where *where, const uint8_t *data, uint32_t len,
	const struct stream_report *report
);

// Compresses streams that are idle at `now_us`, at most `budget`; returns how many. Gives back about as
// many unused streams that were not needed for some time, and remnants of sets.
uint32_t stream_pool_advance(struct stream_pool *p, int64_t now_us, uint32_t budget);

struct stream_pool_stats {
	// Levels. opened = live + compressed + closed.
	uint64_t live, compressed; // streams (directions), whatever their parts
	uint64_t octets; // that count against the budget
	uint64_t octets_compressed; // of these
	// Counts.
	uint64_t opened, closed;
	uint64_t compressions, expansions;
	uint64_t restarts; // gaps in streams that were there
	uint64_t scanned_octets; // in streams, once whatever the parts
	uint64_t over_budget; // scans of octets alone for want of room
	uint64_t over_budget_octets;
	uint64_t parts_cut; // old parts given up before their stream's end
	uint64_t not_restored; // streams that were saved, and could not go on behind a restart
	uint64_t
		failed; // scans alone, and ends, that were not done in full: the system has no memory
};
const struct stream_pool_stats *stream_pool_stats(const struct stream_pool *p);
