// The flow key: masks for sets of fields, the direction-free hash, and an order for people.

#include "flow_key_hash.h"

#include <stddef.h>

void flow_key_mask(struct flow_key *mask, uint32_t fields) {
	memset(mask, 0, sizeof(*mask));
	if (fields & FIELD_BIT(FIELD_SRC_IP)) {
		memset(mask->src4, 0xff, sizeof(mask->src4));
		memset(mask->src6, 0xff, sizeof(mask->src6));
		mask->flags |= KEY_V4 | KEY_V6;
	}
	if (fields & FIELD_BIT(FIELD_DEST_IP)) {
		memset(mask->dst4, 0xff, sizeof(mask->dst4));
		memset(mask->dst6, 0xff, sizeof(mask->dst6));
		mask->flags |= KEY_V4 | KEY_V6;
	}
	if (fields & FIELD_BIT(FIELD_SRC_PORT))
		mask->src_port = 0xffff;
	if (fields & FIELD_BIT(FIELD_DEST_PORT))
		mask->dst_port = 0xffff;
	if (fields & FIELD_BIT(FIELD_PROTO))
		mask->proto = 0xff;
	if (fields & FIELD_BIT(FIELD_TOS))
		mask->tos = 0xff;
	if (fields & FIELD_BIT(FIELD_IN_PORT))
		mask->in_port = 0xff;
	if (fields & FIELD_BIT(FIELD_VLAN)) {
		mask->vlan = 0xffff;
		mask->flags |= KEY_VLAN;
	}
	if (fields & FIELD_BIT(FIELD_VLAN_INNER)) {
		mask->mpls_vlan_inner |= 0xfff;
		mask->flags |= KEY_VLAN_INNER;
	}
	if (fields & FIELD_BIT(FIELD_MPLS)) {
		mask->mpls_vlan_inner |= 0xfffff000;
		mask->flags |= KEY_MPLS;
	}
	if (fields & FIELD_BIT(FIELD_VNI)) {
		mask->vni = 0xffffffff;
		mask->flags |= KEY_VNI;
	}
	if (fields & FIELD_BIT(FIELD_ICMP_TYPE)) {
		mask->icmp_type = 0xff;
		mask->flags |= KEY_ICMP;
	}
	if (fields & FIELD_BIT(FIELD_ICMP_CODE)) {
		mask->icmp_code = 0xff;
		mask->flags |= KEY_ICMP;
	}
}

// Clears the low bits of an address.
static void cut_low(uint8_t *address, uint32_t octets, uint32_t bits) {
	uint32_t i = octets;
	for (; bits >= 8; bits -= 8)
		address[--i] = 0;
	if (bits > 0)
		address[i - 1] &= (uint8_t)(0xff << bits);
}

void flow_key_cut(struct flow_key *mask, const struct key_cut *cut) {
	cut_low(mask->src4, sizeof(mask->src4), cut->v4[FIELD_SRC_IP]);
	cut_low(mask->src6, sizeof(mask->src6), cut->v6[FIELD_SRC_IP]);
	cut_low(mask->dst4, sizeof(mask->dst4), cut->v4[FIELD_DEST_IP]);
	cut_low(mask->dst6, sizeof(mask->dst6), cut->v6[FIELD_DEST_IP]);
}

uint32_t flow_key_spread(const struct flow_key *key, const struct hash_seed *seed) {
	uint64_t src[2] = {0}, dst[2] = {0};
	if (key->flags & KEY_V6) {
		memcpy(src, key->src6, 16);
		memcpy(dst, key->dst6, 16);
	} else {
		memcpy(src, key->src4, 4);
		memcpy(dst, key->dst4, 4);
	}
	// Addition makes the two ends change places without changing the sum.
	uint64_t a = hash_4(seed, src[0], src[1], key->src_port, 0);
	uint64_t b = hash_4(seed, dst[0], dst[1], key->dst_port, 0);
	uint64_t h = hash_mum((a + b) ^ key->proto, seed->k[1]);
	return (uint32_t)(h ^ (h >> 32));
}

#define BY(x, y)        \
	if ((x) != (y)) \
		return (x) < (y) ? -1 : 1;

static int compare_ip(const struct flow_key *a, const struct flow_key *b, bool dst) {
	BY(a->flags & KEY_V6, b->flags & KEY_V6);
	if (a->flags & KEY_V6)
		return memcmp(dst ? a->dst6 : a->src6, dst ? b->dst6 : b->src6, 16);
	return memcmp(dst ? a->dst4 : a->src4, dst ? b->dst4 : b->src4, 4);
}

// Fields that a packet may not have: no flag, no value.
static uint8_t presence(enum field f) {
	switch (f) {
	case FIELD_VLAN:
		return KEY_VLAN;
	case FIELD_VLAN_INNER:
		return KEY_VLAN_INNER;
	case FIELD_MPLS:
		return KEY_MPLS;
	case FIELD_VNI:
		return KEY_VNI;
	case FIELD_ICMP_TYPE:
	case FIELD_ICMP_CODE:
		return KEY_ICMP;
	default:
		return 0;
	}
}

static uint32_t number(const struct flow_key *key, enum field f) {
	switch (f) {
	case FIELD_SRC_PORT:
		return key->src_port;
	case FIELD_DEST_PORT:
		return key->dst_port;
	case FIELD_PROTO:
		return key->proto;
	case FIELD_VLAN:
		return key->vlan;
	case FIELD_VLAN_INNER:
		return flow_key_vlan_inner(key);
	case FIELD_MPLS:
		return flow_key_mpls(key);
	case FIELD_VNI:
		return key->vni;
	case FIELD_TOS:
		return key->tos;
	case FIELD_IN_PORT:
		return key->in_port;
	case FIELD_ICMP_TYPE:
		return key->icmp_type;
	case FIELD_ICMP_CODE:
		return key->icmp_code;
	default:
		return 0;
	}
}

int flow_key_compare_field(const struct flow_key *a, const struct flow_key *b, enum field f) {
	if (f == FIELD_SRC_IP || f == FIELD_DEST_IP)
		return compare_ip(a, b, f == FIELD_DEST_IP);
	BY(a->flags & presence(f), b->flags & presence(f));
	BY(number(a, f), number(b, f));
	return 0;
}

int flow_key_compare(const struct flow_key *a, const struct flow_key *b) {
	BY(a->flags & KEY_REST, b->flags & KEY_REST);
	int c = 0;
	for (enum field f = 0; f < FIELD_RULE && c == 0; f++)
		c = flow_key_compare_field(a, b, f);
	return c;
}
