// The flow key: every field a stream may use, of the innermost headers, in one cache line. Unused
// fields are zero, so keys compare and mask as plain octets. The XDP programs have the same.
#pragma once

#include "base/cache.h"

#include <stddef.h>
#include <stdint.h>

enum flow_key_flag {
	KEY_V6 = 1 << 0, // addresses are IPv6
	KEY_V4 = 1 << 1, // addresses are IPv4
	KEY_VLAN = 1 << 2, // `vlan` is there
	KEY_VLAN_INNER = 1 << 3,
	KEY_MPLS = 1 << 4,
	KEY_VNI = 1 << 5,
	KEY_ICMP = 1 << 6, // `icmp_type` and `icmp_code` are there
	KEY_REST = 1 << 7, // not a key but the row of what found no room
};

// All numbers in host order, addresses in network order.
struct flow_key {
	CACHE_ALIGNED uint16_t src_port; // 0 where the protocol has none
	uint16_t dst_port;
	uint8_t proto; // final protocol, behind IPv6 extension headers
	uint8_t tos; // IPv4 TOS or IPv6 traffic class
	uint8_t flags; // enum flow_key_flag
	uint8_t in_port;
	uint16_t vlan; // VID of the outermost tag
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint32_t
		mpls_vlan_inner; // label of the top entry << 12 | VID of the tag behind the outermost
	uint32_t vni; // 24 bits, innermost of VXLAN's and Geneve's
	uint8_t src4[4];
	uint8_t dst4[4];
	uint32_t hash; // of all other octets; not compared
	uint8_t src6[16];
	uint8_t dst6[16];
};

_Static_assert(sizeof(struct flow_key) == CACHE_LINE);
_Static_assert(offsetof(struct flow_key, src4) == 20);
_Static_assert(offsetof(struct flow_key, hash) == 28);
_Static_assert(offsetof(struct flow_key, src6) == 32);

// The octets ahead of `hash`; all there is to compare when addresses are not IPv6.
#define FLOW_KEY_HEAD offsetof(struct flow_key, hash)
_Static_assert(FLOW_KEY_HEAD == 28);

static inline uint32_t flow_key_mpls(const struct flow_key *k) {
	return k->mpls_vlan_inner >> 12;
}

static inline uint16_t flow_key_vlan_inner(const struct flow_key *k) {
	return k->mpls_vlan_inner & 0xfff;
}
