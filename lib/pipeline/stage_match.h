// The match stage: matches payloads against the rules in force, notes the number of match events on
// the packet, and makes an alert of each where somebody takes them.
#pragma once

#include "flow/alert_ring.h"
#include "match/inspect.h"
#include "match/match_engine.h"
#include "match/match_work.h"
#include "packet/burst.h"
#include "packet/source.h"
#include "pipeline/stage_track.h"

#include <stdbool.h>
#include <stdint.h>

// What a reload replaces: a compiled rule set, and what this worker needs for it.
struct match_set {
	const struct match_engine *engine; // borrowed; NULL: nothing to match
	struct match_work *work; // owned by whoever holds the set
	// match_engine_map of the set before and this one; NULL: there was none. Borrowed until the stage
	// uses the set, one for all workers.
	const uint32_t *map;
	bool same;
};
void match_set_fini(struct match_set *set);

struct stage_match_config {
	const struct match_engine *engine; // borrowed; NULL: nothing is ever matched
	// Patterns only, in block mode: nothing but fragments has to be kept.
	bool plain;
	int64_t lateness_us; // of struct intake_config
	// Of inspect_config: all but the hooks.
	struct inspect_config inspect;
};

// Sets in use: the one in force, and those that streams still have parts of.
#define MATCH_SETS_MAX (STREAM_PARTS_MAX + 2)

// Match events that came without a packet while rows of others were in hand.
#define MATCH_WAITING_MAX 1024

struct match_waiting {
	struct flow_key key;
	int64_t time_us;
	const struct rule_info *rule;
};

struct stage_match {
	struct match_set set; // in force
	struct match_set before[MATCH_SETS_MAX]; // in no order
	uint32_t n_before;
	bool plain;
	struct inspect *inspect; // owned; NULL: nothing is ever matched
	struct stage_track *track; // borrowed; where events without a packet are counted
	uint8_t *gathered; // owned; a packet in several segments is put together here
	uint64_t events;
	struct alert_ring *alerts; // borrowed; NULL: no alerts are made
	struct flow_key *keys; // owned; the burst's, before the track stage masks them
	uint64_t alerts_dropped; // events of which no alert was made: the ring was full
	int64_t lateness_us;
	int64_t advance_us; // where event time has come to, ahead of the panes' horizon
	const struct burst *burst; // a part of it is in work: rows are in hand, panes must stay
	uint32_t at; // its packet that is inspected
	struct match_waiting *waiting; // owned
	uint32_t n_waiting;
	uint64_t uncounted; // events that are in no window: no room to wait, or their time was over
};

// 0 or -ENOMEM. Must not move afterwards.
int stage_match_init(
	struct stage_match *st, const struct stage_match_config *conf, struct stage_track *track
);
void stage_match_fini(struct stage_match *st);

// From now on an alert of each event goes to the ring.
void stage_match_alert(struct stage_match *st, struct alert_ring *ring);

// Between bursts: goes on with `set`, which is taken over; the one before waits until it is not needed
// any more (stage_match_left). Counters go on. 0, or -ENOMEM with all as it was. At most MATCH_SETS_MAX
// sets may be with the stage.
int stage_match_use(struct stage_match *st, struct match_set set);

// Between bursts: gives back a set that is not needed any more. False: there is none.
bool stage_match_left(struct stage_match *st, struct match_set *set);

// Once a burst, parsed and not yet seen by the track stage.
void stage_match_begin(struct stage_match *st, const struct burst *b);

// The part [begin, end) of the burst; counted and late packets.
void stage_match_run(struct stage_match *st, const struct source *src, struct burst *b);

// Behind a part, when its rows were counted.
void stage_match_end(struct stage_match *st);

// Between bursts: event time has come to `horizon_us`.
void stage_match_advance(struct stage_match *st, int64_t horizon_us);

// No more packets come: what is held comes out.
void stage_match_finish(struct stage_match *st);
