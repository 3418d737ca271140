// TCP reassembly: packets go in, each direction's octets come out in order and once. The first copy of
// an octet wins; every octet that does not come out is counted by what became of it. Memory is fixed
// at the start and the work for a packet is bounded. One thread owns a table and all it gives out.
#pragma once

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "match/tcp/tcp_delivery.h"
#include "match/tcp/tcp_flow.h"
#include "match/tcp/tcp_packet.h"
#include "match/tcp/tcp_table_config.h"
#include "match/tcp/tcp_usage.h"

#include <stdbool.h>
#include <stdint.h>

// What a consumer does with a delivery, and with TCP_SCAN_ALONE, is said in tcp_delivery.h.
//
// Holes. What comes ahead of its turn is held until the hole is filled. The hole is given up, and the
// stream goes on behind it, when
// - a direction's limit on held octets or segments, or the limit on all, is reached;
// - `patience` packets of the other side have acknowledged what is missing: the receiver has it;
// - the capture cut the octets off (at once when they are next);
// - a RST counts, or the flow is closed. A FIN alone waits for what is ahead of it.
//
// Ends. A FIN ends its direction when everything ahead of it was delivered, a RST both at once if it
// stands exactly where its sender does. A flow lingers behind its end: data that goes on in sequence,
// where the other side has not acknowledged the FIN, revives its direction (TCP_REVIVED), so that a
// decoy FIN or RST takes no more away than holes that were open. A consumer that wants both the
// matches of the end and the stream reports the end on a copy and keeps its stream until the hook
// `close`.
//
// The table is full: flows that have ended go first, then young ones (no octet behind their first
// packet: what a SYN flood makes), then those of which one side only was seen, then those silent for
// `evict_us`; each by age, in constant time.
// When there is none the packet is not taken.

struct tcp_table; // opaque

// NULL with err set: out of memory, or a setting out of range. Free with tcp_table_free.
struct tcp_table *tcp_table_new(const struct tcp_table_config *conf, struct err *err);

// Closes what is left without delivering what it holds (tcp_table_drain does). NULL is fine.
void tcp_table_free(struct tcp_table *t);

// Takes a packet; of a payload, the first MB. The delivery and the octets of its spans are valid until
// the next call with this table, and as long as the packet is. May call hooks, for other flows than
// the one that the delivery is of.
const struct tcp_delivery *tcp_table_packet(struct tcp_table *t, const struct tcp_packet *in);

// For bursts, ahead of tcp_table_packet: fills `place`, and fetches the bucket of the packet's flow;
// later, and for that place, the flow that is first in it.
void tcp_table_prefetch(
	const struct tcp_table *t, const struct flow_key *key, struct tcp_place *place
);
void tcp_table_prefetch_flow(const struct tcp_table *t, const struct tcp_place *place);

// What the consumer keeps, of the place's direction, with the flow that is first there: nearly always
// the packet's. Good until the next packet, as the flow is.
void *tcp_table_user(const struct tcp_table *t, const struct tcp_place *place);

// Closes flows that were silent for too long at `now_us`, looking at no more than `budget`. A flow is
// closed between one and two times its timeout after its last packet; a packet that comes in between
// finds it expired. Returns how many were closed.
uint32_t tcp_table_advance(struct tcp_table *t, int64_t now_us, uint32_t budget);

// Closes up to `budget` flows, delivering what they hold through the hook. Returns whether any are
// left.
bool tcp_table_drain(struct tcp_table *t, uint32_t budget);

const struct tcp_stats *tcp_table_stats(const struct tcp_table *t);

struct tcp_usage tcp_table_usage(const struct tcp_table *t);
