// The walk through one frame: the state that the parser's steps share, and the steps. Internal to the
// parser; each step reads one header and says which comes next.
#pragma once

#include "packet/flow_key.h"
#include "packet/packet.h"
#include "packet/parse.h"
#include "packet/parse_cursor.h"
#include "packet/verdict.h"

// IP protocols and extension headers that the parser knows (IANA).
enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_IPV4 = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_DSTOPTS = 60,
	PROTO_SCTP = 132,
	PROTO_MOBILITY = 135,
	PROTO_UDPLITE = 136,
	PROTO_MPLS = 137,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
	PROTO_ETHERNET = 143,
};

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_TRANS_ETHER = 0x6558,
	TYPE_VLAN = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_PPP = 0x880b,
	TYPE_WCCP = 0x883e,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_UPSTREAM = 0x8848,
	TYPE_PPPOE_SESSION = 0x8864,
	TYPE_QINQ = 0x88a8,
	TYPE_QINQ_OLD = 0x9100,
};

enum {
	PORT_GTPU = 2152,
	PORT_VXLAN = 4789,
	PORT_GENEVE = 6081,
};

enum step {
	STEP_ETHERNET,
	STEP_RAW,
	STEP_SLL,
	STEP_SLL2,
	STEP_NULL,
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
	STEP_COUNT,
	STEP_STOP = STEP_COUNT,
};

struct walk {
	struct cursor c;
	struct flow_key *key;
	uint32_t tunnels; // enum tunnel
	enum reason reason; // why the walk stopped; REASON_NONE: nothing more to look into
	uint8_t vlans; // tags in the present stack
	bool vlan_inner_next; // a tag right here is the one behind the outermost
	bool mpls_seen;

	// of the deepest complete IP header
	bool have_ip;
	bool v6;
	bool fragment; // one of several
	bool later; // not the first of them
	bool jumbo; // IPv6 payload length 0 ahead of hop-by-hop options
	uint8_t next; // protocol of the header at the cursor
	uint32_t id; // of the fragmented datagram
	uint32_t ip_off; // where the header is
	uint32_t ip_len;
	uint32_t l4_off; // what follows IP header and extension headers
	uint32_t l4_end;
};

static inline enum step walk_stop(struct walk *w, enum reason reason) {
	w->reason = reason;
	return STEP_STOP;
}

// Nothing that could be looked into follows.
static inline enum step walk_done(struct walk *w) {
	return walk_stop(w, REASON_NONE);
}

// A read failed: malformed for `reason` if the packet ends there, else cut by the capture.
static inline enum step walk_cut(struct walk *w, enum reason reason) {
	return walk_stop(w, w->c.cut ? reason : REASON_SNAPPED);
}

// The same for headers below IP: inside a tunnel no inner IP packet has been announced yet, so the
// tunnel's own IP header is the innermost.
static inline enum step walk_cut_link(struct walk *w, enum reason reason) {
	return w->have_ip ? walk_done(w) : walk_cut(w, reason);
}

// The step for an EtherType. In one place, for Ethernet, SNAP, cooked captures, GRE and Geneve.
enum step walk_ethertype(struct walk *w, uint16_t type);

// Whether an Ethernet header `at` octets ahead would make sense: a type that is in use, or a length
// that fits.
bool walk_looks_like_ethernet(struct walk *w, uint32_t at);

// The step for the protocol at `l4_off`, where the cursor stands.
enum step walk_ip_payload(struct walk *w, uint8_t proto);

enum step walk_ethernet(struct walk *w);
enum step walk_raw(struct walk *w);
enum step walk_sll(struct walk *w);
enum step walk_sll2(struct walk *w);
enum step walk_null(struct walk *w);
enum step walk_llc(struct walk *w);
enum step walk_vlan(struct walk *w);
enum step walk_mpls(struct walk *w);
enum step walk_pppoe(struct walk *w);
enum step walk_ppp(struct walk *w);
enum step walk_ipv4(struct walk *w);
enum step walk_ipv6(struct walk *w);
enum step walk_ipv6_ext(struct walk *w);
enum step walk_ah(struct walk *w);
enum step walk_udp(struct walk *w);
enum step walk_gre(struct walk *w);
