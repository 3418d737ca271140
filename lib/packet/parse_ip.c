// Steps of IP: IPv4 and IPv6 headers, extension headers, and what a protocol number leads to. Each
// complete IP header puts its addresses into the key and makes itself the innermost so far.

#include "parse_walk.h"

#define IPV4_MIN 20
#define IPV6_LEN 40

// The packet `len` octets long at `ip_off` bounds everything inside it. One that claims more than
// what is around it is bounded by that.
static void bound_packet(struct walk *w, uint32_t len, bool more) {
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
static void payload_here(struct walk *w, uint8_t proto) {
	w->key->proto = proto;
	w->next = proto;
	w->l4_off = w->c.off < w->c.end ? w->c.off : w->c.end;
}

// A complete header was found: what the one around it had put into the key goes.
static void become_innermost(struct walk *w, bool v6, uint8_t tos) {
	struct flow_key *k = w->key;
	k->flags = (uint8_t)((k->flags & ~(KEY_V4 | KEY_V6)) | (v6 ? KEY_V6 : KEY_V4));
	k->tos = tos;
	memset(k->src4, 0, sizeof(k->src4) + sizeof(k->dst4));
	memset(k->src6, 0, sizeof(k->src6) + sizeof(k->dst6));
	w->have_ip = true;
	w->v6 = v6;
	w->fragment = w->later = w->jumbo = false;
	w->vlans = 0;
	w->vlan_inner_next = false;
	w->id = 0;
	w->ip_off = w->c.off;
}

enum step walk_ip_payload(struct walk *w, uint8_t proto) {
	if (w->c.off == w->c.end)
		return walk_done(w);
	switch (proto) {
	case PROTO_UDP:
		if (w->tunnels & (TUNNEL_VXLAN | TUNNEL_GENEVE | TUNNEL_GTPU))
			return STEP_UDP;
		break;
	case PROTO_GRE:
		if (w->tunnels & TUNNEL_GRE)
			return STEP_GRE;
		break;
	case PROTO_IPV4:
		if (w->tunnels & TUNNEL_IPIP)
			return STEP_IPV4;
		break;
	case PROTO_IPV6:
		if (w->tunnels & TUNNEL_IPIP)
			return STEP_IPV6;
		break;
	case PROTO_MPLS: // RFC 4023
		if (w->tunnels & TUNNEL_IPIP)
			return STEP_MPLS;
		break;
	case PROTO_ETHERNET: // RFC 8986
		if (w->tunnels & TUNNEL_IPIP)
			return STEP_ETHERNET;
		break;
	case PROTO_AH:
		return STEP_AH;
	}
	return walk_done(w);
}

enum step walk_ipv4(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, IPV4_MIN);
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
	const uint8_t *options = cursor_peek(&w->c, header);
	if (options == NULL && w->c.cut)
		return walk_stop(w, REASON_IPV4_TRUNCATED);

	uint16_t frag = get_be16(h + 6);
	become_innermost(w, false, h[1]);
	memcpy(w->key->src4, h + 12, sizeof(w->key->src4));
	memcpy(w->key->dst4, h + 16, sizeof(w->key->dst4));
	w->fragment = frag & 0x3fff;
	w->later = frag & 0x1fff;
	w->id = get_be16(h + 4);
	bound_packet(w, total != 0 ? total : w->c.end - w->ip_off, frag & 0x2000);
	w->c.off = w->c.end - w->c.off < header ? w->c.end : w->c.off + header;
	payload_here(w, h[9]);
	if (options == NULL)
		return walk_stop(w, REASON_SNAPPED);
	return w->later ? walk_done(w) : walk_ip_payload(w, h[9]);
}

static bool is_extension(uint8_t proto) {
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

static enum step ipv6_next(struct walk *w, uint8_t proto) {
	payload_here(w, proto);
	return is_extension(proto) ? STEP_IPV6_EXT : walk_ip_payload(w, proto);
}

enum step walk_ipv6(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, IPV6_LEN);
	if (h == NULL)
		return walk_cut(w, REASON_IPV6_TRUNCATED);
	if (h[0] >> 4 != 6)
		return walk_stop(w, REASON_IPV6_HEADER);
	uint32_t payload = get_be16(h + 4);
	become_innermost(w, true, (uint8_t)(get_be16(h) >> 4));
	memcpy(w->key->src6, h + 8, sizeof(w->key->src6));
	memcpy(w->key->dst6, h + 24, sizeof(w->key->dst6));
	// RFC 2675: the length of a jumbogram is in its hop-by-hop options.
	w->jumbo = payload == 0 && h[6] == PROTO_HOPOPTS;
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
	return ipv6_next(w, h[6]);
}

// The jumbo payload option's length; 0 if there is none that is valid.
static uint32_t jumbo_length(const uint8_t *h, uint32_t len) {
	uint32_t at = 2;
	while (at + 1 < len) {
		if (h[at] == 0) { // Pad1
			at++;
			continue;
		}
		if (h[at] == 0xc2 && h[at + 1] == 4 && at + 6 <= len) {
			uint32_t jumbo = get_be32(h + at + 2);
			return jumbo > UINT16_MAX && jumbo <= UINT32_MAX - IPV6_LEN ? jumbo : 0;
		}
		at += 2u + h[at + 1];
	}
	return 0;
}

enum step walk_ipv6_ext(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 2);
	if (h == NULL)
		return walk_cut(w, REASON_IPV6_EXT);
	uint8_t kind = w->next, next = h[0];
	uint32_t len = (h[1] + 1u) * 8;
	if (kind == PROTO_FRAGMENT)
		len = 8;
	else if (kind == PROTO_AH)
		len = (h[1] + 2u) * 4;

	h = cursor_peek(&w->c, len);
	if (h == NULL) {
		if (w->c.cut)
			return walk_stop(w, REASON_IPV6_EXT);
		w->c.off = w->c.end - w->c.off < len ? w->c.end : w->c.off + len;
		payload_here(w, next);
		return walk_stop(w, REASON_SNAPPED);
	}
	w->c.off += len;
	if (w->jumbo) {
		uint32_t jumbo = kind == PROTO_HOPOPTS ? jumbo_length(h, len) : 0;
		if (jumbo == 0) // RFC 8200: then the packet ends right behind its header
			return walk_stop(w, REASON_IPV6_EXT);
		w->jumbo = false;
		bound_packet(w, IPV6_LEN + jumbo, false);
	}
	if (kind == PROTO_FRAGMENT) {
		uint16_t frag = get_be16(h + 2);
		w->fragment = frag & 0xfff9;
		w->later = frag & 0xfff8;
		w->id = get_be32(h + 4);
		w->c.open_end |= frag & 1;
		if (w->later) {
			payload_here(w, next);
			return walk_done(w);
		}
	}
	return ipv6_next(w, next);
}

// Behind IPv4 the authentication header is the final protocol (contract: only IPv6 skips it), yet an
// IP packet inside it is the innermost.
enum step walk_ah(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 2);
	if (h == NULL)
		return walk_done(w);
	uint8_t next = h[0];
	uint32_t len = (h[1] + 2u) * 4;
	if (cursor_peek(&w->c, len) == NULL)
		return walk_done(w);
	w->c.off += len;
	return walk_ip_payload(w, next);
}
