// What makes two packets parts of one TCP connection: both addresses and ports, VLANs and VNI. The
// ends stand in an order of their own, so that both directions have the same tuple; MPLS labels, TOS
// and the input's port differ between directions and are left out.
#pragma once

#include "base/hash.h"
#include "packet/flow_key.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct tcp_tuple {
	uint8_t addr[2][16]; // of the lower end and the higher; IPv4 in the first four octets
	uint16_t port[2];
	uint16_t vlan;
	uint16_t vlan_inner;
	uint32_t vni_flags; // VNI << 8 | those flags of the key that say what is there
};
_Static_assert(sizeof(struct tcp_tuple) == 44);

// Returns the direction of a packet with this key: 0 when the lower end sent it, else 1. A packet
// from an end to itself is of direction 0.
uint32_t tcp_tuple_of(struct tcp_tuple *to, const struct flow_key *key);

uint32_t tcp_tuple_hash(const struct tcp_tuple *t, const struct hash_seed *seed);

static inline bool tcp_tuple_equal(const struct tcp_tuple *a, const struct tcp_tuple *b) {
	return memcmp(a, b, sizeof(*a)) == 0;
}
