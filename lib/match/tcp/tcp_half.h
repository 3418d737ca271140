// One direction of a connection: where its stream stands, what is held, and how it may have ended.
// Everything it does for a packet it writes into the work at hand.
#pragma once

#include "match/tcp/tcp_held.h"
#include "match/tcp/tcp_packet.h"
#include "match/tcp/tcp_work.h"

#include <stdbool.h>
#include <stdint.h>

enum tcp_half_flag {
	TCP_HALF_SEEN = 1 << 0, // a packet came from this side
	TCP_HALF_STARTED = 1 << 1, // `next` is where the stream stands
	TCP_HALF_HINTED = 1 << 2, // not started; `next` is what an empty packet said
	TCP_HALF_SYN = 1 << 3, // offset 0 is the octet behind the SYN
	TCP_HALF_AGREED = 1 << 4, // the other side acknowledged that SYN
	TCP_HALF_SYN_DATA = 1 << 5, // what is held came with the SYN and waits to be acknowledged
	TCP_HALF_FIN = 1 << 6, // `fin` is known
	TCP_HALF_FIN_ACKED = 1 << 7,
	TCP_HALF_ENDED = 1 << 8, // by a FIN that was reached, or by RST when there is no FIN
	TCP_HALF_FAR_SYN = 1 << 9, // `far` is behind a SYN that was ignored
	TCP_HALF_FAR_ACKED = 1 << 10, // the other side acknowledged what leads to `far`
};

struct tcp_half {
	void *user; // the consumer's; NULL at first
	uint64_t next_off; // offset of the next octet to be delivered
	uint64_t history; // of what was delivered last
	struct tcp_held held;
	uint32_t next; // sequence number of that octet
	uint32_t fin; // sequence number of the FIN, with TCP_HALF_FIN
	uint32_t far; // where the stream would go on elsewhere, while far_count > 0
	uint16_t wait; // segments held since the stream went on
	uint16_t flags; // enum tcp_half_flag
	uint8_t acks; // packets of the other side since then that acknowledge what is missing
	uint8_t far_count; // segments in a row that agree on `far`
};
static_assert(sizeof(struct tcp_half) == 56);

// A segment further ahead than this is not held, one further back is not called old: it is of another
// stream (RFC 7323 would let windows be 2^30; nobody's are).
#define TCP_REACH (1u << 24)

// Begins the stream at `seq`.
void tcp_half_start(struct tcp_half *h, uint32_t seq, uint16_t flags);

// The offset of a sequence number; negative: ahead of the stream's first octet.
static inline int64_t tcp_half_offset(const struct tcp_half *h, uint32_t seq) {
	return (int64_t)h->next_off + (int32_t)(seq - h->next);
}

// Takes a segment's payload, at least one octet with `seq` the first, on a started half; what a SYN
// brought must be settled. `alone`: nothing was ever
// seen of the other side, so nobody can confirm anything.
void tcp_half_data(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const struct tcp_packet *in,
	uint32_t seq, bool alone
);

// The payload of a SYN, which waits for its acknowledgement (RFC 7413); `seq` is its first octet.
void tcp_half_syn_data(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const struct tcp_packet *in,
	uint32_t seq
);

// Delivers what a SYN brought up to offset `upto` and forgets the rest.
void tcp_half_settle(struct tcp_work *w, struct tcp_half *h, uint32_t dir, int64_t upto);

// A FIN whose sequence number is `seq`.
void tcp_half_fin(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const struct tcp_packet *in,
	uint32_t seq
);

// What the other side acknowledges.
void tcp_half_ack(struct tcp_work *w, struct tcp_half *h, uint32_t dir, uint32_t ack);
