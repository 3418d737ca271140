// What one thread needs to match with an engine, made for it off the packet path, and where the match
// events of a packet are put together: each rule once a packet.
#pragma once

#include "match_engine.h"

#include <hs.h>

#include <stdint.h>

struct flow_key;

// A rule that matched, and the key of what it matched in: the packet's own unless the packet completed
// a datagram, or set octets of the other direction free.
struct match_event {
	uint32_t rule; // its number in the engine
	const struct flow_key *key;
};

struct match_work {
	struct match_scratch
		*patterns; // owned, as the next two; NULL where the engine has no such part
	struct detect_scratch *detect;
	hs_scratch_t *streams;
	uint32_t *rules; // owned; room for what detect_run gives
	uint32_t n_rules;
	uint32_t first_rule; // the number of the first that is no pattern
	uint32_t packet; // number of the packet in work
	uint32_t n_events; // its events so far
	struct match_event *event; // owned
	uint32_t *stamp; // owned; by rule: the last packet it matched
};

// NULL when out of memory. Free with match_work_free (the engine may be gone by then).
struct match_work *match_work_new(const struct match_engine *e);
void match_work_free(struct match_work *w);

// Numbers packets from 1 again.
void match_work_restart(struct match_work *w);

// Begins with the next packet: no events.
static inline void match_work_begin(struct match_work *w) {
	w->n_events = 0;
	if (__builtin_expect(++w->packet == 0, 0))
		match_work_restart(w);
}

static inline void match_work_add(struct match_work *w, uint32_t rule, const struct flow_key *key) {
	if (w->stamp[rule] == w->packet)
		return;
	w->stamp[rule] = w->packet;
	w->event[w->n_events++] = (struct match_event){rule, key};
}
