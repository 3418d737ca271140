// The match stage: scans payloads in block mode, notes the number of match events on the packet, and makes
// an alert of each where somebody takes them.
#pragma once

#include "flow/alert_ring.h"
#include "match/matcher.h"
#include "packet/burst.h"
#include "packet/source.h"

// What a reload replaces: a compiled rule set, and this worker's scratch for it.
struct match_set {
	const struct matcher *matcher; // borrowed; NULL: nothing to match
	struct match_scratch *scratch; // owned by whoever holds the set
};

struct stage_match {
	const struct matcher *matcher; // borrowed; NULL: nothing to match
	struct match_scratch *scratch; // owned
	uint8_t *gathered; // owned; a payload in several segments is put together here
	uint64_t events;
	struct alert_ring *alerts; // borrowed; NULL: no alerts are made
	struct flow_key *keys; // owned; the burst's, before the track stage masks them
	uint64_t alerts_dropped; // events of which no alert was made: the ring was full
};

// 0 or -ENOMEM.
int stage_match_init(struct stage_match *st, const struct matcher *matcher);
void stage_match_fini(struct stage_match *st);

// From now on an alert of each event goes to the ring. 0 or -ENOMEM.
int stage_match_alert(struct stage_match *st, struct alert_ring *ring);

// Between bursts: goes on with *set, which becomes what was used so far. Counters go on.
void stage_match_swap(struct stage_match *st, struct match_set *set);

// Once a burst, parsed and not yet seen by the track stage.
void stage_match_begin(struct stage_match *st, const struct burst *b);

// The part [begin, end) of the burst; counted and late packets.
void stage_match_run(struct stage_match *st, const struct source *src, struct burst *b);
