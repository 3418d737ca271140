// Help for tests of the parser: a frame through the parser in one call, and a table of frames that
// between them have every header the parser knows.
#pragma once

#include "frame.h"
#include "packet/fragment.h"
#include "packet/link.h"
#include "packet/parse.h"
#include "packet/verdict.h"

#include <arpa/inet.h>
#include <string.h>

struct parsed {
	struct packet pkt;
	struct flow_key key;
};

// Parses `pkt` alone, looking into `tunnels`.
static inline struct parsed parse_in(const struct packet *pkt, uint32_t tunnels) {
	struct parser p = {.tunnels = tunnels};
	struct parsed r = {.pkt = *pkt};
	memset(&r.key, 0xa5, sizeof(r.key)); // whatever was there must not show
	parse_packet(&p, &r.pkt, &r.key);
	return r;
}

// Parses a whole frame of link type `link`.
static inline struct parsed parse_frame_link(const struct frame *f, enum link link) {
	struct packet pkt;
	frame_packet(f, &pkt, 0);
	pkt.link = link;
	return parse_in(&pkt, TUNNEL_ALL);
}

static inline struct parsed parse_frame(const struct frame *f) {
	return parse_frame_link(f, LINK_ETHERNET);
}

static inline struct parsed parse_frame_tunnels(const struct frame *f, uint32_t tunnels) {
	struct packet pkt;
	frame_packet(f, &pkt, 0);
	return parse_in(&pkt, tunnels);
}

// Parses the first `len` octets of a frame: captured so (wire_len stays), or all there was of it.
static inline struct parsed parse_cut(const struct frame *f, uint32_t len, int snapped) {
	struct packet pkt;
	frame_packet(f, &pkt, 0);
	pkt.head_len = pkt.cap_len = len;
	if (!snapped)
		pkt.wire_len = len;
	return parse_in(&pkt, TUNNEL_ALL);
}

static inline int is_counted(const struct parsed *r, const char *src, const char *dst) {
	uint8_t a[16] = {0}, b[16] = {0};
	if (r->pkt.verdict != VERDICT_COUNTED || r->pkt.reason != REASON_NONE)
		return 0;
	int af = r->key.flags & KEY_V6 ? AF_INET6 : AF_INET;
	if (inet_pton(af, src, a) != 1 || inet_pton(af, dst, b) != 1)
		return 0;
	if (af == AF_INET6)
		return !memcmp(r->key.src6, a, 16) && !memcmp(r->key.dst6, b, 16);
	return !memcmp(r->key.src4, a, 4) && !memcmp(r->key.dst4, b, 4);
}

static inline int is_malformed(const struct parsed *r, enum reason reason) {
	return r->pkt.verdict == VERDICT_MALFORMED && r->pkt.reason == reason;
}

static inline int is_non_ip(const struct parsed *r, enum reason reason) {
	return r->pkt.verdict == VERDICT_NON_IP && r->pkt.reason == reason;
}

// Octets as they are, behind what is there.
#define frame_octets(f, ...)                                     \
	frame_payload(                                           \
		f, (const uint8_t[]){__VA_ARGS__},               \
		(uint32_t)sizeof((const uint8_t[]){__VA_ARGS__}) \
	)

// An inner packet with addresses that no outer one has: 192.168.0.1:1111 > 192.168.0.2:2222 UDP.
static inline void frame_inner(struct frame *f) {
	frame_ipv4(f, "192.168.0.1", "192.168.0.2", 17);
	frame_udp(f, 1111, 2222);
	frame_payload(f, "inner", 5);
}

static inline void frame_outer_udp(struct frame *f, uint16_t port) {
	frame_ethernet(f, 0);
	frame_ipv4(f, "10.0.0.1", "10.0.0.2", 17);
	frame_udp(f, 40000, port);
}

static inline void frame_outer(struct frame *f, uint8_t proto) {
	frame_ethernet(f, 0);
	frame_ipv4(f, "10.0.0.1", "10.0.0.2", proto);
}

// The n-th sample; NULL behind the last one, else its name. All are well formed and hold IP.
static inline const char *frame_sample(struct frame *f, unsigned n) {
	const char *name = NULL;
	frame_start(f);
	switch (n) {
	case 0:
		name = "ipv4 udp";
		frame_outer_udp(f, 53);
		frame_payload(f, "question", 8);
		break;
	case 1:
		name = "ipv4 tcp";
		frame_outer(f, 6);
		frame_tcp(f, 1, 2, 0x18);
		frame_payload(f, "hello", 5);
		break;
	case 2:
		name = "ipv6 tcp";
		frame_ethernet(f, 0);
		frame_ipv6(f, "fd00::1", "fd00::2", 6);
		frame_tcp(f, 1, 2, 0x02);
		break;
	case 3:
		name = "ipv6 with extension headers";
		frame_ethernet(f, 0);
		frame_ipv6(f, "fd00::1", "fd00::2", 0);
		frame_ipv6_ext(f, 43, 8);
		frame_ipv6_ext(f, 60, 24);
		frame_ipv6_ext(f, 17, 8);
		frame_udp(f, 7, 8);
		frame_payload(f, "x", 1);
		break;
	case 4:
		name = "vlan ipv4 udp";
		frame_ethernet(f, 0);
		frame_vlan(f, 0x8100, 5);
		frame_inner(f);
		break;
	case 5:
		name = "four vlans";
		frame_ethernet(f, 0);
		frame_vlan(f, 0x88a8, 5);
		frame_vlan(f, 0x9100, 6);
		frame_vlan(f, 0x8100, 7);
		frame_vlan(f, 0x8100, 8);
		frame_inner(f);
		break;
	case 6:
		name = "mpls";
		frame_ethernet(f, 0);
		frame_mpls(f, 100, 0);
		frame_mpls(f, 101, 1);
		frame_inner(f);
		break;
	case 7:
		name = "mpls pseudowire";
		frame_ethernet(f, 0);
		frame_mpls(f, 100, 1);
		frame_ethernet(f, 0x0800);
		frame_inner(f);
		break;
	case 8:
		name = "pppoe";
		frame_ethernet(f, 0);
		frame_pppoe(f, 0);
		frame_inner(f);
		break;
	case 9:
		name = "llc snap";
		frame_ethernet(f, 0);
		frame_llc_snap(f, 0x0800);
		frame_inner(f);
		break;
	case 10:
		name = "gre";
		frame_outer(f, 47);
		frame_gre(f, 0);
		frame_inner(f);
		break;
	case 11:
		name = "gre bridging";
		frame_outer(f, 47);
		frame_gre(f, 0);
		frame_ethernet(f, 0);
		frame_vlan(f, 0x8100, 9);
		frame_inner(f);
		break;
	case 12:
		name = "vxlan";
		frame_outer_udp(f, 4789);
		frame_vxlan(f, 77);
		frame_ethernet(f, 0);
		frame_inner(f);
		break;
	case 13:
		name = "geneve";
		frame_outer_udp(f, 6081);
		frame_geneve(f, 78, 0);
		frame_ethernet(f, 0);
		frame_inner(f);
		break;
	case 14:
		name = "gtp-u";
		frame_outer_udp(f, 2152);
		frame_gtpu(f, 1);
		frame_inner(f);
		break;
	case 15:
		name = "ip in ip";
		frame_outer(f, 4);
		frame_inner(f);
		break;
	case 16:
		name = "ipv6 in ipv4";
		frame_outer(f, 41);
		frame_ipv6(f, "fd00::1", "fd00::2", 17);
		frame_udp(f, 7, 8);
		break;
	case 17:
		name = "vlan mpls gre vxlan";
		frame_ethernet(f, 0);
		frame_vlan(f, 0x8100, 5);
		frame_mpls(f, 100, 1);
		frame_ipv4(f, "10.0.0.1", "10.0.0.2", 47);
		frame_gre(f, 0);
		frame_ipv4(f, "10.0.1.1", "10.0.1.2", 17);
		frame_udp(f, 1, 4789);
		frame_vxlan(f, 79);
		frame_ethernet(f, 0);
		frame_vlan(f, 0x8100, 6);
		frame_inner(f);
		break;
	case 18:
		name = "icmp";
		frame_outer(f, 1);
		frame_icmp(f, 8, 0);
		break;
	case 19:
		name = "ipv4 first fragment";
		frame_ethernet(f, 0);
		frame_ipv4_fragment(f, "10.0.0.1", "10.0.0.2", 17, 7, 0, 1);
		frame_udp(f, 5, 6);
		frame_zeros(f, 16);
		break;
	case 20:
		name = "ipv6 later fragment";
		frame_ethernet(f, 0);
		frame_ipv6(f, "fd00::1", "fd00::2", 44);
		frame_ipv6_fragment(f, 17, 7, 24, 0);
		frame_zeros(f, 9);
		break;
	case 21:
		name = "ipv6 udp";
		frame_ipv6_udp(f, "fd00::1", 1, "fd00::2", 2, "abc", 3);
		return name;
	case 22:
		name = "dccp";
		frame_outer(f, 33);
		frame_octets(f, 0, 5, 0, 6, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
		frame_payload(f, "data", 4);
		break;
	default:
		return NULL;
	}
	frame_end(f);
	return name;
}
