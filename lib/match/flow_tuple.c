// A flow's identity: the flow key's ends, sorted.

#include "flow_tuple.h"

#define FLAGS (KEY_V4 | KEY_V6 | KEY_VLAN | KEY_VLAN_INNER | KEY_VNI)

uint32_t flow_tuple_of(struct flow_tuple *to, const struct flow_key *key) {
	// Lengths that the compiler knows: no calls for few octets.
	bool v6 = key->flags & KEY_V6;
	int order = v6 ? memcmp(key->src6, key->dst6, 16) : memcmp(key->src4, key->dst4, 4);
	uint32_t dir = order > 0 || (order == 0 && key->src_port > key->dst_port);
	*to = (struct flow_tuple){};
	if (v6) {
		memcpy(to->addr[dir], key->src6, 16);
		memcpy(to->addr[!dir], key->dst6, 16);
	} else {
		memcpy(to->addr[dir], key->src4, 4);
		memcpy(to->addr[!dir], key->dst4, 4);
	}
	to->port[dir] = key->src_port;
	to->port[!dir] = key->dst_port;
	to->vlan = key->vlan & 0xfff;
	to->vlan_inner = flow_key_vlan_inner(key) & 0xfff;
	to->proto = key->proto;
	to->vni = key->vni & 0xffffff;
	to->flags = key->flags & FLAGS;
	return dir;
}

void flow_tuple_key(const struct flow_tuple *t, uint32_t dir, struct flow_key *to) {
	*to = (struct flow_key){
		.src_port = t->port[dir],
		.dst_port = t->port[!dir],
		.proto = t->proto,
		.flags = t->flags,
		.vlan = t->vlan,
		.mpls_vlan_inner = t->vlan_inner,
		.vni = t->vni,
	};
	bool v6 = t->flags & KEY_V6;
	memcpy(v6 ? to->src6 : to->src4, t->addr[dir], v6 ? 16 : 4);
	memcpy(v6 ? to->dst6 : to->dst4, t->addr[!dir], v6 ? 16 : 4);
}

uint32_t flow_tuple_hash(const struct flow_tuple *t, const struct hash_seed *seed) {
	uint64_t w[6] = {0};
	memcpy(w, t, sizeof(*t));
	uint64_t h = hash_4(seed, w[0], w[2], w[4], w[5]);
	// IPv4 addresses end within the first word of each end.
	if (t->flags & KEY_V6)
		h = hash_mum(h ^ w[1] ^ seed->k[1], hash_mum(w[3] ^ seed->k[0], seed->k[2]));
	return (uint32_t)(h ^ (h >> 32));
}
