// The walk itself: from step to step to its end, then ports, and what to make of it. Internal to the
// parser; user space and XDP programs share it.
#pragma once

#include "packet/parse_ether.h"
#include "packet/parse_ip.h"
#include "packet/parse_tunnel.h"
#include "packet/parse_walk.h"

PARSE_INLINE enum step walk_step(struct walk *w, const struct parse_task *t, enum step step) {
	switch (step) {
	case STEP_ETHERNET:
		return walk_ethernet(w, t);
	case STEP_LLC:
		return walk_llc(w, t);
	case STEP_VLAN:
		return walk_vlan(w, t);
	case STEP_MPLS:
		return walk_mpls(w, t);
	case STEP_PPPOE:
		return walk_pppoe(w, t);
	case STEP_PPP:
		return walk_ppp(w, t);
	case STEP_IPV4:
		return walk_ipv4(w, t);
	case STEP_IPV6:
		return walk_ipv6(w, t);
	case STEP_IPV6_EXT:
		return walk_ipv6_ext(w, t);
	case STEP_AH:
		return walk_ah(w, t);
	case STEP_UDP:
		return walk_udp(w, t);
	case STEP_GRE:
		return walk_gre(w, t);
	case STEP_JUMBO:
		return walk_jumbo(w, t);
	case STEP_GRE_ROUTE:
		return walk_gre_route(w, t);
	case STEP_GTPU_EXT:
		return walk_gtpu_ext(w, t);
	case STEP_STOP:
		break;
	}
	return STEP_STOP;
}

// One step. Returns whether there is another: there are at most PARSE_MAX_HEADERS headers, and as many
// parts of them as the frame has octets.
PARSE_INLINE bool walk_on(struct walk *w, const struct parse_task *t) {
	enum step step = w->step;
	if (step < STEP_JUMBO && w->headers++ == PARSE_MAX_HEADERS) {
		w->reason = REASON_HEADER_DEPTH;
		return false;
	}
	w->step = walk_step(w, t, step);
	return w->step != STEP_STOP;
}

PARSE_INLINE bool has_ports(uint8_t proto) {
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_UDPLITE
		|| proto == PROTO_SCTP || proto == PROTO_DCCP;
}

// Whether there is an L4 header to be read: not of what is malformed, not of a later fragment.
PARSE_INLINE bool walk_has_l4(const struct walk *w) {
	return w->have_ip && !w->later && reason_verdict(w->reason) != VERDICT_MALFORMED;
}

// Ports, TCP flags, ICMP type and code, as far as they are there. Leaves the cursor at the L4 header.
PARSE_INLINE void walk_l4(struct walk *w, const struct parse_task *t) {
	struct flow_key *key = task_key(t);
	w->c.off = w->l4_off;
	w->c.end = w->l4_end;
	uint8_t proto = key->proto;
	const uint8_t *h;
	if (has_ports(proto)) {
		h = walk_need(w, t, 4);
		if (h != NULL) {
			key->src_port = get_be16(h);
			key->dst_port = get_be16(h + 2);
		}
		if (proto == PROTO_TCP && (h = cursor_need_at(t, &w->c, 13, 1)) != NULL) {
			w->tcp_flags = h[0];
			w->tcp = true;
		}
	} else if (proto == (w->v6 ? PROTO_ICMPV6 : PROTO_ICMP)) {
		h = walk_need(w, t, 2);
		if (h != NULL) {
			key->icmp_type = h[0];
			key->icmp_code = h[1];
			key->flags |= KEY_ICMP;
		}
	}
}

// Why the frame is not counted; REASON_NONE: it is. The key of one that is not is cleared.
PARSE_INLINE enum reason walk_conclude(const struct walk *w, const struct parse_task *t) {
	enum reason reason = w->reason;
	if (reason_verdict(reason) != VERDICT_MALFORMED) {
		if (w->have_ip)
			return REASON_NONE;
		if (reason == REASON_NONE)
			reason = REASON_NOT_IP;
	}
	struct flow_key *key = task_key(t);
	uint8_t in_port = key->in_port;
	__builtin_memset(key, 0, sizeof(*key));
	key->in_port = in_port;
	return reason;
}
