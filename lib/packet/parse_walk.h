// The walk through one frame: the state that the parser's steps share, and how they end. Each step reads
// one header, or one part of a header that has many, and says which comes next. Internal to the
// parser; user space and XDP programs share it.
#pragma once

#include "packet/flow_key.h"
#include "packet/parse_cursor.h"
#include "packet/parse_limits.h"
#include "packet/parse_protocols.h"
#include "packet/tunnel.h"
#include "packet/verdict.h"

enum step {
	STEP_STOP,
	// headers, counted
	STEP_ETHERNET,
	STEP_LLC,
	STEP_VLAN,
	STEP_MPLS,
	STEP_PPPOE,
	STEP_PPP,
	STEP_IPV4,
	STEP_IPV6,
	STEP_IPV6_EXT,
	STEP_AH,
	STEP_UDP,
	STEP_GRE,
	// parts of one, not counted; each is at least an octet
	STEP_JUMBO,
	STEP_GRE_ROUTE,
	STEP_GTPU_EXT,
};

struct walk {
	struct cursor c;
	enum step step; // the next
	enum reason reason; // why the walk stopped; REASON_NONE: nothing more to look into
	uint32_t headers; // followed so far
	uint8_t vlans; // tags in the present stack
	bool vlan_inner_next; // a tag right here is the one behind the outermost
	bool mpls_seen;
	uint8_t tcp_flags; // CWR..FIN

	// of a header with parts
	uint32_t part; // octets into it, or which part is next
	uint32_t part_end; // octets it has
	uint16_t part_next; // type of what follows

	// of the deepest complete IP header
	bool have_ip;
	bool v6;
	bool fragment; // one of several
	bool later; // not the first of them
	bool jumbo; // IPv6 payload length 0 ahead of hop-by-hop options
	bool tcp; // `tcp_flags` was read
	uint8_t next; // protocol of the header at the cursor
	uint32_t id; // of the fragmented datagram
	uint32_t ip_off; // where the header is
	uint32_t ip_len;
	uint32_t l4_off; // what follows IP header and extension headers
	uint32_t l4_end;
};

// The `n` octets at the cursor or NULL, see parse_cursor.h.
PARSE_INLINE const uint8_t *walk_need(struct walk *w, const struct parse_task *t, uint32_t n) {
	return cursor_need(t, &w->c, n);
}

PARSE_INLINE enum step walk_stop(struct walk *w, enum reason reason) {
	w->reason = reason;
	return STEP_STOP;
}

// Nothing that could be looked into follows.
PARSE_INLINE enum step walk_done(struct walk *w) {
	return walk_stop(w, REASON_NONE);
}

// A read failed: malformed for `reason` if the packet ends there, else cut by the capture.
PARSE_INLINE enum step walk_cut(struct walk *w, enum reason reason) {
	return walk_stop(w, w->c.cut ? reason : REASON_SNAPPED);
}

// The same for headers below IP: inside a tunnel no inner IP packet has been announced yet, so the
// tunnel's own IP header is the innermost.
PARSE_INLINE enum step walk_cut_link(struct walk *w, enum reason reason) {
	return w->have_ip ? walk_done(w) : walk_cut(w, reason);
}
