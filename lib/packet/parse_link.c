// The link types of capture files beside Ethernet: the first header of a frame, once a frame. What
// follows is the walk's.

#include "parse_link.h"

#include "packet/parse_ether.h"
#include "packet/parse_task.h"

static enum step walk_raw(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 1);
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
		h = walk_need(w, t, ahead[i] + 2u);
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

static enum step walk_sll(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 16);
	if (h == NULL)
		return walk_cut(w, REASON_LINK_TRUNCATED);
	w->c.off += 16;
	return cooked(w, get_be16(h + 2), get_be16(h + 14));
}

static enum step walk_sll2(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 20);
	if (h == NULL)
		return walk_cut(w, REASON_LINK_TRUNCATED);
	w->c.off += 20;
	return cooked(w, get_be16(h + 8), get_be16(h));
}

static enum step walk_null(struct walk *w, const struct parse_task *t) {
	const uint8_t *h = walk_need(w, t, 4);
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

enum step walk_link(struct walk *w, const struct parse_task *t, enum link link) {
	switch (link) {
	case LINK_ETHERNET:
		return walk_ethernet(w, t);
	case LINK_RAW:
		return walk_raw(w, t);
	case LINK_SLL:
		return walk_sll(w, t);
	case LINK_SLL2:
		return walk_sll2(w, t);
	case LINK_NULL:
		return walk_null(w, t);
	case LINK_COUNT:
		break;
	}
	return walk_done(w);
}
