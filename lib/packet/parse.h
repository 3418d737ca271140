// The parser: from a frame's first octet to the innermost IP header and its ports. Bounded in steps,
// never reads outside [data, data + head_len), never fails: what it cannot read gets a verdict.
#pragma once

#include "packet/burst.h"
#include "packet/fragment.h"
#include "packet/parse_limits.h"
#include "packet/source.h"
#include "packet/tunnel.h"

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
