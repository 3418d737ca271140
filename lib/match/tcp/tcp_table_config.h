// What a table is made of: sizes, limits, times, and the consumer's hooks.
#pragma once

#include "base/hash.h"
#include "base/mem.h"
#include "match/tcp/tcp_delivery.h"
#include "match/tcp/tcp_stats.h"

#include <stdbool.h>
#include <stdint.h>

struct state_writer;

// Called by the table; must not call it. `ctx` is the consumer's.
struct tcp_hooks {
	// What came out of a flow without a packet of its own: it is about to be closed, or what it
	// held had to make room (then TCP_OVERFLOW is set and it goes on). May be NULL.
	void (*deliver)(void *ctx, const struct tcp_delivery *d);
	// The flow leaves; the last chance to free what half[].user points at. May be NULL.
	void (*close)(void *ctx, struct tcp_flow *f, enum tcp_close why);
	void *ctx;
	// While a checkpoint is taken: saves the flow, by tcp_table_save_flow and _held (tcp_save.h). NULL:
	// flows are not saved.
	void (*save)(void *ctx, const struct tcp_flow *f, struct state_writer *to);
};

struct tcp_table_config {
	uint32_t flows_max; // 1 .. 2^30
	uint64_t hold_memory; // octets for all held octets together, in blocks of 1 KB
	uint32_t hold_flow; // octets of that memory a direction may take, 1 KB .. 16 MB
	uint32_t hold_segments; // a direction may hold since its stream went on, 1 .. 16384
	uint32_t patience; // packets that acknowledge a hole until it is given up, 1 .. 255
	uint64_t history; // octets of what was delivered that are kept to compare with; 0: none
	bool midstream; // pick up connections whose SYN was not seen
	// Silence after which a flow is closed.
	int64_t idle_us;
	int64_t young_us; // before any octet beyond its first packet
	int64_t done_us; // behind its end
	int64_t evict_us; // silence after which a flow may make room for another; 0: at once
	struct hash_seed seed;
	const struct mem *mem; // outlives the table
	struct tcp_hooks hooks;
};

// What suits a worker of an ordinary machine: 256 k flows, 64 MB held, 256 KB and 1,024 segments a
// direction, patience 8, 4 MB of history, pick-up on, 10 min, 60 s, 10 s and 30 s; a seed of the
// kernel's, ordinary memory, no hooks.
void tcp_table_config_init(struct tcp_table_config *conf);
