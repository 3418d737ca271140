// What makes packets parts of one connection.

#include "match/tcp_tuple.h"

#include "tcp_rig.h"

#include <criterion/criterion.h>

static struct tcp_tuple tuple(const struct flow_key *k, uint32_t *dir) {
	struct tcp_tuple t;
	memset(&t, 0xa5, sizeof(t));
	*dir = tcp_tuple_of(&t, k);
	return t;
}

Test(tcp_tuple, is_the_same_for_both_directions) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	for (int i = 0; i < 4; i++) {
		struct flow_key k = rig_key(0x01020304, 40000);
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
		struct tcp_tuple a = tuple(&k, &dir);
		rig_swap(&k);
		struct tcp_tuple b = tuple(&k, &back);
		cr_assert(tcp_tuple_equal(&a, &b));
		cr_assert_neq(dir, back);
		cr_assert_eq(tcp_tuple_hash(&a, &seed), tcp_tuple_hash(&b, &seed));
	}
}

Test(tcp_tuple, has_a_direction_even_from_an_end_to_itself) {
	struct flow_key k = rig_key(0x01020304, 80);
	memcpy(k.dst4, k.src4, 4);
	uint32_t dir;
	struct tcp_tuple a = tuple(&k, &dir);
	cr_assert_eq(dir, 0);
	cr_assert_eq(a.port[0], 80);
	cr_assert_eq(a.port[1], 80);
}

Test(tcp_tuple, tells_apart_by_addresses_ports_vlans_and_vni_only) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	struct flow_key k = rig_key(0x01020304, 40000);
	uint32_t dir;
	struct tcp_tuple a = tuple(&k, &dir);
	struct flow_key other[] = {k, k, k, k, k, k};
	other[0].src4[3]++;
	other[1].dst4[0]++;
	other[2].dst_port++;
	other[3].vlan = 7;
	other[3].flags |= KEY_VLAN;
	other[4].mpls_vlan_inner = 7;
	other[4].flags |= KEY_VLAN_INNER;
	other[5].flags |= KEY_VNI; // VNI 0 is one
	for (int i = 0; i < 6; i++) {
		struct tcp_tuple b = tuple(&other[i], &dir);
		cr_assert_not(tcp_tuple_equal(&a, &b), "%d", i);
		cr_assert_neq(tcp_tuple_hash(&a, &seed), tcp_tuple_hash(&b, &seed), "%d", i);
	}
	struct flow_key same = k;
	same.tos = 4;
	same.in_port = 1;
	same.mpls_vlan_inner = 99 << 12;
	same.flags |= KEY_MPLS;
	same.hash = 5;
	struct tcp_tuple b = tuple(&same, &dir);
	cr_assert(tcp_tuple_equal(&a, &b));
}
