// Inspection from inside: what its files share.
#pragma once

#include "inspect.h"
#include "match/detect/flow_memory.h"
#include "match/stream/stream_pool.h"
#include "match/tcp/tcp_table.h"
#include "packet/defrag.h"
#include "packet/parse.h"

struct inspect {
	// Of the engine in use; borrowed, as its parts and `work`.
	const struct match_engine *engine;
	const struct matcher *patterns; // NULL: none, as the next
	const struct detect *detect;
	struct match_work *work;
	bool wants_ttl;
	// Owned.
	struct tcp_table *tcp;
	struct stream_pool *pool; // NULL: block mode
	struct flow_memory *flows;
	struct defrag *defrag;
	struct checksum_policy *checksums;
	struct parser parser; // of datagrams
	struct flow_key datagram_key;
	struct flow_key reversed_key; // of the packet in work
	struct inspect_hooks hooks;
	struct detect_counts counts_before; // of engines that were used before
	uint64_t streams_memory; // the pool's budget
	int64_t newest_us; // of all packets
	uint64_t alone, late_events;
	uint32_t n_tcp; // packets
	struct inspect_stats *before; // owned; counted ahead of a restart. NULL: nothing
};

// A packet, or what stands in its place: a datagram that it completed.
struct inspect_item {
	const struct packet *pkt;
	const struct flow_key *key;
	const struct tcp_place *place; // the key's; NULL: it was not fetched ahead
	int64_t now_us; // its time, or that below which it was late
	const uint8_t *data; // the frame's first octet
	uint32_t len; // octets there
	const uint8_t *payload;
	uint32_t payload_len; // octets there
};

// TCP (inspect_tcp.c). What came into order and what rules want of the packet.
void inspect_tcp_packet(struct inspect *in, const struct inspect_item *item);

// The table's hooks; `ctx` is the inspect.
void inspect_tcp_deliver(void *ctx, const struct tcp_delivery *d);
void inspect_tcp_close(void *ctx, struct tcp_flow *f, enum tcp_close why);

// What is matched packet by packet: patterns, unless they are looked for elsewhere, and rules, with what
// is known of the flow.
void inspect_patterns(struct inspect *in, const struct inspect_item *item);
void inspect_rules(
	struct inspect *in, const struct inspect_item *item, const struct detect_flow *flow
);

// Saves a connection with all that is known of it (inspect_save.c); the table's hook.
void inspect_save_connection(void *ctx, const struct tcp_flow *f, struct state_writer *to);
