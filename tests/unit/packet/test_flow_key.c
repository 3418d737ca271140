// lib/packet/flow_key.{c,h}: masks, hashes, comparison and order of flow keys.

#include "base/field.h"
#include "packet/flow_key_hash.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct flow_key key_v4(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport) {
	struct flow_key k = {.src_port = sport, .dst_port = dport, .proto = 6, .flags = KEY_V4};
	for (int i = 0; i < 4; i++) {
		k.src4[i] = (uint8_t)(src >> (24 - 8 * i));
		k.dst4[i] = (uint8_t)(dst >> (24 - 8 * i));
	}
	return k;
}

static struct flow_key key_v6(uint8_t src, uint16_t sport, uint8_t dst, uint16_t dport) {
	struct flow_key k = {.src_port = sport, .dst_port = dport, .proto = 6, .flags = KEY_V6};
	k.src6[0] = k.dst6[0] = 0xfd;
	k.src6[15] = src;
	k.dst6[15] = dst;
	return k;
}

// A key in which every field is there and not zero.
static struct flow_key key_full(uint8_t family) {
	struct flow_key k = {
		.src_port = 1001,
		.dst_port = 1002,
		.proto = 1,
		.tos = 4,
		.flags = family | KEY_VLAN | KEY_VLAN_INNER | KEY_MPLS | KEY_VNI | KEY_ICMP,
		.in_port = 5,
		.vlan = 6,
		.icmp_type = 7,
		.icmp_code = 8,
		.mpls_vlan_inner = 0x12345 << 12 | 0x9ab,
		.vni = 0xabcdef,
	};
	if (family == KEY_V4) {
		memset(k.src4, 0x0a, sizeof(k.src4));
		memset(k.dst4, 0x0b, sizeof(k.dst4));
	} else {
		memset(k.src6, 0xfd, sizeof(k.src6));
		memset(k.dst6, 0xfe, sizeof(k.dst6));
	}
	return k;
}

// Masks as the packet path does, with a fixed seed.
static uint32_t finish(struct flow_key *key, uint32_t fields, uint64_t seed_number) {
	struct hash_seed seed;
	struct flow_key mask;
	hash_seed_fixed(&seed, seed_number);
	flow_key_mask(&mask, fields);
	return flow_key_finish(key, &mask, &seed);
}

// The value of one field, as something to compare with; *there says whether the key has it.
static uint64_t value(const struct flow_key *k, enum field f, bool *there) {
	uint64_t ip[2] = {0};
	*there = true;
	switch (f) {
	case FIELD_SRC_IP:
		memcpy(ip, k->src6, 8);
		memcpy(ip + 1, k->src4, 4);
		*there = k->flags & (KEY_V4 | KEY_V6);
		return ip[0] ^ ip[1];
	case FIELD_DEST_IP:
		memcpy(ip, k->dst6, 8);
		memcpy(ip + 1, k->dst4, 4);
		*there = k->flags & (KEY_V4 | KEY_V6);
		return ip[0] ^ ip[1];
	case FIELD_SRC_PORT:
		return k->src_port;
	case FIELD_DEST_PORT:
		return k->dst_port;
	case FIELD_PROTO:
		return k->proto;
	case FIELD_VLAN:
		*there = k->flags & KEY_VLAN;
		return k->vlan;
	case FIELD_VLAN_INNER:
		*there = k->flags & KEY_VLAN_INNER;
		return flow_key_vlan_inner(k);
	case FIELD_MPLS:
		*there = k->flags & KEY_MPLS;
		return flow_key_mpls(k);
	case FIELD_VNI:
		*there = k->flags & KEY_VNI;
		return k->vni;
	case FIELD_TOS:
		return k->tos;
	case FIELD_IN_PORT:
		return k->in_port;
	case FIELD_ICMP_TYPE:
		*there = k->flags & KEY_ICMP;
		return k->icmp_type;
	case FIELD_ICMP_CODE:
		*there = k->flags & KEY_ICMP;
		return k->icmp_code;
	case FIELD_RULE: // an event's
	case FIELD_COUNT:
		break;
	}
	return 0;
}

Test(flow_key, a_mask_of_one_field_keeps_that_field_alone) {
	static const uint8_t families[] = {KEY_V4, KEY_V6};
	for (unsigned n = 0; n < 2; n++) {
		struct flow_key full = key_full(families[n]);
		for (unsigned f = 0; f < FIELD_RULE; f++) {
			struct flow_key k = full;
			finish(&k, FIELD_BIT(f), 1);
			if (!(k.flags & KEY_V6)) // then they are no part of the key
				memset(k.src6, 0, 32);
			for (unsigned g = 0; g < FIELD_RULE; g++) {
				bool there;
				uint64_t got = value(&k, (enum field)g, &there);
				uint64_t want = g == f ? value(&full, (enum field)g, &there) : 0;
				cr_assert_eq(
					got, want, "mask %s, field %s", field_name((enum field)f),
					field_name((enum field)g)
				);
				value(&k, (enum field)f, &there);
				cr_assert(there, "%s got lost", field_name((enum field)f));
			}
		}
	}
}

Test(flow_key, a_mask_of_all_fields_keeps_everything_but_the_hash) {
	struct flow_key k = key_full(KEY_V6), was = k;
	was.hash = finish(&k, FIELD_SET_ALL, 1);
	cr_assert_neq(was.hash, 0);
	cr_assert_eq(memcmp(&k, &was, sizeof(k)), 0);
}

Test(flow_key, a_mask_of_no_field_leaves_nothing) {
	static const struct flow_key zero;
	static const uint8_t families[] = {KEY_V4, KEY_V6};
	for (unsigned n = 0; n < 2; n++) {
		struct flow_key k = key_full(families[n]);
		finish(&k, 0, 1);
		cr_assert(flow_key_equal(&k, &zero));
		cr_assert_eq(flow_key_compare(&k, &zero), 0);
	}
}

Test(flow_key, equal_looks_at_every_field) {
	struct flow_key a = key_full(KEY_V6);
	for (unsigned i = 0; i < sizeof(a); i++) {
		struct flow_key b = a;
		((uint8_t *)&b)[i] ^= 1;
		bool in_hash = i >= offsetof(struct flow_key, hash)
			&& i < offsetof(struct flow_key, src6);
		cr_assert_eq(flow_key_equal(&a, &b), in_hash, "octet %u", i);
	}
}

Test(flow_key, hash_depends_on_every_octet_but_its_own) {
	struct flow_key a = key_full(KEY_V6), k = a;
	uint32_t was = finish(&k, FIELD_SET_ALL, 1);
	for (unsigned i = 0; i < sizeof(a); i++) {
		bool in_hash = i >= offsetof(struct flow_key, hash)
			&& i < offsetof(struct flow_key, src6);
		k = a;
		((uint8_t *)&k)[i] ^= i == offsetof(struct flow_key, flags) ? KEY_VLAN : 1;
		if (!in_hash)
			cr_assert_neq(finish(&k, FIELD_SET_ALL, 1), was, "octet %u", i);
	}
}

Test(flow_key, keys_that_mask_to_the_same_hash_the_same) {
	struct flow_key a = key_v4(0x0a000001, 1, 0x0a000002, 2),
			b = key_v4(0x0a000001, 3, 0x0a000002, 4);
	cr_assert_eq(
		finish(&a, FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP), 1),
		finish(&b, FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP), 1)
	);
	cr_assert(flow_key_equal(&a, &b));
	// Without addresses the family is no matter either.
	a = key_v6(1, 5, 2, 6);
	b = key_v6(3, 7, 4, 6);
	cr_assert_eq(
		finish(&a, FIELD_BIT(FIELD_DEST_PORT), 1), finish(&b, FIELD_BIT(FIELD_DEST_PORT), 1)
	);
	cr_assert(flow_key_equal(&a, &b));
}

Test(flow_key, hash_depends_on_the_seed) {
	struct flow_key a = key_full(KEY_V4), b = a;
	cr_assert_neq(finish(&a, FIELD_SET_ALL, 1), finish(&b, FIELD_SET_ALL, 2));
}

Test(flow_key, both_directions_spread_alike) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 3);
	for (uint32_t i = 0; i < 1000; i++) {
		struct flow_key a = key_v4(
			0x0a000000 + i * 7, (uint16_t)(i * 31), 0x0a010000 + i, 80
		);
		struct flow_key b = key_v4(
			0x0a010000 + i, 80, 0x0a000000 + i * 7, (uint16_t)(i * 31)
		);
		cr_assert_eq(flow_key_spread(&a, &seed), flow_key_spread(&b, &seed));
		a = key_v6((uint8_t)i, (uint16_t)i, (uint8_t)(i * 3), 443);
		b = key_v6((uint8_t)(i * 3), 443, (uint8_t)i, (uint16_t)i);
		cr_assert_eq(flow_key_spread(&a, &seed), flow_key_spread(&b, &seed));
	}
}

Test(flow_key, spread_tells_ports_and_protocols_apart) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 4);
	struct flow_key a = key_v4(1, 10, 2, 20), b = a;
	b.src_port = 11;
	cr_assert_neq(flow_key_spread(&a, &seed), flow_key_spread(&b, &seed));
	b = a;
	b.proto = 17;
	cr_assert_neq(flow_key_spread(&a, &seed), flow_key_spread(&b, &seed));
	// Ports changing ends is another conversation.
	b = key_v4(1, 20, 2, 10);
	cr_assert_neq(flow_key_spread(&a, &seed), flow_key_spread(&b, &seed));
}

Test(flow_key, conversations_spread_evenly_over_workers) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 5);
	uint32_t n[4] = {0};
	for (uint32_t i = 0; i < 40000; i++) {
		struct flow_key k = key_v4(
			0x0a000001 + i / 200, (uint16_t)(32768 + i % 200), 0x0a0000fe, 80
		);
		n[(uint64_t)flow_key_spread(&k, &seed) * 4 >> 32]++;
	}
	for (int i = 0; i < 4; i++)
		cr_assert(n[i] > 9500 && n[i] < 10500, "worker %d: %u", i, n[i]);
}

Test(flow_key, order_is_numeric_field_by_field) {
	// Ascending; each differs from the one ahead in what its line says.
	struct flow_key k[20];
	unsigned n = 0;
	k[n++] = key_v4(9, 9, 9, 9); // 0.0.0.9
	k[n++] = key_v4(0x02000000, 0, 0, 0); // 2.0.0.0, not a text order
	k[n++] = key_v4(0x0a000000, 0, 0, 0); // 10.0.0.0
	k[n++] = key_v4(0x0a000000, 0, 1, 0); // dest_ip
	k[n++] = key_v4(0x0a000000, 255, 1, 0); // src_port
	k[n++] = key_v4(0x0a000000, 256, 1, 0); // not the order of octets
	k[n++] = key_v4(0x0a000000, 256, 1, 1); // dest_port
	k[n] = k[n - 1];
	k[n++].proto = 7;
	k[n] = k[n - 1];
	k[n++].tos = 1;
	k[n] = k[n - 1];
	k[n++].in_port = 1;
	k[n] = k[n - 1]; // an absent field comes before a present one
	k[n].tos = k[n].in_port = 0;
	k[n++].flags |= KEY_VLAN;
	k[n] = k[n - 1];
	k[n++].vlan = 1;
	k[n] = k[n - 1];
	k[n++].flags |= KEY_MPLS;
	k[n] = k[n - 1];
	k[n++].mpls_vlan_inner = 1 << 12;
	k[n] = k[n - 1];
	k[n++].vni = 1;
	k[n++] = key_v6(0, 0, 0, 0); // IPv4 before IPv6
	k[n++] = key_v6(1, 0, 0, 0);
	k[n++] = key_v6(1, 0, 1, 0);
	k[n] = key_v4(0, 0, 0, 0); // what found no room is last
	k[n++].flags |= KEY_REST;
	cr_assert_leq(n, sizeof(k) / sizeof(k[0]));
	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < n; j++) {
			int c = flow_key_compare(&k[i], &k[j]);
			cr_assert_eq(
				(c > 0) - (c < 0), (i > j) - (i < j), "%u and %u: %d", i, j, c
			);
		}
	}
}

Test(flow_key, order_knows_every_field) {
	struct flow_key full = key_full(KEY_V4);
	for (unsigned f = 0; f < FIELD_RULE; f++) {
		struct flow_key mask, less = full;
		flow_key_mask(&mask, FIELD_BIT(f));
		for (unsigned i = 0; i < sizeof(less); i++)
			((uint8_t *)&less)[i] &= (uint8_t) ~((uint8_t *)&mask)[i];
		cr_assert_gt(flow_key_compare(&full, &less), 0, "%s", field_name((enum field)f));
		cr_assert_lt(flow_key_compare(&less, &full), 0, "%s", field_name((enum field)f));
	}
}

Test(flow_key, a_cut_leaves_the_high_bits_of_addresses) {
	static const struct {
		uint8_t v4, v6;
		uint8_t four[4], six[16];
	} table[] = {
		{0, 0, {255, 255, 255, 255}, {[0 ... 15] = 255}},
		{8, 64, {255, 255, 255, 0}, {[0 ... 7] = 255}},
		{1, 127, {255, 255, 255, 254}, {128}},
		{31, 3, {128, 0, 0, 0}, {[0 ... 14] = 255, [15] = 248}},
		{20, 92, {255, 240, 0, 0}, {255, 255, 255, 255, 240}},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct flow_key mask, other;
		flow_key_mask(&mask, FIELD_SET_ALL);
		other = mask;
		struct key_cut src = {.v4 = {table[i].v4, 0}, .v6 = {table[i].v6, 0}};
		struct key_cut dst = {.v4 = {0, table[i].v4}, .v6 = {0, table[i].v6}};
		flow_key_cut(&mask, &src);
		cr_expect_arr_eq(mask.src4, table[i].four, 4);
		cr_expect_arr_eq(mask.src6, table[i].six, 16);
		cr_expect_arr_eq(mask.dst4, other.dst4, 4);
		cr_expect_arr_eq(mask.dst6, other.dst6, 16);
		flow_key_cut(&other, &dst);
		cr_expect_arr_eq(other.dst4, table[i].four, 4);
		cr_expect_arr_eq(other.dst6, table[i].six, 16);
	}
}

Test(flow_key, the_finer_of_two_cuts_is_what_both_need) {
	struct key_cut cut = {0};
	uint32_t fields = 0;
	const struct key_cut a = {.v4 = {8, 0}, .v6 = {0, 0}}, b = {.v4 = {16, 4}, .v6 = {64, 0}};
	key_cut_refine(&cut, &fields, &b, FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_VLAN));
	cr_expect_eq(cut.v4[0], 16);
	cr_expect_eq(cut.v6[0], 64);
	cr_expect_eq(cut.v4[1], 0);
	key_cut_refine(&cut, &fields, &a, FIELD_BIT(FIELD_SRC_IP));
	cr_expect_eq(cut.v4[0], 8);
	cr_expect_eq(cut.v6[0], 0);
	key_cut_refine(&cut, &fields, &b, FIELD_BIT(FIELD_DEST_IP));
	cr_expect_eq(cut.v4[0], 8);
	cr_expect_eq(cut.v4[1], 4);
	uint32_t want = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP) | FIELD_BIT(FIELD_VLAN);
	cr_expect_eq(fields, want);
	cr_expect(key_cut_any(&cut));
	cr_expect_eq(key_cut_prefix(&cut, FIELD_DEST_IP, false), 28);
	cr_expect_eq(key_cut_prefix(&cut, FIELD_DEST_IP, true), 128);
}

Test(flow_key, order_ignores_the_hash) {
	struct flow_key a = key_full(KEY_V6), b = a;
	b.hash = 12345;
	cr_assert_eq(flow_key_compare(&a, &b), 0);
}
