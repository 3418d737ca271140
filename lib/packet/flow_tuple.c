// A flow's identity: the flow key's ends, sorted. A packet's is hashed from words that come from the key:
// octets just written one by one are not to be had as words without waiting for them.

#include "flow_tuple.h"

#define FLAGS (KEY_V4 | KEY_V6 | KEY_VLAN | KEY_VLAN_INNER | KEY_VNI)

// What is hashed.
struct words {
	uint64_t addr[2][2];
	uint64_t ports_vlans;
	uint64_t rest;
};

static uint64_t ports_vlans(uint32_t lower, uint32_t higher, uint32_t vlan, uint32_t vlan_inner) {
	return (uint64_t)lower << 48 | (uint64_t)higher << 32 | vlan << 12 | vlan_inner;
}

static uint64_t rest(uint32_t proto, uint32_t vni, uint32_t flags) {
	return (uint64_t)proto << 32 | vni << 8 | flags;
}

static uint64_t hash(const struct words *w, bool v6, const struct hash_seed *seed) {
	uint64_t h = hash_4(seed, w->addr[0][0], w->addr[1][0], w->ports_vlans, w->rest);
	// IPv4 addresses end within the first word of each end.
	if (v6)
		h = hash_mum(
			h ^ w->addr[0][1] ^ seed->k[1],
			hash_mum(w->addr[1][1] ^ seed->k[0], seed->k[2])
		);
	return h;
}

// Lengths that the compiler knows: no calls for few octets.
static uint32_t direction(const struct flow_key *key) {
	int order = key->flags & KEY_V6 ? memcmp(key->src6, key->dst6, 16)
					: memcmp(key->src4, key->dst4, 4);
	return order > 0 || (order == 0 && key->src_port > key->dst_port);
}

static void fill(struct flow_tuple *to, const struct flow_key *key, uint32_t dir) {
	*to = (struct flow_tuple){};
	if (key->flags & KEY_V6) {
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
}

uint32_t flow_tuple_of(struct flow_tuple *to, const struct flow_key *key) {
	uint32_t dir = direction(key);
	fill(to, key, dir);
	return dir;
}

void flow_side_of(struct flow_side *to, const struct flow_key *key, const struct hash_seed *seed) {
	uint32_t dir = direction(key);
	bool v6 = key->flags & KEY_V6;
	struct words w = {
		.ports_vlans = ports_vlans(
			dir ? key->dst_port : key->src_port, dir ? key->src_port : key->dst_port,
			key->vlan & 0xfff, flow_key_vlan_inner(key) & 0xfff
		),
		.rest = rest(key->proto, key->vni & 0xffffff, key->flags & FLAGS),
	};
	if (v6) {
		memcpy(w.addr[0], dir ? key->dst6 : key->src6, 16);
		memcpy(w.addr[1], dir ? key->src6 : key->dst6, 16);
	} else {
		memcpy(w.addr[0], dir ? key->dst4 : key->src4, 4);
		memcpy(w.addr[1], dir ? key->src4 : key->dst4, 4);
	}
	fill(&to->tuple, key, dir);
	to->dir = dir;
	to->hash = hash(&w, v6, seed);
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

uint64_t flow_tuple_hash(const struct flow_tuple *t, const struct hash_seed *seed) {
	struct words w = {
		.ports_vlans = ports_vlans(t->port[0], t->port[1], t->vlan, t->vlan_inner),
		.rest = rest(t->proto, t->vni, t->flags),
	};
	memcpy(w.addr, t->addr, sizeof(w.addr));
	return hash(&w, t->flags & KEY_V6, seed);
}
