// What decides about a rule before the payload is looked at, bits aside: protocol, addresses, ports,
// the flow's direction and state, sizes, TTL, flags, ICMP type and code.
#pragma once

#include "detect_packet.h"
#include "match/snort/snort_rule.h"

// A packet as conditions want it; made once a packet.
struct detect_view {
	const struct detect_packet *in;
	unsigned __int128 src, dst; // addresses as numbers
	uint16_t src_port, dst_port;
	uint8_t proto; // the bit of enum snort_proto
	uint8_t family; // the bit of enum snort_family; 0: neither
	uint8_t dir, state; // as conditions take them, see struct detect_flow
};

void detect_view_init(struct detect_view *v, const struct detect_packet *in);

bool detect_head_holds(const struct snort_rule *r, const struct detect_view *v);
