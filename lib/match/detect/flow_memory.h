// What rules need to know of flows that are no connections of the TCP table: who sent the first packet,
// whether both sides were seen, and their flowbits. A table of fixed size, of any protocol; ICMP's flows
// are pairs of addresses, whatever the type. One thread.
//
// A flow is over when it was silent for longer than its timeout, in the packets' own time. What is told of
// a packet depends on the packets of its flow only, as long as no flow is `displaced` or `evicted`. With
// packets that are late that takes a little care: they come in with the time below which they were late
// (floor_us of struct burst), and flow_memory_advance gets the newest time less the lateness.
//
// Flowbits: detect_flow.bits is where rules find and change them, valid until all rules have been run on
// the packet and _keep was called with the same detect_flow. In between no other flow may be asked for.
#pragma once

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/state_io.h"
#include "detect_packet.h"
#include "packet/share.h"

#include <stdint.h>

struct flow_memory; // opaque
struct tcp_flow;

// Suricata's: silence after which a flow is over of which one side was seen, or both.
#define FLOW_MEMORY_NEW_US (30 * 1000000ll)
#define FLOW_MEMORY_ESTABLISHED_US (300 * 1000000ll)

#define FLOW_MEMORY_MIN 4096u

struct flow_memory_config {
	uint64_t
		memory; // octets for all of it, FLOW_MEMORY_MIN or more: 72 a flow, 132 one with bits
	struct hash_seed seed;
	const struct mem *mem; // outlives it; touched when it is used
};

// Words of 64 bits only. Levels are `flows` and `bits`.
struct flow_memory_stats {
	uint64_t flows_max;
	uint64_t flows; // that are remembered
	uint64_t opened; // = flows + expired + displaced + evicted
	uint64_t expired; // silent for too long
	uint64_t displaced; // the same, but only by the time of the packet that needed the room
	uint64_t evicted; // for want of room
	uint64_t bits_max;
	uint64_t bits; // flows that have bits, connections of the TCP table among them
	uint64_t bits_full; // packets whose flow found no room for the bits that they set
};

// NULL when out of memory. Free with flow_memory_free.
struct flow_memory *flow_memory_new(const struct flow_memory_config *conf);
void flow_memory_free(struct flow_memory *m);

// Tells of the flow of a packet with this key (unmasked), this packet included; octets are not counted.
// When the table is full another flow gives way: of a few looked at the one that is over, or of which one
// side only was seen, or that was silent longest.
void flow_memory_packet(
	struct flow_memory *m, const struct flow_key *key, int64_t time_us, struct detect_flow *out
);

// All rules have been run on that packet.
void flow_memory_keep(struct flow_memory *m, const struct detect_flow *flow);

// The same for a connection of the TCP table: sets flow->bits; keeps them; and when it is closed, frees
// them.
void flow_memory_tcp_bits(
	struct flow_memory *m, const struct tcp_flow *f, struct detect_flow *flow
);
void flow_memory_tcp_keep(
	struct flow_memory *m, struct tcp_flow *f, const struct detect_flow *flow
);
void flow_memory_tcp_close(struct flow_memory *m, struct tcp_flow *f);

// For bursts, ahead of flow_memory_packet: fetches the bucket of the packet's flow and returns its
// number; later, and for that number, the flow that is first in it.
uint32_t flow_memory_prefetch(const struct flow_memory *m, const struct flow_key *key);
void flow_memory_prefetch_flow(const struct flow_memory *m, uint32_t bucket);

// No packet with a time before `now_us` will come: forgets what was over by then, looking at no more than
// `budget` flows. Returns how many were forgotten.
uint32_t flow_memory_advance(struct flow_memory *m, int64_t now_us, uint32_t budget);

// Other rules from now on: flows have `words` words of bits (detect_flow_words), all zero. In constant
// time; between packets.
void flow_memory_forget_bits(struct flow_memory *m, uint32_t words);

const struct flow_memory_stats *flow_memory_stats(struct flow_memory *m);

// Saved and loaded as base/state_io.h says. `names` stands for what the bits mean (detect_bits_digest): of
// flows that were saved with others they are forgotten. `share` NULL: all is taken. Of the counters a load
// touches the levels alone, and `evicted` by flows that find no room.
void flow_memory_save_begin(struct flow_memory *m, struct state_writer *to, uint64_t names);
bool flow_memory_save_step(struct flow_memory *m);
void flow_memory_save_end(struct flow_memory *m);
int flow_memory_load(
	struct flow_memory *m, const struct state_record *r, const struct share *share,
	uint64_t names, struct err *err
);

// The bits of a connection of the TCP table: copied to `to`, of FLOW_BITS_WORDS_MAX words; returns how many
// there are, 0 when none is set. And set again, for one that has none.
uint32_t flow_memory_tcp_save(const struct flow_memory *m, const struct tcp_flow *f, uint64_t *to);
void flow_memory_tcp_load(
	struct flow_memory *m, struct tcp_flow *f, const uint64_t *bits, uint32_t words
);

// To where event time had come (flow_memory_advance).
int64_t flow_memory_horizon(const struct flow_memory *m);
