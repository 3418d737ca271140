// A table of connections saved and loaded, as base/state_io.h says. The consumer writes the record of a
// connection, for it has to say more of it; what is held and the history are written here.
#pragma once

#include "base/err.h"
#include "match/tcp/tcp_table.h"

#include <stdbool.h>
#include <stdint.h>

struct tcp_saved_half {
	uint64_t next_off;
	uint64_t history; // position in what was the history of the origin
	uint32_t next;
	uint32_t fin;
	uint32_t far;
	uint16_t wait;
	uint16_t flags; // enum tcp_half_flag
	uint8_t acks;
	uint8_t far_count;
	uint8_t zero[6];
};
static_assert(sizeof(struct tcp_saved_half) == 40);

struct tcp_saved {
	struct flow_tuple tuple;
	uint32_t queued;
	int64_t last_us;
	struct tcp_saved_half half[2];
	uint32_t origin; // the table that it was in
	uint8_t age; // enum tcp_age
	uint8_t grown, client, open;
	uint8_t asked;
	uint8_t zero[7];
};
static_assert(sizeof(struct tcp_saved) == 152);

// `origin` tells the tables of one checkpoint apart.
void tcp_table_save_begin(struct tcp_table *t, struct state_writer *to, uint32_t origin);
bool tcp_table_save_step(struct tcp_table *t);
void tcp_table_save_end(struct tcp_table *t);

// For the hook `save`: what the table knows of the flow; behind the record with it, what the flow holds.
void tcp_table_save_flow(const struct tcp_table *t, const struct tcp_flow *f, struct tcp_saved *to);
void tcp_table_save_held(
	const struct tcp_table *t, const struct tcp_flow *f, struct state_writer *to
);

// Loading; behind the last record comes tcp_table_load_end, and ahead of that nothing else. Of the counters
// only the level octets[TCP_HELD_NOW] is touched, octets[TCP_NO_ROOM] by what was held and finds no room,
// and closed[TCP_CLOSE_EVICTED_IDLE] by flows that find none.

// Ahead of the first flow: hashes with this seed from now on. 0, or -EBADMSG: there are flows.
int tcp_table_load_seed(struct tcp_table *t, const struct hash_seed *seed, struct err *err);

// Puts the flow in. 0, with *f NULL where it finds no room or is there already, or -EBADMSG: no table ever
// had such a flow.
int tcp_table_load_flow(
	struct tcp_table *t, const struct tcp_saved *s, struct tcp_flow **f, struct err *err
);

// A flow that was loaded. NULL: there is none.
struct tcp_flow *tcp_table_load_find(struct tcp_table *t, const struct flow_tuple *tuple);

// Held octets, for flows that were loaded, and history. 0, -EBADMSG or -ENOMEM.
int tcp_table_load(struct tcp_table *t, const struct state_record *r, struct err *err);
int tcp_table_load_end(struct tcp_table *t, struct err *err);
