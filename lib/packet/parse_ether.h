// Steps below IP: Ethernet with LLC and SNAP, VLAN tags, MPLS, PPPoE and PPP. Each finds out what follows
// from a type field, or by a look at the octets.
#pragma once

#include "packet/parse_walk.h"

#define ETHER_LEN 14
#define LENGTH_MAX 1500 // an EtherType up to here is an 802.3 length
#define TYPE_MIN 0x600

// The step for an EtherType. In one place, for Ethernet, SNAP, cooked captures, GRE and Geneve.
PARSE_INLINE enum step walk_ethertype(struct walk *w, uint16_t type) {
	switch (type) {
	case TYPE_IPV4:
		return STEP_IPV4;
	case TYPE_IPV6:
		return STEP_IPV6;
	case TYPE_VLAN:
	case TYPE_QINQ:
	case TYPE_QINQ_OLD:
		return STEP_VLAN;
	case TYPE_MPLS:
	case TYPE_MPLS_UPSTREAM:
		return STEP_MPLS;
	case TYPE_PPPOE_SESSION:
		return STEP_PPPOE;
	case TYPE_TRANS_ETHER:
		return STEP_ETHERNET;
	default:
		return walk_done(w);
	}
}

// What follows Ethernet addresses or a tag: a type, or a length and LLC.
PARSE_INLINE enum step type_or_length(struct walk *w, uint16_t type) {
	if (type > LENGTH_MAX)
		return walk_ethertype(w, type);
	cursor_bound(&w->c, type); // the rest is padding
	return STEP_LLC;
}

PARSE_INLINE enum step walk_ethernet(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, ETHER_LEN);
	if (h == NULL)
		return walk_cut_link(w, REASON_LINK_TRUNCATED);
	w->c.off += ETHER_LEN;
	w->vlans = 0;
	w->vlan_inner_next = false;
	return type_or_length(w, get_be16(h + 12));
}

PARSE_INLINE enum step walk_llc(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 3);
	if (h == NULL)
		return walk_cut_link(w, REASON_LINK_TRUNCATED);
	// Unnumbered information has one octet of control, numbered information has two; the other
	// kinds carry no packet. 0xffff is Novell's IPX without LLC.
	uint32_t len = 0;
	if (h[2] == 0x03)
		len = 3;
	else if ((h[2] & 0x01) == 0)
		len = 4;
	if (len == 0 || (h[0] == 0xff && h[1] == 0xff))
		return walk_done(w);
	if (h[0] == 0x06) {
		if (!cursor_has(&w->c, len))
			return walk_cut_link(w, REASON_LINK_TRUNCATED);
		w->c.off += len;
		return STEP_IPV4;
	}
	if (h[0] != 0xaa || h[1] != 0xaa)
		return walk_done(w);
	h = cursor_need_at(t, &w->c, len, 5);
	if (h == NULL)
		return walk_cut_link(w, REASON_LINK_TRUNCATED);
	w->c.off += len + 5;
	// RFC 1042, and Cisco's OUI for the same.
	uint32_t oui = get_be32(h) >> 8;
	if (oui != 0 && oui != 0x0000f8)
		return walk_done(w);
	return walk_ethertype(w, get_be16(h + 3));
}

PARSE_INLINE enum step walk_vlan(struct walk *w, const struct parse_task *t) {
	if (w->vlans == PARSE_MAX_VLANS)
		return walk_stop(w, REASON_VLAN_DEPTH);
	const uint8_t *h = walk_need(w, t, 4);
	if (h == NULL)
		return walk_cut_link(w, REASON_VLAN_TRUNCATED);
	w->c.off += 4;
	w->vlans++;
	uint16_t vid = get_be16(h) & 0xfff;
	struct flow_key *key = task_key(t);
	if (!(key->flags & KEY_VLAN)) {
		key->flags |= KEY_VLAN;
		key->vlan = vid;
		w->vlan_inner_next = true;
	} else if (w->vlan_inner_next) {
		key->flags |= KEY_VLAN_INNER;
		key->mpls_vlan_inner |= vid;
		w->vlan_inner_next = false;
	}
	return type_or_length(w, get_be16(h + 2));
}

// Whether an Ethernet header `at` octets ahead would make sense: a type that is in use, or a length
// that fits.
PARSE_INLINE bool
walk_looks_like_ethernet(struct walk *w, const struct parse_task *t, uint32_t at) {
	const uint8_t *h = cursor_need_at(t, &w->c, at + 12, 2);
	if (h == NULL)
		return false;
	uint16_t type = get_be16(h);
	switch (type) {
	case TYPE_IPV4:
	case TYPE_IPV6:
	case TYPE_VLAN:
	case TYPE_QINQ:
	case TYPE_QINQ_OLD:
	case TYPE_MPLS:
	case TYPE_MPLS_UPSTREAM:
	case TYPE_PPPOE_SESSION:
	case 0x0806: // ARP
	case 0x8035: // RARP
	case 0x8809: // slow protocols
	case 0x8863: // PPPoE discovery
	case 0x888e: // 802.1X
	case 0x88cc: // LLDP
	case 0x8902: // CFM
		return true;
	default:
		return type >= 3 && type <= LENGTH_MAX
			&& type <= w->c.end - w->c.off - at - ETHER_LEN;
	}
}

// Whether an IP header here would make sense: one that fits into what is there.
PARSE_INLINE bool looks_like_ip(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 20);
	if (h == NULL)
		return true;
	uint32_t left = w->c.end - w->c.off;
	if (h[0] >> 4 == 6)
		return get_be16(h + 4) + 40u <= left;
	uint32_t total = get_be16(h + 2);
	return (h[0] & 0xf) >= 5 && (total == 0 || (total >= 20 && total <= left));
}

PARSE_INLINE enum step walk_mpls(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 4);
	if (h == NULL)
		return walk_cut_link(w, REASON_MPLS_TRUNCATED);
	uint32_t entry = get_be32(h);
	w->c.off += 4;
	if (!w->mpls_seen) {
		w->mpls_seen = true;
		struct flow_key *key = task_key(t);
		key->flags |= KEY_MPLS;
		key->mpls_vlan_inner |= entry & 0xfffff000;
	}
	if (!(entry & 0x100))
		return STEP_MPLS;
	uint32_t label = entry >> 12;
	if (label == 13 || label == 14) // RFC 5586, RFC 3429: what follows is for operators
		return walk_done(w);
	// MPLS does not say what it carries: the first nibble has to (BCP 128). 1 is an associated
	// channel; 0 a pseudowire's control word (RFC 4385), or the beginning of a MAC address. MAC
	// addresses may begin with 4 and 6 too.
	h = walk_need(w, t, 1);
	if (h == NULL)
		return walk_cut_link(w, REASON_MPLS_TRUNCATED);
	uint8_t nibble = h[0] >> 4;
	switch (nibble) {
	case 4:
	case 6:
		if (!looks_like_ip(w, t) && walk_looks_like_ethernet(w, t, 0))
			return STEP_ETHERNET;
		return nibble == 4 ? STEP_IPV4 : STEP_IPV6;
	case 0:
		if (!cursor_has(&w->c, 4 + ETHER_LEN) && !w->c.cut)
			return walk_cut_link(w, REASON_MPLS_TRUNCATED); // no telling which
		// Behind a control word nothing says what the wire carries: it is not looked into.
		if (!walk_looks_like_ethernet(w, t, 0) && walk_looks_like_ethernet(w, t, 4))
			return walk_done(w);
		return STEP_ETHERNET;
	default:
		return walk_done(w);
	}
}

PARSE_INLINE enum step walk_pppoe(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 6);
	if (h == NULL)
		return walk_cut_link(w, REASON_PPPOE_HEADER);
	if (h[0] != 0x11 || h[1] != 0) // RFC 2516: version 1, type 1, code 0
		return w->have_ip ? walk_done(w) : walk_stop(w, REASON_PPPOE_HEADER);
	w->c.off += 6;
	cursor_bound(&w->c, get_be16(h + 4));
	return STEP_PPP;
}

PARSE_INLINE enum step walk_ppp(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 1);
	if (h == NULL)
		return walk_cut_link(w, REASON_PPPOE_HEADER);
	if (h[0] == 0xff) { // RFC 1662: address and control, unless compressed away
		h = walk_need(w, t, 3);
		if (h == NULL)
			return walk_cut_link(w, REASON_PPPOE_HEADER);
		if (h[1] != 0x03)
			return walk_done(w);
		w->c.off += 2;
		h += 2;
	}
	uint16_t proto = h[0];
	if (proto & 1) { // RFC 1661, section 6.5: compressed to one octet
		w->c.off += 1;
	} else {
		h = walk_need(w, t, 2);
		if (h == NULL)
			return walk_cut_link(w, REASON_PPPOE_HEADER);
		proto = get_be16(h);
		w->c.off += 2;
	}
	switch (proto) {
	case 0x0021:
		return STEP_IPV4;
	case 0x0057:
		return STEP_IPV6;
	case 0x0281:
	case 0x0283:
		return STEP_MPLS;
	default:
		return walk_done(w);
	}
}
