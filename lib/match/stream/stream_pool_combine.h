// Combinations of patterns in a scan: all reports that end at one octet are taken together, whatever
// their order, and then the combinations they are terms of are decided.
#pragma once

#include "stream_plan.h"

#include <stdbool.h>
#include <stdint.h>

struct stream_group;
struct stream_tell;

// Members that are to be decided, of one group; empty between scans.
struct stream_combining {
	uint64_t offset; // where all their reports end
	uint32_t n;
	uint32_t *member; // owned; room for all combinations of the group. NULL: it has none
	uint64_t *listed; // owned; by state of the group, a bit each
};

// Returns 0 or -ENOMEM; stream_combining_fini in either case.
int stream_combining_init(struct stream_combining *c, const struct stream_group *g);
void stream_combining_fini(struct stream_combining *c);

// A term of `member`, a combination, was reported: decides what waits if that ended ahead of `offset`.
void stream_combine(struct stream_tell *t, uint32_t member, uint32_t piece, uint64_t offset);

// Decides what waits: no report that ends there is to come.
void stream_combine_settle(struct stream_tell *t);
