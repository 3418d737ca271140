// The parser: from a frame's first octet to the innermost IP header and its ports. Bounded in steps,
// never reads outside [data, data + head_len), never fails: what it cannot read gets a verdict.
#pragma once

#include "packet/burst.h"
#include "packet/fragment.h"
#include "packet/source.h"

#include <stdint.h>

// What is malformed, and what is not:
// - A header is malformed when the frame's true end or the length of the IP packet around it cuts
//   it, or when its own fields are impossible. What only the capture's snap length cut is not: the
//   packet counts under its deepest complete IP header (IPv4 without its options will do), or is
//   non_ip, snapped, when there is none.
// - The same holds for what a first fragment cuts: the rest is in the later ones.
// - Inside a tunnel this begins once an inner IP packet is announced. A UDP port is only a hint:
//   what is behind it and is no tunnel header, or no user data, or no IP, leaves the packet with the
//   IP header around it. GRE is named by the IP header, so a cut GRE header is malformed.
// - Lengths beyond what is there are not malformed: IP, UDP, PPPoE and 802.3 lengths bound what is
//   looked at, never extend it. IPv4 total length 0 means what the frame holds; so does an IPv6
//   payload length of 0 where there is more than the field could say. Jumbograms are RFC 2675's.
// - Ports, TCP flags, ICMP type and payload are read as far as they are there.

// Tunnels that may be looked into (contract: input.tunnels).
enum tunnel {
	TUNNEL_GRE = 1 << 0, // RFC 2784, 2890; version 1 (RFC 2637) with PPP; WCCP
	TUNNEL_VXLAN = 1 << 1, // RFC 7348, UDP port 4789
	TUNNEL_GENEVE = 1 << 2, // RFC 8926, UDP port 6081
	TUNNEL_GTPU = 1 << 3, // 3GPP TS 29.281, UDP port 2152
	// RFC 2003, 4213: IP protocols 4 and 41; also MPLS (137, RFC 4023) and Ethernet (143,
	// RFC 8986) straight in IP
	TUNNEL_IPIP = 1 << 4,
	TUNNEL_ALL = (1 << 5) - 1,
};

// Headers followed in one frame at the most; beyond it is malformed, header_depth. Ethernet, LLC, a
// VLAN tag, an MPLS label, PPPoE, PPP, an IP header, an IPv6 extension header, a tunnel's header (and
// UDP, where it may be one) each count as one. The kernel's parser has the same bound.
#define PARSE_MAX_HEADERS 64

// VLAN tags in one stack at the most (contract, section 3).
#define PARSE_MAX_VLANS 4

struct parser {
	uint32_t tunnels; // enum tunnel
	struct fragment_table *fragments; // borrowed
	// Owned. A frame in several segments is gathered here when its headers reach beyond the
	// first one.
	uint8_t *scratch;
};

// Returns 0 or -ENOMEM. Free with parser_fini.
int parser_init(struct parser *p, uint32_t tunnels, struct fragment_table *fragments);
void parser_fini(struct parser *p);

// Parses one frame from a contiguous buffer of pkt->head_len octets. Fills key (all of it but
// `hash`, which is 0) and pkt's payload_off, payload_len, ip_len, flags, tcp_flags, verdict, reason.
// pkt->flags keeps PACKET_LATE. Exposed for tests and fuzzing.
void parse_packet(struct parser *p, struct packet *pkt, struct flow_key *key);

// Parses every packet of the burst, with prefetch. `src` is where the burst came from (gather).
void parse_burst(struct parser *p, const struct source *src, struct burst *b);
