// The parser of user space: the short ways first, else the walk over what was captured; finds the
// payload, and gives the verdict.

#include "parse.h"

#include "packet/parse_fast.h"
#include "packet/parse_link.h"
#include "packet/parse_plain.h"
#include "packet/parse_steps.h"
#include "packet/parse_task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A frame in several segments is read from a copy of its first so many octets; no frame of any
// backend is longer.
#define SCRATCH_LEN 262144

// How far ahead of the packet in hand frames are asked for.
#define PREFETCH_AHEAD 6

int parser_init(struct parser *p, uint32_t tunnels, struct fragment_table *fragments) {
	p->tunnels = tunnels;
	p->fragments = fragments;
	p->scratch = malloc(SCRATCH_LEN);
	return p->scratch != NULL ? 0 : -ENOMEM;
}

void parser_fini(struct parser *p) {
	free(p->scratch);
	p->scratch = NULL;
}

// Octets of the L4 header at the cursor; 0 if it is cut or impossible.
static uint32_t l4_header(const struct parse_task *t, struct cursor *c, uint8_t proto) {
	const uint8_t *h;
	uint32_t len;
	switch (proto) {
	case PROTO_TCP:
		h = cursor_need(t, c, 13);
		len = h != NULL ? (h[12] >> 4) * 4u : 0;
		return len >= 20 ? len : 0;
	case PROTO_UDP:
	case PROTO_UDPLITE:
		return 8;
	case PROTO_SCTP:
		return 12;
	case PROTO_DCCP:
		h = cursor_need(t, c, 5);
		len = h != NULL ? h[4] * 4u : 0;
		return len >= 12 ? len : 0;
	default:
		return 0;
	}
}

// Where the payload is, behind the L4 header at the cursor.
static void find_payload(struct walk *w, const struct parse_task *t, struct packet *pkt) {
	uint32_t skip = 0;
	if (has_ports(t->key->proto)) {
		skip = l4_header(t, &w->c, t->key->proto);
		if (skip == 0)
			skip = UINT32_MAX; // no telling where the payload would start
	}
	uint32_t stop = w->l4_end < pkt->cap_len ? w->l4_end : pkt->cap_len;
	uint64_t start = (uint64_t)w->l4_off + skip;
	pkt->payload_off = start < stop ? (uint32_t)start : stop;
	pkt->payload_len = stop - pkt->payload_off;
	pkt->l4_len = start <= stop && skip <= UINT8_MAX ? skip : 0;
}

// One pass over a frame of which `avail` octets are at `data`. Returns whether more of them would
// have been read.
static bool walk_packet(
	const struct parser *p, struct packet *pkt, struct flow_key *key, struct walk *w,
	const uint8_t *data, uint32_t avail
) {
	uint32_t frame_end = pkt->wire_len > pkt->cap_len ? pkt->wire_len : pkt->cap_len;
	*w = (struct walk){
		.c = {.avail = avail, .end = frame_end, .snapped = avail < frame_end},
		.headers = 1,
	};
	const struct parse_task t = {.data = data, .key = key, .tunnels = p->tunnels};
	memset(key, 0, sizeof(*key));
	key->in_port = pkt->in_port;
	pkt->payload_off = 0;
	pkt->l4_len = 0;
	pkt->payload_len = 0;
	pkt->ip_len = 0;
	pkt->matches = 0;
	pkt->tcp_flags = 0;
	pkt->flags &= PACKET_LATE;
	w->step = walk_link(w, &t, pkt->link);
	bool fragment = false; // of any IP header on the way
	while (w->step != STEP_STOP && walk_on(w, &t))
		fragment |= w->fragment;
	if (walk_has_l4(w)) {
		walk_l4(w, &t);
		find_payload(w, &t, pkt);
		pkt->tcp_flags = w->tcp_flags;
		pkt->flags |= w->tcp ? PACKET_TCP : 0;
		pkt->flags |= fragment && !w->fragment ? PACKET_CARRIER_FRAGMENT : 0;
	}
	return w->c.beyond;
}

// The verdict, and what fragments of one datagram tell each other.
static void
conclude(const struct parser *p, struct packet *pkt, struct flow_key *key, const struct walk *w) {
	const struct parse_task t = {.key = key};
	pkt->reason = walk_conclude(w, &t);
	pkt->verdict = reason_verdict(pkt->reason);
	if (pkt->reason != REASON_NONE)
		return;
	pkt->ip_len = w->ip_len;
	if (w->v6)
		pkt->flags |= PACKET_V6;
	if (!w->fragment)
		return;
	pkt->flags |= PACKET_FRAGMENT;
	pkt->fragment_id = w->id;
	if (w->later) {
		uint32_t stop = w->l4_end < pkt->cap_len ? w->l4_end : pkt->cap_len;
		pkt->payload_off = w->l4_off < stop ? w->l4_off : stop;
		pkt->payload_len = stop - pkt->payload_off;
		if (p->fragments != NULL)
			fragment_table_get(p->fragments, key, w->id, pkt->time_us);
	} else if (p->fragments != NULL) {
		fragment_table_put(p->fragments, key, w->id, pkt->time_us);
	}
}

void parse_packet(struct parser *p, struct packet *pkt, struct flow_key *key) {
	struct walk w;
	uint32_t avail = pkt->head_len < pkt->cap_len ? pkt->head_len : pkt->cap_len;
	walk_packet(p, pkt, key, &w, pkt->data, avail);
	conclude(p, pkt, key, &w);
}

// The general way: through the first segment, and if that is not enough through a copy of them all.
static __attribute__((noinline)) void parse_general(
	struct parser *p, const struct source *src, struct packet *pkt, struct flow_key *key
) {
	struct walk w;
	uint32_t avail = pkt->head_len < pkt->cap_len ? pkt->head_len : pkt->cap_len;
	bool more = walk_packet(p, pkt, key, &w, pkt->data, avail);
	if (UNLIKELY(more && avail < pkt->cap_len && src->ops->gather != NULL)) {
		uint32_t len = pkt->cap_len < SCRATCH_LEN ? pkt->cap_len : SCRATCH_LEN;
		avail = src->ops->gather(src, pkt, p->scratch, len);
		walk_packet(p, pkt, key, &w, p->scratch, avail);
	}
	conclude(p, pkt, key, &w);
}

void parse_burst(struct parser *p, const struct source *src, struct burst *b) {
	uint32_t n = b->n;
	// The frame's first line: Ethernet, IP and ports of nearly every packet.
	for (uint32_t i = 0; i < n && i < PREFETCH_AHEAD; i++)
		__builtin_prefetch(b->pkt[i].data);
	for (uint32_t i = 0; i < n; i++) {
		if (LIKELY(i + PREFETCH_AHEAD < n))
			__builtin_prefetch(b->pkt[i + PREFETCH_AHEAD].data);
		if (UNLIKELY(!parse_plain(p, &b->pkt[i], &b->key[i]))
		    && !parse_fast(p, &b->pkt[i], &b->key[i]))
			parse_general(p, src, &b->pkt[i], &b->key[i]);
	}
}
