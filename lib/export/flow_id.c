// The number is a hash with a fixed seed: nobody looks a flow up by it here, so nothing is gained by
// making two of them meet.

#include "flow_id.h"

#include "base/hash.h"

#include <stdbool.h>
#include <string.h>

#define SEED 0x736c75696365 // any; changing it changes every flow_id
#define BITS 53

// Whether the destination is the lower end.
static bool is_reversed(const struct flow_key *k) {
	int c = k->flags & KEY_V6 ? memcmp(k->src6, k->dst6, sizeof(k->src6))
				  : memcmp(k->src4, k->dst4, sizeof(k->src4));
	return c > 0 || (c == 0 && k->src_port > k->dst_port);
}

void flow_id_key(struct flow_key *to, const struct flow_key *key) {
	bool turn = is_reversed(key);
	memset(to, 0, sizeof(*to));
	to->src_port = turn ? key->dst_port : key->src_port;
	to->dst_port = turn ? key->src_port : key->dst_port;
	to->proto = key->proto;
	to->flags = key->flags & (KEY_V4 | KEY_V6 | KEY_VLAN | KEY_VLAN_INNER | KEY_VNI);
	to->vlan = key->vlan;
	to->mpls_vlan_inner = flow_key_vlan_inner(key);
	to->vni = key->vni;
	memcpy(to->src4, turn ? key->dst4 : key->src4, sizeof(to->src4));
	memcpy(to->dst4, turn ? key->src4 : key->dst4, sizeof(to->dst4));
	memcpy(to->src6, turn ? key->dst6 : key->src6, sizeof(to->src6));
	memcpy(to->dst6, turn ? key->src6 : key->dst6, sizeof(to->dst6));
}

uint64_t flow_id(const struct flow_key *key) {
	struct flow_key k;
	struct hash_seed seed;
	hash_seed_fixed(&seed, SEED);
	flow_id_key(&k, key);
	uint64_t id = hash_bytes(&seed, &k, sizeof(k)) & ((UINT64_C(1) << BITS) - 1);
	return id != 0 ? id : 1;
}
