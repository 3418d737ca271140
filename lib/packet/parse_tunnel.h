// Steps into tunnels: GRE, and VXLAN, Geneve and GTP-U behind UDP. A UDP port is only a hint, so
// what does not look like the tunnel's user data leaves the packet with the header around it.
#pragma once

#include "packet/parse_ether.h"
#include "packet/parse_walk.h"

// RFC 2784, 2890 and the routing of RFC 1701; version 1 is RFC 2637's.
enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080,
	GRE_VERSION = 0x0007,
};

// What is behind a GRE header and its routes.
PARSE_INLINE enum step gre_payload(struct walk *w, const struct parse_task *t, uint16_t type) {
	if (w->c.off == w->c.end) // a keepalive, or an acknowledgment alone
		return walk_done(w);
	if (type == TYPE_WCCP) { // WCCPv2 puts four octets ahead of the packet, WCCPv1 none
		const uint8_t *h = walk_need(w, t, 1);
		if (h == NULL)
			return walk_cut(w, REASON_TUNNEL_HEADER);
		if (h[0] >> 4 != 4) {
			if (!cursor_has(&w->c, 4))
				return walk_cut(w, REASON_TUNNEL_HEADER);
			w->c.off += 4;
		}
		return STEP_IPV4;
	}
	switch (type) {
	case TYPE_IPV4:
		return STEP_IPV4;
	case TYPE_IPV6:
		return STEP_IPV6;
	case TYPE_TRANS_ETHER:
		return STEP_ETHERNET;
	case TYPE_MPLS:
	case TYPE_MPLS_UPSTREAM:
		return STEP_MPLS;
	case TYPE_PPP:
		return STEP_PPP;
	default:
		return walk_done(w);
	}
}

PARSE_INLINE enum step walk_gre(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 4);
	if (h == NULL)
		return walk_cut(w, REASON_TUNNEL_HEADER);
	uint16_t flags = get_be16(h), type = get_be16(h + 2);
	if ((flags & GRE_VERSION) > 1)
		return walk_done(w);
	uint32_t len = 4;
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		len += 4;
	if (flags & GRE_KEY)
		len += 4;
	if (flags & GRE_SEQUENCE)
		len += 4;
	if ((flags & GRE_VERSION) == 1 && flags & GRE_ACK)
		len += 4;
	if (!cursor_has(&w->c, len))
		return walk_cut(w, REASON_TUNNEL_HEADER);
	w->c.off += len;
	if (!(flags & GRE_ROUTING))
		return gre_payload(w, t, type);
	w->part = 0;
	w->part_next = type;
	return STEP_GRE_ROUTE;
}

// Skips a source route entry behind a GRE header (RFC 1701): the last one is empty.
PARSE_INLINE enum step walk_gre_route(struct walk *w, const struct parse_task *t) {
	if (w->part++ == PARSE_MAX_HEADERS)
		return walk_stop(w, REASON_TUNNEL_HEADER);
	const uint8_t *h = walk_need(w, t, 4);
	if (h == NULL)
		return walk_cut(w, REASON_TUNNEL_HEADER);
	uint32_t len = 4u + h[3];
	bool last = get_be16(h) == 0 && h[3] == 0;
	if (!cursor_has(&w->c, len))
		return walk_cut(w, REASON_TUNNEL_HEADER);
	w->c.off += len;
	return last ? gre_payload(w, t, w->part_next) : STEP_GRE_ROUTE;
}

PARSE_INLINE enum step into_vxlan(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 8);
	if (h == NULL)
		return walk_done(w);
	struct flow_key *key = task_key(t);
	key->flags |= KEY_VNI;
	key->vni = get_be32(h + 4) >> 8;
	w->c.off += 8;
	return STEP_ETHERNET;
}

PARSE_INLINE enum step into_geneve(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 8);
	if (h == NULL || h[0] >> 6 != 0) // version 0
		return walk_done(w);
	uint32_t len = 8 + (h[0] & 0x3fu) * 4;
	if (!cursor_has(&w->c, len))
		return walk_done(w);
	struct flow_key *key = task_key(t);
	key->flags |= KEY_VNI;
	key->vni = get_be32(h + 4) >> 8;
	w->c.off += len;
	return walk_ethertype(w, get_be16(h + 2));
}

// What is behind a GTP-U header. T-PDUs are not typed: IP by its version and a header length that is
// possible.
PARSE_INLINE enum step gtpu_payload(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 1);
	if (h == NULL)
		return walk_done(w);
	if (h[0] >= 0x45 && h[0] <= 0x4f)
		return STEP_IPV4;
	if (h[0] >> 4 == 6)
		return STEP_IPV6;
	// Or, since 5G, Ethernet.
	return walk_looks_like_ethernet(w, t, 0) ? STEP_ETHERNET : walk_done(w);
}

// Skips a GTP-U extension header (TS 29.281, section 5.2): four octets times the first one, the last of
// which is the type of the next.
PARSE_INLINE enum step walk_gtpu_ext(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 1);
	if (h == NULL || h[0] == 0 || w->part++ == PARSE_MAX_HEADERS)
		return walk_done(w);
	uint32_t len = h[0] * 4u;
	h = cursor_need_at(t, &w->c, len - 1, 1);
	if (h == NULL)
		return walk_done(w);
	w->c.off += len;
	return h[0] != 0 ? STEP_GTPU_EXT : gtpu_payload(w, t);
}

PARSE_INLINE enum step into_gtpu(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 8);
	// Protocol type GTP and a T-PDU: signalling carries no user's packet.
	if (h == NULL || !(h[0] & 0x10) || h[1] != 0xff)
		return walk_done(w);
	uint8_t version = h[0] >> 5, fields = h[0] & 0x07;
	uint32_t len = version == 0 ? 20 : 8; // version 0 is GSM 09.60's
	if (version > 1 || !cursor_has(&w->c, len))
		return walk_done(w);
	w->c.off += len;
	if (version == 0 || fields == 0)
		return gtpu_payload(w, t);
	// Extension, sequence or N-PDU number: all three fields are there.
	h = walk_need(w, t, 4);
	if (h == NULL)
		return walk_done(w);
	w->c.off += 4;
	w->part = 0;
	return fields & 0x04 && h[3] != 0 ? STEP_GTPU_EXT : gtpu_payload(w, t);
}

PARSE_INLINE enum step walk_udp(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 8);
	if (h == NULL)
		return walk_done(w);
	uint16_t src = get_be16(h), dst = get_be16(h + 2);
	uint32_t len = get_be16(h + 4);
	bool jumbo = len == 0 && w->v6 && w->ip_len > UINT16_MAX; // RFC 2675, section 4
	if (len < 8 && !jumbo)
		return walk_done(w);
	if (!jumbo)
		cursor_bound(&w->c, len);
	w->c.off += 8;
	if (task_tunnels(t) & TUNNEL_GTPU && (src == PORT_GTPU || dst == PORT_GTPU))
		return into_gtpu(w, t);
	if (task_tunnels(t) & TUNNEL_VXLAN && (src == PORT_VXLAN || dst == PORT_VXLAN))
		return into_vxlan(w, t);
	if (task_tunnels(t) & TUNNEL_GENEVE && (src == PORT_GENEVE || dst == PORT_GENEVE))
		return into_geneve(w, t);
	return walk_done(w);
}
