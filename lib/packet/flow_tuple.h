// What makes two packets parts of one flow: protocol, both addresses and ports, VLANs and VNI. The ends
// stand in an order of their own, so that both directions have the same tuple; MPLS labels, TOS and the
// input's port differ between directions and are left out, as are ICMP's type and code.
#pragma once

#include "base/hash.h"
#include "packet/flow_key.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct flow_tuple {
	uint8_t addr[2][16]; // of the lower end and the higher; IPv4 in the first four octets
	uint16_t port[2]; // 0 where the protocol has none
	uint32_t vlan : 12;
	uint32_t vlan_inner : 12;
	uint32_t proto : 8;
	uint32_t vni : 24;
	uint32_t flags : 8; // those of the key that say what is there
};
_Static_assert(sizeof(struct flow_tuple) == 44);

// Returns the direction of a packet with this key (unmasked): 0 when the lower end sent it, else 1. A
// packet from an end to itself is of direction 0.
uint32_t flow_tuple_of(struct flow_tuple *to, const struct flow_key *key);

// The key of packets of that direction, as far as the tuple knows it.
void flow_tuple_key(const struct flow_tuple *t, uint32_t dir, struct flow_key *to);

// Every bit as good as another.
uint64_t flow_tuple_hash(const struct flow_tuple *t, const struct hash_seed *seed);

// What differs in eight octets of two tuples.
static inline uint64_t
flow_tuple_differ(const struct flow_tuple *a, const struct flow_tuple *b, size_t at) {
	uint64_t x, y;
	memcpy(&x, (const char *)a + at, sizeof(x));
	memcpy(&y, (const char *)b + at, sizeof(y));
	return x ^ y;
}

// No call for so few octets, no branch between them, and no copy; the last words overlap.
static inline bool flow_tuple_equal(const struct flow_tuple *a, const struct flow_tuple *b) {
	return (flow_tuple_differ(a, b, 0) | flow_tuple_differ(a, b, 8)
		| flow_tuple_differ(a, b, 16) | flow_tuple_differ(a, b, 24)
		| flow_tuple_differ(a, b, 32)
		| flow_tuple_differ(a, b, sizeof(*a) - sizeof(uint64_t)))
		== 0;
}

// A packet's flow, and which direction of it the packet is of.
struct flow_side {
	struct flow_tuple tuple;
	uint32_t dir;
	uint64_t hash; // flow_tuple_hash
};

void flow_side_of(struct flow_side *to, const struct flow_key *key, const struct hash_seed *seed);

// Whether flow_tuple_of makes such a tuple: for those that come from outside.
bool flow_tuple_is_sound(const struct flow_tuple *t);
