// What makes packets parts of one flow.

#include "packet/flow_tuple.h"

#include "tcp_key.h"

#include <criterion/criterion.h>

static struct flow_tuple tuple(const struct flow_key *k, uint32_t *dir) {
	struct flow_tuple t;
	memset(&t, 0xa5, sizeof(t));
	*dir = flow_tuple_of(&t, k);
	return t;
}

Test(flow_tuple, is_the_same_for_both_directions) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	for (int i = 0; i < 4; i++) {
		struct flow_key k = tcp_key(0x01020304, 40000);
		if (i == 1)
			memcpy(k.dst4, k.src4, 4); // ports alone tell the ends apart
		if (i >= 2)
			k = (struct flow_key
			){.flags = KEY_V6,
			  .proto = 6,
			  .src6 = {1, [15] = 9},
			  .dst6 = {1, [15] = 8}};
		k.src_port = i == 3 ? 80 : k.src_port;
		uint32_t dir, back;
		struct flow_tuple a = tuple(&k, &dir);
		tcp_key_swap(&k);
		struct flow_tuple b = tuple(&k, &back);
		cr_assert(flow_tuple_equal(&a, &b));
		cr_assert_neq(dir, back);
		cr_assert_eq(flow_tuple_hash(&a, &seed), flow_tuple_hash(&b, &seed));
	}
}

Test(flow_tuple, has_a_direction_even_from_an_end_to_itself) {
	struct flow_key k = tcp_key(0x01020304, 80);
	memcpy(k.dst4, k.src4, 4);
	uint32_t dir;
	struct flow_tuple a = tuple(&k, &dir);
	cr_assert_eq(dir, 0);
	cr_assert_eq(a.port[0], 80);
	cr_assert_eq(a.port[1], 80);
}

Test(flow_tuple, tells_apart_by_addresses_ports_protocol_vlans_and_vni_only) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	struct flow_key k = tcp_key(0x01020304, 40000);
	uint32_t dir;
	struct flow_tuple a = tuple(&k, &dir);
	struct flow_key other[] = {k, k, k, k, k, k, k};
	other[0].src4[3]++;
	other[1].dst4[0]++;
	other[2].dst_port++;
	other[3].vlan = 7;
	other[3].flags |= KEY_VLAN;
	other[4].mpls_vlan_inner = 7;
	other[4].flags |= KEY_VLAN_INNER;
	other[5].flags |= KEY_VNI; // VNI 0 is one
	other[6].proto = 17;
	for (int i = 0; i < 7; i++) {
		struct flow_tuple b = tuple(&other[i], &dir);
		cr_assert_not(flow_tuple_equal(&a, &b), "%d", i);
		cr_assert_neq(flow_tuple_hash(&a, &seed), flow_tuple_hash(&b, &seed), "%d", i);
	}
	struct flow_key same = k;
	same.tos = 4;
	same.icmp_type = 8;
	same.icmp_code = 1;
	same.in_port = 1;
	same.mpls_vlan_inner = 99 << 12;
	same.flags |= KEY_MPLS;
	same.hash = 5;
	struct flow_tuple b = tuple(&same, &dir);
	cr_assert(flow_tuple_equal(&a, &b));
}

Test(flow_tuple, gives_back_the_key_of_each_direction) {
	struct flow_key keys[3] = {tcp_key(0x01020304, 40000), tcp_key(0xf1020304, 40000)};
	keys[0].vlan = 0xfff;
	keys[0].mpls_vlan_inner = 0xffe;
	keys[0].vni = 0xffffff;
	keys[0].flags |= KEY_VLAN | KEY_VLAN_INNER | KEY_VNI;
	keys[2] = (struct flow_key
	){.flags = KEY_V6, .proto = 58, .src6 = {1, [15] = 9}, .dst6 = {1, [15] = 8}};
	for (int i = 0; i < 3; i++) {
		struct flow_key back, k = keys[i];
		uint32_t dir;
		struct flow_tuple t = tuple(&k, &dir);
		flow_tuple_key(&t, dir, &back);
		cr_assert_eq(memcmp(&back, &k, sizeof(k)), 0);
		tcp_key_swap(&k);
		flow_tuple_key(&t, !dir, &back);
		cr_assert_eq(memcmp(&back, &k, sizeof(k)), 0);
	}
}

Test(flow_tuple, is_the_same_with_its_hash_when_both_come_from_the_key) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 3);
	for (int i = 0; i < 4; i++) {
		struct flow_key k = tcp_key(0x01020304, 40000);
		k.vlan = 7;
		k.mpls_vlan_inner = 5 << 12 | 9;
		k.vni = 0x123456;
		k.flags |= KEY_VLAN | KEY_VLAN_INNER | KEY_MPLS | KEY_VNI;
		if (i >= 2) {
			memset(k.src4, 0, 8);
			k.flags = KEY_V6;
			memcpy(k.src6, "0123456789abcdef", 16);
			memcpy(k.dst6, "0123456789abcdee", 16);
		}
		if (i % 2 == 1)
			k.src_port = 1;
		uint32_t dir;
		struct flow_tuple t = tuple(&k, &dir);
		struct flow_side side;
		memset(&side, 0x5a, sizeof(side));
		flow_side_of(&side, &k, &seed);
		cr_assert(flow_tuple_equal(&t, &side.tuple), "%d", i);
		cr_assert_eq(dir, side.dir, "%d", i);
		cr_assert_eq(flow_tuple_hash(&t, &seed), side.hash, "%d", i);
	}
}
