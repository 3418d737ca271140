// A flow's identity: the flow key's ends, sorted. A packet's is hashed from words that come from the key:
// octets just written one by one are not to be had as words without waiting for them.

#include "flow_tuple.h"

#include <endian.h>

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

// Octets as they lie in memory: of an IPv4 address the first half of a word.
static uint64_t word_4(const uint8_t *p) {
	uint64_t w = 0;
	memcpy(&w, p, 4);
	return w;
}

static uint64_t word_8(const uint8_t *p) {
	uint64_t w;
	memcpy(&w, p, sizeof(w));
	return w;
}

static bool is_higher(uint64_t a, uint64_t b) {
	return be64toh(a) > be64toh(b);
}

// Swaps without a branch: directions alternate as they like.
static void swap_if(uint32_t dir, uint64_t *a, uint64_t *b) {
	uint64_t change = (*a ^ *b) & -(uint64_t)dir;
	*a ^= change;
	*b ^= change;
}

// The addresses in the order of the ends. Returns the direction.
static inline uint32_t sort_ends(struct words *w, const struct flow_key *key) {
	uint32_t dir;
	if (key->flags & KEY_V6) {
		uint64_t *src = w->addr[0], *dst = w->addr[1];
		src[0] = word_8(key->src6);
		src[1] = word_8(key->src6 + 8);
		dst[0] = word_8(key->dst6);
		dst[1] = word_8(key->dst6 + 8);
		if (src[0] != dst[0])
			dir = is_higher(src[0], dst[0]);
		else if (src[1] != dst[1])
			dir = is_higher(src[1], dst[1]);
		else
			dir = key->src_port > key->dst_port;
		swap_if(dir, &src[1], &dst[1]);
	} else {
		uint64_t src = word_4(key->src4), dst = word_4(key->dst4);
		dir = is_higher(src, dst) | ((src == dst) & (key->src_port > key->dst_port));
		w->addr[0][0] = src;
		w->addr[1][0] = dst;
		w->addr[0][1] = w->addr[1][1] = 0;
	}
	swap_if(dir, &w->addr[0][0], &w->addr[1][0]);
	return dir;
}

static inline void fill(struct flow_tuple *to, const struct flow_key *key, const struct words *w) {
	*to = (struct flow_tuple){
		.port = {(uint16_t)(w->ports_vlans >> 48), (uint16_t)(w->ports_vlans >> 32)},
		.vlan = key->vlan & 0xfff,
		.vlan_inner = flow_key_vlan_inner(key) & 0xfff,
		.proto = key->proto,
		.vni = key->vni & 0xffffff,
		.flags = key->flags & FLAGS,
	};
	for (int end = 0; end < 2; end++) {
		memcpy(to->addr[end], &w->addr[end][0], 8);
		memcpy(to->addr[end] + 8, &w->addr[end][1], 8);
	}
}

static inline uint32_t read_key(struct words *w, const struct flow_key *key) {
	uint64_t lower = key->src_port, higher = key->dst_port;
	uint32_t dir = sort_ends(w, key);
	swap_if(dir, &lower, &higher);
	w->rest = rest(key->proto, key->vni & 0xffffff, key->flags & FLAGS);
	w->ports_vlans = ports_vlans(
		(uint32_t)lower, (uint32_t)higher, key->vlan & 0xfff,
		flow_key_vlan_inner(key) & 0xfff
	);
	return dir;
}

uint32_t flow_tuple_of(struct flow_tuple *to, const struct flow_key *key) {
	struct words w;
	uint32_t dir = read_key(&w, key);
	fill(to, key, &w);
	return dir;
}

void flow_side_of(struct flow_side *to, const struct flow_key *key, const struct hash_seed *seed) {
	struct words w;
	to->dir = read_key(&w, key);
	fill(&to->tuple, key, &w);
	to->hash = hash(&w, key->flags & KEY_V6, seed);
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

bool flow_tuple_is_sound(const struct flow_tuple *t) {
	struct flow_key key;
	struct flow_tuple again;
	bool one_family = !(t->flags & KEY_V4) != !(t->flags & KEY_V6);
	flow_tuple_key(t, 0, &key);
	return one_family && flow_tuple_of(&again, &key) == 0 && flow_tuple_equal(t, &again);
}
