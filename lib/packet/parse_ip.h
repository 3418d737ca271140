// Steps of IP: IPv4 and IPv6 headers, extension headers, and what a protocol number leads to. Each
// complete IP header puts its addresses into the key and makes itself the innermost so far.
#pragma once

#include "packet/parse_walk.h"

#define IPV4_MIN 20
#define IPV6_LEN 40

// The packet `len` octets long at `ip_off` bounds everything inside it. One that claims more than
// what is around it is bounded by that.
PARSE_INLINE void bound_packet(struct walk *w, uint32_t len, bool more) {
	uint64_t end = (uint64_t)w->ip_off + len;
	w->ip_len = len;
	if (end <= w->c.end) {
		w->c.end = (uint32_t)end;
		w->c.open_end = more;
	} else {
		w->c.open_end |= more;
	}
	w->l4_end = w->c.end;
}

// What is behind the header starts here.
PARSE_INLINE void payload_here(struct walk *w, const struct parse_task *t, uint8_t proto) {
	task_key(t)->proto = proto;
	w->next = proto;
	w->l4_off = w->c.off < w->c.end ? w->c.off : w->c.end;
}

// A complete header was found: what the one around it had put into the key goes.
PARSE_INLINE void
become_innermost(struct walk *w, const struct parse_task *t, bool v6, uint8_t tos) {
	struct flow_key *k = task_key(t);
	k->flags = (uint8_t)((k->flags & ~(KEY_V4 | KEY_V6)) | (v6 ? KEY_V6 : KEY_V4));
	k->tos = tos;
	__builtin_memset(k->src4, 0, sizeof(k->src4) + sizeof(k->dst4));
	__builtin_memset(k->src6, 0, sizeof(k->src6) + sizeof(k->dst6));
	w->have_ip = true;
	w->v6 = v6;
	w->fragment = w->later = w->jumbo = false;
	w->vlans = 0;
	w->vlan_inner_next = false;
	w->id = 0;
	w->ip_off = w->c.off;
}

// The step for the protocol at `l4_off`, where the cursor stands.
PARSE_INLINE enum step walk_ip_payload(struct walk *w, const struct parse_task *t, uint8_t proto) {
	if (w->c.off == w->c.end)
		return walk_done(w);
	switch (proto) {
	case PROTO_UDP:
		if (task_tunnels(t) & (TUNNEL_VXLAN | TUNNEL_GENEVE | TUNNEL_GTPU))
			return STEP_UDP;
		break;
	case PROTO_GRE:
		if (task_tunnels(t) & TUNNEL_GRE)
			return STEP_GRE;
		break;
	case PROTO_IPV4:
		if (task_tunnels(t) & TUNNEL_IPIP)
			return STEP_IPV4;
		break;
	case PROTO_IPV6:
		if (task_tunnels(t) & TUNNEL_IPIP)
			return STEP_IPV6;
		break;
	case PROTO_MPLS: // RFC 4023
		if (task_tunnels(t) & TUNNEL_IPIP)
			return STEP_MPLS;
		break;
	case PROTO_ETHERNET: // RFC 8986
		if (task_tunnels(t) & TUNNEL_IPIP)
			return STEP_ETHERNET;
		break;
	case PROTO_AH:
		return STEP_AH;
	}
	return walk_done(w);
}

PARSE_INLINE enum step walk_ipv4(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, IPV4_MIN);
	if (h == NULL)
		return walk_cut(w, REASON_IPV4_TRUNCATED);
	if (h[0] >> 4 == 6)
		return STEP_IPV6;
	uint32_t header = (uint32_t)(h[0] & 0xf) * 4;
	uint32_t total = get_be16(h + 2);
	if (h[0] >> 4 != 4 || header < IPV4_MIN || (total != 0 && total < header))
		return walk_stop(w, REASON_IPV4_HEADER);
	// The fixed part tells all that the key needs: options that the capture did not keep do not
	// matter, options that were never there do.
	bool options = cursor_has(&w->c, header);
	if (!options && w->c.cut)
		return walk_stop(w, REASON_IPV4_TRUNCATED);

	uint16_t frag = get_be16(h + 6);
	uint8_t proto = h[9];
	struct flow_key *key = task_key(t);
	become_innermost(w, t, false, h[1]);
	__builtin_memcpy(key->src4, h + 12, sizeof(key->src4));
	__builtin_memcpy(key->dst4, h + 16, sizeof(key->dst4));
	w->fragment = frag & 0x3fff;
	w->later = frag & 0x1fff;
	w->id = get_be16(h + 4);
	bound_packet(w, total != 0 ? total : w->c.end - w->ip_off, frag & 0x2000);
	w->c.off = w->c.end - w->c.off < header ? w->c.end : w->c.off + header;
	payload_here(w, t, proto);
	if (!options)
		return walk_stop(w, REASON_SNAPPED);
	return w->later ? walk_done(w) : walk_ip_payload(w, t, proto);
}

PARSE_INLINE bool is_extension(uint8_t proto) {
	switch (proto) {
	case PROTO_HOPOPTS:
	case PROTO_ROUTING:
	case PROTO_FRAGMENT:
	case PROTO_DSTOPTS:
	case PROTO_AH:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return true;
	default:
		return false;
	}
}

PARSE_INLINE enum step ipv6_next(struct walk *w, const struct parse_task *t, uint8_t proto) {
	payload_here(w, t, proto);
	return is_extension(proto) ? STEP_IPV6_EXT : walk_ip_payload(w, t, proto);
}

PARSE_INLINE enum step walk_ipv6(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, IPV6_LEN);
	if (h == NULL)
		return walk_cut(w, REASON_IPV6_TRUNCATED);
	if (h[0] >> 4 != 6)
		return walk_stop(w, REASON_IPV6_HEADER);
	uint32_t payload = get_be16(h + 4);
	uint8_t next = h[6];
	struct flow_key *key = task_key(t);
	become_innermost(w, t, true, (uint8_t)(get_be16(h) >> 4));
	__builtin_memcpy(key->src6, h + 8, sizeof(key->src6));
	__builtin_memcpy(key->dst6, h + 24, sizeof(key->dst6));
	// RFC 2675: the length of a jumbogram is in its hop-by-hop options.
	w->jumbo = payload == 0 && next == PROTO_HOPOPTS;
	uint32_t held = w->c.end - w->ip_off;
	if (w->jumbo) {
		w->ip_len = IPV6_LEN; // until the option has been read
		w->l4_end = w->c.end;
	} else if (payload == 0 && held > IPV6_LEN + UINT16_MAX) {
		// As offloading hosts leave it.
		bound_packet(w, held, false);
	} else {
		bound_packet(w, IPV6_LEN + payload, false);
	}
	w->c.off += IPV6_LEN;
	return ipv6_next(w, t, next);
}

PARSE_INLINE enum step walk_ipv6_ext(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 2);
	if (h == NULL)
		return walk_cut(w, REASON_IPV6_EXT);
	uint8_t kind = w->next, next = h[0];
	uint32_t len = (h[1] + 1u) * 8;
	if (kind == PROTO_FRAGMENT)
		len = 8;
	else if (kind == PROTO_AH)
		len = (h[1] + 2u) * 4;

	if (!cursor_has(&w->c, len)) {
		if (w->c.cut)
			return walk_stop(w, REASON_IPV6_EXT);
		w->c.off = w->c.end - w->c.off < len ? w->c.end : w->c.off + len;
		payload_here(w, t, next);
		return walk_stop(w, REASON_SNAPPED);
	}
	if (w->jumbo) {
		w->part = 2;
		w->part_end = len;
		w->part_next = next;
		return kind == PROTO_HOPOPTS ? STEP_JUMBO : walk_stop(w, REASON_IPV6_EXT);
	}
	if (kind == PROTO_FRAGMENT) {
		h = walk_need(w, t, 8);
		if (h == NULL)
			return walk_stop(w, REASON_IPV6_EXT);
		uint16_t frag = get_be16(h + 2);
		w->fragment = frag & 0xfff9;
		w->later = frag & 0xfff8;
		w->id = get_be32(h + 4);
		w->c.open_end |= frag & 1;
	}
	w->c.off += len;
	if (kind == PROTO_FRAGMENT && w->later) {
		payload_here(w, t, next);
		return walk_done(w);
	}
	return ipv6_next(w, t, next);
}

// Looks at one hop-by-hop option of a jumbogram, `part` octets into the header at the cursor. Without a
// valid length there the packet ends right behind its header (RFC 8200).
PARSE_INLINE enum step walk_jumbo(struct walk *w, const struct parse_task *t) {
	if (w->part + 1 >= w->part_end)
		return walk_stop(w, REASON_IPV6_EXT);
	const uint8_t *h = cursor_need_at(t, &w->c, w->part, 2);
	if (h == NULL)
		return walk_stop(w, REASON_IPV6_EXT);
	uint8_t type = h[0], octets = h[1];
	if (type != 0xc2 || octets != 4 || w->part + 6 > w->part_end) {
		w->part += type == 0 ? 1 : 2u + octets; // 0: Pad1
		return STEP_JUMBO;
	}
	h = cursor_need_at(t, &w->c, w->part + 2, 4);
	uint32_t jumbo = h != NULL ? get_be32(h) : 0;
	if (jumbo <= UINT16_MAX || jumbo > UINT32_MAX - IPV6_LEN)
		return walk_stop(w, REASON_IPV6_EXT);
	w->jumbo = false;
	w->c.off += w->part_end;
	bound_packet(w, IPV6_LEN + jumbo, false);
	return ipv6_next(w, t, (uint8_t)w->part_next);
}

// Behind IPv4 the authentication header is the final protocol (contract: only IPv6 skips it), yet an
// IP packet inside it is the innermost.
PARSE_INLINE enum step walk_ah(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 2);
	if (h == NULL)
		return walk_done(w);
	uint8_t next = h[0];
	uint32_t len = (h[1] + 2u) * 4;
	if (!cursor_has(&w->c, len))
		return walk_done(w);
	w->c.off += len;
	return walk_ip_payload(w, t, next);
}
