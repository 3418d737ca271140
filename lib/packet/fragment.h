// The fragment table: lets later fragments take the ports (and, for IPv6, the protocol) of their
// first fragment. Bounded; belongs to one thread, the one that parses.
#pragma once

#include "base/err.h"
#include "base/hash.h"
#include "base/state_io.h"
#include "packet/flow_key.h"
#include "packet/parse_limits.h"
#include "packet/share.h"

#include <stdbool.h>
#include <stdint.h>

struct fragment_table; // opaque

struct fragment_stats {
	uint64_t evicted; // entries younger than FRAGMENT_LIFE_US given up for want of room
};

// `entries` is rounded up to a power of two. NULL when out of memory. Free with _free.
struct fragment_table *fragment_table_new(uint32_t entries, const struct hash_seed *seed);
void fragment_table_free(struct fragment_table *t);

// Remembers a first fragment: addresses, ports and protocol from `key`, the datagram's
// identification `id`, and for IPv4 the protocol as part of what identifies it (RFC 791, 8200).
// Replaces what was remembered for the same datagram.
void fragment_table_put(
	struct fragment_table *t, const struct flow_key *key, uint32_t id, int64_t time_us
);

// Fills key's ports (and for IPv6 its proto) from the first fragment of the same datagram, if one is
// remembered that is at most FRAGMENT_LIFE_US older. Returns whether it did.
bool fragment_table_get(
	const struct fragment_table *t, struct flow_key *key, uint32_t id, int64_t time_us
);

struct fragment_stats fragment_table_stats(const struct fragment_table *t);

// Saved and loaded as base/state_io.h says; `share` NULL: all is taken. What finds no room gives way to
// what is newer.
void fragment_table_save_begin(struct fragment_table *t, struct state_writer *to);
bool fragment_table_save_step(struct fragment_table *t);
void fragment_table_save_end(struct fragment_table *t);
int fragment_table_load(
	struct fragment_table *t, const struct state_record *r, const struct share *share,
	struct err *err
);
