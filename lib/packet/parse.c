// The parser's frame: it drives the walk from header to header, turns its end into a verdict, and
// reads ports and payload behind the innermost IP header.

#include "parse.h"

#include "packet/link.h"
#include "packet/parse_fast.h"
#include "packet/parse_plain.h"
#include "packet/parse_walk.h"

#include <errno.h>
#include <stdlib.h>

// A frame in several segments is read from a copy of its first so many octets; no frame of any
// backend is longer.
#define SCRATCH_LEN 262144

// How far ahead of the packet in hand frames are asked for.
#define PREFETCH_AHEAD 6

static enum step (*const steps[STEP_COUNT])(struct walk *) = {
	[STEP_ETHERNET] = walk_ethernet, [STEP_RAW] = walk_raw,   [STEP_SLL] = walk_sll,
	[STEP_SLL2] = walk_sll2,         [STEP_NULL] = walk_null, [STEP_LLC] = walk_llc,
	[STEP_VLAN] = walk_vlan,         [STEP_MPLS] = walk_mpls, [STEP_PPPOE] = walk_pppoe,
	[STEP_PPP] = walk_ppp,           [STEP_IPV4] = walk_ipv4, [STEP_IPV6] = walk_ipv6,
	[STEP_IPV6_EXT] = walk_ipv6_ext, [STEP_AH] = walk_ah,     [STEP_UDP] = walk_udp,
	[STEP_GRE] = walk_gre,
};

static const enum step first_step[LINK_COUNT] = {
	[LINK_ETHERNET] = STEP_ETHERNET, [LINK_RAW] = STEP_RAW,   [LINK_SLL] = STEP_SLL,
	[LINK_SLL2] = STEP_SLL2,         [LINK_NULL] = STEP_NULL,
};

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

// Follows headers until there is nothing more to follow, and at most PARSE_MAX_HEADERS of them.
static void walk_frame(struct walk *w, enum step step) {
	for (int n = 0; step != STEP_STOP; n++) {
		if (n == PARSE_MAX_HEADERS) {
			w->reason = REASON_HEADER_DEPTH;
			return;
		}
		step = steps[step](w);
	}
}

// Octets of the L4 header at the cursor; 0 if it is cut or impossible.
static uint32_t l4_header(uint8_t proto, struct cursor *c) {
	const uint8_t *h;
	uint32_t len;
	switch (proto) {
	case PROTO_TCP:
		h = cursor_peek(c, 13);
		len = h != NULL ? (h[12] >> 4) * 4u : 0;
		return len >= 20 ? len : 0;
	case PROTO_UDP:
	case PROTO_UDPLITE:
		return 8;
	case PROTO_SCTP:
		return 12;
	case PROTO_DCCP:
		h = cursor_peek(c, 5);
		len = h != NULL ? h[4] * 4u : 0;
		return len >= 12 ? len : 0;
	default:
		return 0;
	}
}

static bool has_ports(uint8_t proto) {
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_UDPLITE
		|| proto == PROTO_SCTP || proto == PROTO_DCCP;
}

// Ports, flags, ICMP type and payload of a packet whose L4 header is here.
static void read_l4(struct walk *w, struct packet *pkt, struct flow_key *key) {
	struct cursor *c = &w->c;
	c->off = w->l4_off;
	c->end = w->l4_end;
	uint8_t proto = key->proto;
	uint32_t skip = 0;
	const uint8_t *h;
	if (has_ports(proto)) {
		h = cursor_peek(c, 4);
		if (h != NULL) {
			key->src_port = get_be16(h);
			key->dst_port = get_be16(h + 2);
		}
		if (proto == PROTO_TCP && (h = cursor_peek(c, 14)) != NULL) {
			pkt->tcp_flags = h[13];
			pkt->flags |= PACKET_TCP;
		}
		skip = l4_header(proto, c);
		if (skip == 0)
			skip = UINT32_MAX; // no telling where the payload would start
	} else if (proto == (w->v6 ? PROTO_ICMPV6 : PROTO_ICMP)) {
		h = cursor_peek(c, 2);
		if (h != NULL) {
			key->icmp_type = h[0];
			key->icmp_code = h[1];
			key->flags |= KEY_ICMP;
		}
	}
	uint32_t stop = w->l4_end < pkt->cap_len ? w->l4_end : pkt->cap_len;
	uint64_t start = (uint64_t)w->l4_off + skip;
	pkt->payload_off = start < stop ? (uint32_t)start : stop;
	pkt->payload_len = stop - pkt->payload_off;
}

// One pass over a frame of which `avail` octets are at `data`. Returns whether more of them would
// have been read.
static bool walk_packet(
	const struct parser *p, struct packet *pkt, struct flow_key *key, struct walk *w,
	const uint8_t *data, uint32_t avail
) {
	uint32_t frame_end = pkt->wire_len > pkt->cap_len ? pkt->wire_len : pkt->cap_len;
	*w = (struct walk){
		.c = {.data = data, .avail = avail, .end = frame_end, .snapped = avail < frame_end},
		.key = key,
		.tunnels = p->tunnels,
	};
	memset(key, 0, sizeof(*key));
	key->in_port = pkt->in_port;
	pkt->payload_off = 0;
	pkt->payload_len = 0;
	pkt->ip_len = 0;
	pkt->matches = 0;
	pkt->tcp_flags = 0;
	pkt->flags &= PACKET_LATE;
	walk_frame(w, pkt->link < LINK_COUNT ? first_step[pkt->link] : STEP_STOP);
	if (w->have_ip && !w->later && reason_verdict(w->reason) != VERDICT_MALFORMED)
		read_l4(w, pkt, key);
	return w->c.beyond;
}

// The verdict, and what fragments of one datagram tell each other.
static void
conclude(const struct parser *p, struct packet *pkt, struct flow_key *key, const struct walk *w) {
	enum reason reason = w->reason;
	if (reason_verdict(reason) != VERDICT_MALFORMED)
		reason = w->have_ip ? REASON_NONE : reason == REASON_NONE ? REASON_NOT_IP : reason;
	pkt->reason = reason;
	pkt->verdict = reason_verdict(reason);
	if (reason != REASON_NONE) {
		uint8_t in_port = key->in_port;
		memset(key, 0, sizeof(*key));
		key->in_port = in_port;
		return;
	}
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
