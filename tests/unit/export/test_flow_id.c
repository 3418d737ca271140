// Flow ids: one for both directions, another for anything else, and safe to read as a double.

#include "alert_help.h"
#include "export/flow_id.h"

#include <criterion/criterion.h>
#include <string.h>

static struct flow_key key_of(const char *src, uint16_t sport, const char *dst, uint16_t dport) {
	struct flow_key k = make_alert(NULL, 0, src, dst).key;
	k.src_port = sport;
	k.dst_port = dport;
	return k;
}

Test(flow_id, is_the_same_for_both_directions) {
	struct flow_key there = key_of("10.0.0.1", 5000, "10.0.0.2", 53);
	struct flow_key back = key_of("10.0.0.2", 53, "10.0.0.1", 5000);
	struct flow_key a, b;
	there.in_port = 1;
	there.tos = 4;
	back.hash = 99;
	cr_expect_eq(flow_id(&there), flow_id(&back));
	flow_id_key(&a, &there);
	flow_id_key(&b, &back);
	cr_expect_eq(memcmp(&a, &b, sizeof(a)), 0);
	// Between ports of one address, and of IPv6.
	there = key_of("10.0.0.1", 7, "10.0.0.1", 9);
	back = key_of("10.0.0.1", 9, "10.0.0.1", 7);
	cr_expect_eq(flow_id(&there), flow_id(&back));
	there.flags = back.flags = KEY_V6;
	there.src6[0] = back.dst6[0] = 0xfe;
	cr_expect_eq(flow_id(&there), flow_id(&back));
}

Test(flow_id, differs_with_anything_that_makes_another_flow) {
	struct flow_key base = key_of("10.0.0.1", 5000, "10.0.0.2", 53), k[8];
	for (int i = 0; i < 8; i++)
		k[i] = base;
	k[1].src_port++;
	k[2].dst_port++;
	k[3].proto++;
	k[4].src4[3]++;
	k[5].flags |= KEY_VLAN;
	k[6].flags |= KEY_VLAN;
	k[6].vlan = 5;
	k[7].flags |= KEY_VNI;
	k[7].vni = 5;
	for (int i = 0; i < 8; i++)
		for (int j = 0; j < i; j++)
			cr_expect_neq(flow_id(&k[i]), flow_id(&k[j]), "%d and %d", i, j);
	// Ports crossed over are another conversation.
	struct flow_key crossed = key_of("10.0.0.1", 53, "10.0.0.2", 5000);
	cr_expect_neq(flow_id(&base), flow_id(&crossed));
}

Test(flow_id, is_never_zero_and_fits_53_bits) {
	for (uint32_t i = 0; i < 100000; i++) {
		struct flow_key k = key_of("10.0.0.1", (uint16_t)i, "10.0.0.2", (uint16_t)(i >> 8));
		uint64_t id = flow_id(&k);
		cr_assert(id > 0 && id < UINT64_C(1) << 53);
	}
}

Test(flow_id, stays_what_it_was) {
	struct flow_key k = key_of("10.0.0.1", 5000, "10.0.0.2", 53);
	cr_expect_eq(flow_id(&k), UINT64_C(1106348284603741));
}
