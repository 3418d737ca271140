// The match stage: scans payloads in block mode and notes the number of match events on the packet.
#pragma once

#include "match/matcher.h"
#include "packet/burst.h"
#include "packet/source.h"

struct stage_match {
	const struct matcher *matcher; // borrowed; NULL: nothing to match
	struct match_scratch *scratch; // owned
	uint8_t *gathered; // owned; a payload in several segments is put together here
	uint64_t events;
};

// 0 or -ENOMEM.
int stage_match_init(struct stage_match *st, const struct matcher *matcher);
void stage_match_fini(struct stage_match *st);

// The part [begin, end) of the burst; counted and late packets.
void stage_match_run(struct stage_match *st, const struct source *src, struct burst *b);
