// Connection identity: the flow key's ends, sorted.

#include "tcp_tuple.h"

#define FLAGS (KEY_V4 | KEY_V6 | KEY_VLAN | KEY_VLAN_INNER | KEY_VNI)

uint32_t tcp_tuple_of(struct tcp_tuple *to, const struct flow_key *key) {
	memset(to, 0, sizeof(*to));
	bool v6 = key->flags & KEY_V6;
	const uint8_t *src = v6 ? key->src6 : key->src4, *dst = v6 ? key->dst6 : key->dst4;
	uint32_t octets = v6 ? 16 : 4;
	int order = memcmp(src, dst, octets);
	uint32_t dir = order > 0 || (order == 0 && key->src_port > key->dst_port);
	memcpy(to->addr[dir], src, octets);
	memcpy(to->addr[!dir], dst, octets);
	to->port[dir] = key->src_port;
	to->port[!dir] = key->dst_port;
	to->vlan = key->vlan;
	to->vlan_inner = flow_key_vlan_inner(key);
	to->vni_flags = key->vni << 8 | (key->flags & FLAGS);
	return dir;
}

uint32_t tcp_tuple_hash(const struct tcp_tuple *t, const struct hash_seed *seed) {
	uint64_t w[6] = {0};
	memcpy(w, t, sizeof(*t));
	uint64_t h = hash_4(seed, w[0], w[2], w[4], w[5]);
	// IPv4 addresses end within the first word of each end.
	if (t->vni_flags & KEY_V6)
		h = hash_mum(h ^ w[1] ^ seed->k[1], hash_mum(w[3] ^ seed->k[0], seed->k[2]));
	return (uint32_t)(h ^ (h >> 32));
}
