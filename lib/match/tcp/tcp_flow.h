// A connection: both directions and the rules between them: handshakes, resets, when its ports belong
// to another. Indexes are the table's; 0 is none.
#pragma once

#include "match/tcp/tcp_half.h"
#include "match/tcp/tcp_list.h"
#include "packet/flow_tuple.h"

#include <stdbool.h>
#include <stdint.h>

// By what a flow is worth when room is needed, and how long it may be silent.
enum tcp_age {
	TCP_AGE_DONE, // every direction has ended
	TCP_AGE_YOUNG, // no octet beyond its first packet
	TCP_AGE_ONE_SIDED, // nothing was seen of the other side, which a flood can fake as well
	TCP_AGE_SETTLED,
	TCP_AGES,
};

enum tcp_flow_list {
	TCP_LIST_AGE, // of its age, by when it was looked at last
	TCP_LIST_HOLD, // of those that hold octets, by when they began to
	TCP_LISTS,
};

struct tcp_flow {
	CACHE_ALIGNED struct flow_tuple tuple;
	uint32_t chain; // the next of the same bucket
	int64_t last_us; // the newest event time of its packets
	uint32_t queued; // when it went to the end of its age's list
	uint32_t bits : 24; // the consumer's: number in its pool of flowbits; 0 at first
	uint32_t age : 2; // enum tcp_age
	uint32_t holds : 1; // it is in that list
	uint32_t grown : 1; // an octet came behind its first packet
	uint32_t client : 1; // direction of what the client sends
	uint32_t open : 1; // the handshake is done, or was not seen
	uint32_t asked : 2; // 1 << direction, of those whose SYN that counts came without ACK
	struct tcp_half half[2]; // by direction: [0] is what the lower end sends
	struct tcp_link link[TCP_LISTS];
};
static_assert(sizeof(struct tcp_flow) == 192);

// Whether a packet begins another connection between the same ends: a SYN behind the end, or one that
// was ignored and is answered now.
bool tcp_flow_reused(const struct tcp_flow *f, uint32_t dir, const struct tcp_packet *in);

// Takes a packet whose flags are sane. The first one of a flow is no RST.
void tcp_flow_packet(
	struct tcp_work *w, struct tcp_flow *f, uint32_t dir, const struct tcp_packet *in
);

// Whether a packet can change nothing but where its own direction stands: it acknowledges, and brings
// what is next, whole, or nothing, while neither side has anything open: octets held, an end, a stretch
// elsewhere, a SYN not agreed upon. Keep-alives are not, nor is what makes a flow one that has grown.
static inline bool
tcp_flow_is_usual(const struct tcp_flow *f, uint32_t dir, const struct tcp_packet *in) {
	const struct tcp_half *mine = &f->half[dir], *other = &f->half[!dir];
	const uint32_t all = TCP_HALF_SEEN | TCP_HALF_STARTED;
	const uint32_t any = TCP_HALF_SYN | TCP_HALF_AGREED;
	if ((in->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK || !f->open || f->holds
	    || (mine->flags & ~any) != all || (other->flags & ~(any | all)) != 0
	    || (mine->far_count | other->far_count) != 0)
		return false;
	if (!(other->flags & TCP_HALF_AGREED) && other->next_off == 0
	    && other->flags & TCP_HALF_STARTED)
		return false;
	if (in->length == 0)
		return in->seq + 1 != mine->next;
	return in->seq == mine->next && in->captured == in->length && f->grown;
}

// Gives up all holes of both directions.
void tcp_flow_flush(struct tcp_work *w, struct tcp_flow *f, enum tcp_gap why);

// Whether every direction that has a stream has ended.
bool tcp_flow_done(const struct tcp_flow *f);

static inline bool tcp_flow_holds(const struct tcp_flow *f) {
	return (f->half[0].held.first | f->half[1].held.first) != 0;
}
