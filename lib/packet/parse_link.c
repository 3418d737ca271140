// Steps below IP: Ethernet with LLC and SNAP, VLAN tags, MPLS, PPPoE and PPP, and the other link
// types of capture files. Each finds out what follows from a type field, or by a look at the octets.

#include "parse_walk.h"

#define ETHER_LEN 14
#define LENGTH_MAX 1500 // an EtherType up to here is an 802.3 length
#define TYPE_MIN 0x600

enum step walk_ethertype(struct walk *w, uint16_t type) {
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
static enum step type_or_length(struct walk *w, uint16_t type) {
	if (type > LENGTH_MAX)
		return walk_ethertype(w, type);
	cursor_bound(&w->c, type); // the rest is padding
	return STEP_LLC;
}

enum step walk_ethernet(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, ETHER_LEN);
	if (h == NULL)
		return walk_cut_link(w, REASON_LINK_TRUNCATED);
	w->c.off += ETHER_LEN;
	w->vlans = 0;
	w->vlan_inner_next = false;
	return type_or_length(w, get_be16(h + 12));
}

enum step walk_llc(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 3);
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
		if (cursor_peek(&w->c, len) == NULL)
			return walk_cut_link(w, REASON_LINK_TRUNCATED);
		w->c.off += len;
		return STEP_IPV4;
	}
	if (h[0] != 0xaa || h[1] != 0xaa)
		return walk_done(w);
	h = cursor_peek(&w->c, len + 5);
	if (h == NULL)
		return walk_cut_link(w, REASON_LINK_TRUNCATED);
	w->c.off += len + 5;
	// RFC 1042, and Cisco's OUI for the same.
	uint32_t oui = get_be32(h + len) >> 8;
	if (oui != 0 && oui != 0x0000f8)
		return walk_done(w);
	return walk_ethertype(w, get_be16(h + len + 3));
}

enum step walk_vlan(struct walk *w) {
	if (w->vlans == PARSE_MAX_VLANS)
		return walk_stop(w, REASON_VLAN_DEPTH);
	const uint8_t *h = cursor_peek(&w->c, 4);
	if (h == NULL)
		return walk_cut_link(w, REASON_VLAN_TRUNCATED);
	w->c.off += 4;
	w->vlans++;
	uint16_t vid = get_be16(h) & 0xfff;
	if (!(w->key->flags & KEY_VLAN)) {
		w->key->flags |= KEY_VLAN;
		w->key->vlan = vid;
		w->vlan_inner_next = true;
	} else if (w->vlan_inner_next) {
		w->key->flags |= KEY_VLAN_INNER;
		w->key->mpls_vlan_inner |= vid;
		w->vlan_inner_next = false;
	}
	return type_or_length(w, get_be16(h + 2));
}

bool walk_looks_like_ethernet(struct walk *w, uint32_t at) {
	const uint8_t *h = cursor_peek(&w->c, at + ETHER_LEN);
	if (h == NULL)
		return false;
	uint16_t type = get_be16(h + at + 12);
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
static bool looks_like_ip(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 20);
	if (h == NULL)
		return true;
	uint32_t left = w->c.end - w->c.off;
	if (h[0] >> 4 == 6)
		return get_be16(h + 4) + 40u <= left;
	uint32_t total = get_be16(h + 2);
	return (h[0] & 0xf) >= 5 && (total == 0 || (total >= 20 && total <= left));
}

enum step walk_mpls(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 4);
	if (h == NULL)
		return walk_cut_link(w, REASON_MPLS_TRUNCATED);
	uint32_t entry = get_be32(h);
	w->c.off += 4;
	if (!w->mpls_seen) {
		w->mpls_seen = true;
		w->key->flags |= KEY_MPLS;
		w->key->mpls_vlan_inner |= entry & 0xfffff000;
	}
	if (!(entry & 0x100))
		return STEP_MPLS;
	uint32_t label = entry >> 12;
	if (label == 13 || label == 14) // RFC 5586, RFC 3429: what follows is for operators
		return walk_done(w);
	// MPLS does not say what it carries: the first nibble has to (BCP 128). 1 is an associated
	// channel; 0 a pseudowire's control word (RFC 4385), or the beginning of a MAC address. MAC
	// addresses may begin with 4 and 6 too.
	h = cursor_peek(&w->c, 1);
	if (h == NULL)
		return walk_cut_link(w, REASON_MPLS_TRUNCATED);
	switch (h[0] >> 4) {
	case 4:
		return looks_like_ip(w) || !walk_looks_like_ethernet(w, 0) ? STEP_IPV4
									   : STEP_ETHERNET;
	case 6:
		return looks_like_ip(w) || !walk_looks_like_ethernet(w, 0) ? STEP_IPV6
									   : STEP_ETHERNET;
	case 0:
		if (cursor_peek(&w->c, 4 + ETHER_LEN) == NULL && !w->c.cut)
			return walk_cut_link(w, REASON_MPLS_TRUNCATED); // no telling which
		// Behind a control word nothing says what the wire carries: it is not looked into.
		if (!walk_looks_like_ethernet(w, 0) && walk_looks_like_ethernet(w, 4))
			return walk_done(w);
		return STEP_ETHERNET;
	default:
		return walk_done(w);
	}
}

enum step walk_pppoe(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 6);
	if (h == NULL)
		return walk_cut_link(w, REASON_PPPOE_HEADER);
	if (h[0] != 0x11 || h[1] != 0) // RFC 2516: version 1, type 1, code 0
		return w->have_ip ? walk_done(w) : walk_stop(w, REASON_PPPOE_HEADER);
	w->c.off += 6;
	cursor_bound(&w->c, get_be16(h + 4));
	return STEP_PPP;
}

enum step walk_ppp(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 1);
	if (h == NULL)
		return walk_cut_link(w, REASON_PPPOE_HEADER);
	if (h[0] == 0xff) { // RFC 1662: address and control, unless compressed away
		h = cursor_peek(&w->c, 3);
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
		h = cursor_peek(&w->c, 2);
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

enum step walk_raw(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 1);
	if (h == NULL)
		return walk_cut_link(w, REASON_LINK_TRUNCATED);
	switch (h[0] >> 4) {
	case 4:
		return STEP_IPV4;
	case 6:
		return STEP_IPV6;
	}
	// Some drivers leave PPP's header there, or something ahead of it.
	static const uint8_t ahead[] = {0, 1, 6};
	for (uint32_t i = 0; i < sizeof(ahead); i++) {
		h = cursor_peek(&w->c, ahead[i] + 2u);
		if (h != NULL && h[ahead[i]] == 0xff && h[ahead[i] + 1] == 0x03) {
			w->c.off += ahead[i];
			return STEP_PPP;
		}
	}
	return walk_done(w);
}

// A cooked header's protocol: an EtherType, or one of Linux's own numbers below them.
static enum step cooked(struct walk *w, uint16_t hatype, uint16_t proto) {
	if (hatype == 824) // netlink: the field is a netlink family
		return walk_done(w);
	if (proto >= TYPE_MIN)
		return walk_ethertype(w, proto);
	switch (proto) {
	case 3: // ETH_P_ALL: a whole Ethernet frame
		return STEP_ETHERNET;
	case 4: // ETH_P_802_2
		return STEP_LLC;
	case 7: // ETH_P_WAN_PPP
		return STEP_PPP;
	default:
		return walk_done(w);
	}
}

enum step walk_sll(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 16);
	if (h == NULL)
		return walk_cut(w, REASON_LINK_TRUNCATED);
	w->c.off += 16;
	return cooked(w, get_be16(h + 2), get_be16(h + 14));
}

enum step walk_sll2(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 20);
	if (h == NULL)
		return walk_cut(w, REASON_LINK_TRUNCATED);
	w->c.off += 20;
	return cooked(w, get_be16(h + 8), get_be16(h));
}

enum step walk_null(struct walk *w) {
	const uint8_t *h = cursor_peek(&w->c, 4);
	if (h == NULL)
		return walk_cut(w, REASON_LINK_TRUNCATED);
	if (h[0] == 0xff && h[1] == 0x03)
		return STEP_PPP;
	w->c.off += 4;
	// Families are small, so one half of the word is zero, in whichever byte order; some systems
	// used only 16 bits of it. Old Linux put an EtherType there.
	uint16_t family = get_be16(h + 2);
	if (family == 0)
		family = (uint16_t)(h[1] << 8 | h[0]);
	if (family >= TYPE_MIN)
		return walk_ethertype(w, family);
	if ((family & 0xff) == 0)
		family >>= 8;
	switch (family) {
	case 2:
		return STEP_IPV4;
	case 24: // NetBSD, OpenBSD, Windows
	case 28: // FreeBSD
	case 30: // Darwin
		return STEP_IPV6;
	default:
		return walk_done(w);
	}
}
