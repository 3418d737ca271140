// The short way through the frames that make up nearly all traffic: Ethernet, at most one VLAN tag, an
// IP header without options or fragments, TCP or UDP. It gives what the walk gives or does not
// answer; internal to the parser.
#pragma once

#include "packet/flow_key.h"
#include "packet/link.h"
#include "packet/packet.h"
#include "packet/parse.h"
#include "packet/parse_cursor.h"
#include "packet/parse_protocols.h"
#include "packet/verdict.h"

#include <assert.h>
#include <string.h>

// Octets of the longest front it reads: Ethernet, tag, IPv4, TCP; for IPv6 20 more.
#define FAST_V4 (14 + 4 + 20 + 20)
#define FAST_V6 (14 + 4 + 40 + 20)

// Two bits that are different for each port that a tunnel may be behind.
#define FAST_PORT_SLOT(port) (((port)*9 & 0xffff) >> 14)
static_assert(FAST_PORT_SLOT(PORT_GTPU) == 1);
static_assert(FAST_PORT_SLOT(PORT_VXLAN) == 2);
static_assert(FAST_PORT_SLOT(PORT_GENEVE) == 3);

// Whether it is a port that a tunnel may be behind: one comparison, with the one of them that a port
// like this could be.
static inline bool fast_is_tunnel_port(uint16_t port) {
	static const uint16_t slot[4] = {0, PORT_GTPU, PORT_VXLAN, PORT_GENEVE};
	return slot[FAST_PORT_SLOT(port)] == port;
}

// Whether either port is one that a tunnel may be behind. Port 0 is taken for one: nothing is lost
// but the short way.
static inline bool fast_tunnel_port(uint16_t src, uint16_t dst) {
	return fast_is_tunnel_port(src) | fast_is_tunnel_port(dst);
}

// Returns false, with nothing written that the walk would not overwrite, when the frame is none of
// those or anything about it is unusual.
static inline bool parse_fast(const struct parser *p, struct packet *pkt, struct flow_key *key) {
	const uint8_t *data = pkt->data;
	uint32_t head = pkt->head_len;
	if (UNLIKELY(pkt->link != LINK_ETHERNET || head < FAST_V4 || head > pkt->cap_len))
		return false;
	uint32_t off = 14;
	uint16_t type = get_be16(data + 12), vid = 0;
	uint8_t flags = 0;
	if (type == TYPE_VLAN) {
		vid = get_be16(data + 14) & 0xfff;
		type = get_be16(data + 16);
		flags = KEY_VLAN;
		off = 18;
	}
	const uint8_t *ip = data + off;
	uint32_t ip_len, l4_off;
	uint8_t proto, tos;
	bool v6 = type == TYPE_IPV6;
	if (LIKELY(type == TYPE_IPV4)) {
		ip_len = get_be16(ip + 2);
		if (UNLIKELY(ip[0] != 0x45 || get_be16(ip + 6) & 0x3fff || ip_len < 28))
			return false;
		flags |= KEY_V4;
		proto = ip[9];
		tos = ip[1];
		l4_off = off + 20;
	} else {
		if (!v6 || head < FAST_V6 || ip[0] >> 4 != 6)
			return false;
		ip_len = get_be16(ip + 4) + 40u;
		if (ip_len < 48)
			return false;
		flags |= KEY_V6;
		proto = ip[6];
		tos = (uint8_t)(get_be16(ip) >> 4);
		l4_off = off + 40;
	}
	const uint8_t *l4 = data + l4_off;
	uint16_t src = get_be16(l4), dst = get_be16(l4 + 2);
	uint32_t frame_end = pkt->wire_len > pkt->cap_len ? pkt->wire_len : pkt->cap_len;
	uint32_t end = off + ip_len < frame_end ? off + ip_len : frame_end;
	uint32_t l4_len = 8;
	uint8_t tcp_flags = 0;
	if (proto == PROTO_TCP) {
		l4_len = (l4[12] >> 4) * 4u;
		if (UNLIKELY(l4_len < 20 || l4_off + l4_len > end))
			return false;
		tcp_flags = l4[13];
	} else if (proto != PROTO_UDP || (p->tunnels != 0 && fast_tunnel_port(src, dst))) {
		return false;
	}

	uint32_t stop = end < pkt->cap_len ? end : pkt->cap_len;
	uint32_t start = l4_off + l4_len < stop ? l4_off + l4_len : stop;
	pkt->payload_off = start;
	pkt->l4_len = l4_off + l4_len <= stop ? l4_len : 0;
	pkt->payload_len = stop - start;
	pkt->ip_len = ip_len;
	pkt->matches = 0;
	pkt->verdict = VERDICT_COUNTED;
	pkt->reason = REASON_NONE;
	uint32_t found = (proto == PROTO_TCP ? PACKET_TCP : 0) | (v6 ? PACKET_V6 : 0);
	pkt->flags = (uint8_t)((pkt->flags & PACKET_LATE) | found);
	pkt->tcp_flags = tcp_flags;

	memset(key, 0, sizeof(*key));
	key->src_port = src;
	key->dst_port = dst;
	key->proto = proto;
	key->tos = tos;
	key->flags = flags;
	key->in_port = pkt->in_port;
	key->vlan = vid;
	if (LIKELY(!v6)) {
		memcpy(key->src4, ip + 12, 8);
	} else {
		memcpy(key->src6, ip + 8, 32);
	}
	return true;
}
