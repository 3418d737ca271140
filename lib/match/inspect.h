// Inspection: what one worker knows of the traffic that it matches (fragments, connections, streams,
// flows), and the way of a packet through all of it to its match events. One thread owns it; it
// allocates nothing on a packet's way beyond budgets set at the start.
//
// A packet whose checksum says that its receiver drops it is not looked at (packet/checksum_policy.h).
// Fragments are held, and matched as the datagram they make with the packet that completes it
// (packet/defrag.h). TCP packets go to their connection (tcp_table.h); in stream mode the octets that
// they bring into order are scanned in the streams (stream_pool.h). Everything else, and what rules want
// of packets, is matched packet by packet, with what is known of the flow.
#pragma once

#include "base/hash.h"
#include "base/mem.h"
#include "base/state_io.h"
#include "inspect_stats.h"
#include "match/tcp/tcp_packet.h"
#include "match_engine.h"
#include "match_work.h"
#include "packet/checksum_policy.h"
#include "packet/packet.h"
#include "packet/share.h"

#include <stdbool.h>
#include <stdint.h>

struct inspect; // opaque

// Octets that came into order without a packet of their own matched: held ones, when their connection
// was given up or the input ended. `work` has the events; `key` and `time_us` are those of the packet that
// brought the octets, or of the last that did where several are held together. Called for each of them.
struct inspect_hooks {
	void (*late
	)(void *ctx, struct match_work *work, const struct flow_key *key, int64_t time_us);
	void *ctx;
};

struct inspect_config {
	bool streams; // engines that are used have been made with `streams`
	bool midstream; // connections whose start was not seen are followed
	enum checksum_mode checksums;
	uint64_t memory; // octets for connections, what they hold, streams and fragments together
	uint32_t tunnels; // enum tunnel, as the parser's
	struct hash_seed seed;
	const struct mem *mem; // for the big tables; outlives it
	struct inspect_hooks hooks;
};

#define INSPECT_MEMORY_MIN (1u << 20)

// How many TCP connections, at most, memory of so many octets follows.
uint32_t inspect_connections(uint64_t memory);

// NULL with err set: out of memory. Free with inspect_free.
struct inspect *inspect_new(const struct inspect_config *conf, struct err *err);
void inspect_free(struct inspect *in);

// Between packets: matches with `engine` from now on, with `work` made for it; both are borrowed until
// inspect_uses says no. `map` and `same` are match_engine_map's for the engine used before and this one.
// 0, or -ENOMEM with all as it was.
int inspect_use(
	struct inspect *in, const struct match_engine *engine, struct match_work *work,
	const uint32_t *map, bool same
);

// Whether a stream still needs an engine that was used before.
bool inspect_uses(const struct inspect *in, const struct match_engine *engine);

// Matches a packet that was counted or is late; `data` is the frame's first octet, of which `len` follow
// each other: all that was captured. `now_us` is its time or, of a late packet, the time below which it
// was late: nothing that ends with time is ended by a packet that is behind it. Its events are in the
// work then; their keys are good until the next packet.
void inspect_packet(
	struct inspect *in, const struct packet *p, const struct flow_key *key, int64_t now_us,
	const uint8_t *data, uint32_t len
);

// The same for a packet whose connection was fetched ahead; NULL: it was not.
void inspect_packet_at(
	struct inspect *in, const struct packet *p, const struct flow_key *key,
	const struct tcp_place *place, int64_t now_us, const uint8_t *data, uint32_t len
);

// For a burst, ahead of its packets: fetches what will be needed of TCP packets' connections, in two
// rounds; and a few packets ahead of each, in two more, of their streams.
void inspect_prefetch(
	const struct inspect *in, const struct flow_key *key, struct tcp_place *place
);
void inspect_prefetch_flow(const struct inspect *in, const struct tcp_place *place);
void inspect_prefetch_stream(const struct inspect *in, const struct tcp_place *place);
void inspect_prefetch_state(const struct inspect *in, const struct tcp_place *place);

// Event time has come to `now_us` (newest time less lateness): what is over is given up, some of it.
void inspect_advance(struct inspect *in, int64_t now_us);

// The input has ended: everything held comes out, or is given up, and with the streams go the engines
// that were used before.
void inspect_finish(struct inspect *in);

// What has been counted so far.
void inspect_stats(const struct inspect *in, struct inspect_stats *out);

// Saved and loaded as base/state_io.h says. `origin` tells the inspections of one checkpoint apart. Between
// _begin and the last _step (or _end) the engine stays.
void inspect_save_begin(struct inspect *in, struct state_writer *to, uint32_t origin);
bool inspect_save_step(struct inspect *in);
void inspect_save_end(struct inspect *in);

// Ahead of the first packet, an engine being in use; behind the last record, and ahead of anything else,
// comes inspect_load_end. Streams go on where match_engine_streams_digest is what it was, else they begin
// anew behind what was scanned (stream_pool_stats.not_restored); flowbits and xbits where detect_names is.
// 0, -EBADMSG or -ENOMEM: then all that can be done is inspect_free.
int inspect_load(
	struct inspect *in, const struct state_record *r, const struct share *share, struct err *err
);
int inspect_load_end(struct inspect *in, struct err *err);
