// What is below IP: each link type and each header between a frame's first octet and its first IP
// header, whole, cut and inconsistent.

#include "parsed.h"

#include <criterion/criterion.h>

static struct frame f;

static struct parsed finish(void) {
	frame_end(&f);
	return parse_frame(&f);
}

static int inner_counted(const struct parsed *r) {
	return is_counted(r, "192.168.0.1", "192.168.0.2") && r->key.dst_port == 2222;
}

// Starts a frame of another link type with these octets, and an inner packet behind them.
#define LINK_FRAME(...)                        \
	do {                                   \
		frame_start(&f);               \
		frame_octets(&f, __VA_ARGS__); \
		frame_inner(&f);               \
		frame_end(&f);                 \
	} while (0)

Test(parse_link, calls_a_frame_shorter_than_ethernet_truncated) {
	frame_sample(&f, 0);
	for (uint32_t len = 0; len < 14; len++) {
		struct parsed r = parse_cut(&f, len, 0);
		cr_assert(is_malformed(&r, REASON_LINK_TRUNCATED));
	}
}

Test(parse_link, calls_other_protocols_not_ip) {
	frame_start(&f);
	frame_ethernet(&f, 0x0806);
	frame_zeros(&f, 28);
	struct parsed r = finish();
	cr_assert(is_non_ip(&r, REASON_NOT_IP));
}

Test(parse_link, reads_up_to_four_vlan_tags_of_three_kinds) {
	frame_sample(&f, 5);
	struct parsed r = parse_frame(&f);
	cr_assert(inner_counted(&r));
	cr_assert_eq(r.key.flags, KEY_V4 | KEY_VLAN | KEY_VLAN_INNER);
	cr_assert_eq(r.key.vlan, 5);
	cr_assert_eq(flow_key_vlan_inner(&r.key), 6);
}

Test(parse_link, calls_a_fifth_vlan_tag_malformed) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	for (uint16_t i = 0; i < 5; i++)
		frame_vlan(&f, 0x8100, i);
	frame_inner(&f);
	struct parsed r = finish();
	cr_assert(is_malformed(&r, REASON_VLAN_DEPTH));
}

Test(parse_link, takes_only_the_tag_right_behind_the_outermost_for_the_inner_one) {
	frame_sample(&f, 17); // tag, MPLS, GRE, VXLAN, tag
	struct parsed r = parse_frame(&f);
	cr_assert(inner_counted(&r));
	cr_assert_eq(r.key.flags, KEY_V4 | KEY_VLAN | KEY_MPLS | KEY_VNI);
	cr_assert_eq(r.key.vlan, 5);
	cr_assert_eq(flow_key_mpls(&r.key), 100);
	cr_assert_eq(r.key.vni, 79);
}

Test(parse_link, keeps_vlan_and_mpls_of_a_key_apart) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_vlan(&f, 0x88a8, 4095);
	frame_vlan(&f, 0x8100, 4094);
	frame_mpls(&f, 0xfffff, 0);
	frame_mpls(&f, 16, 1);
	frame_inner(&f);
	struct parsed r = finish();
	cr_assert(inner_counted(&r));
	cr_assert_eq(r.key.vlan, 4095);
	cr_assert_eq(flow_key_vlan_inner(&r.key), 4094);
	cr_assert_eq(flow_key_mpls(&r.key), 0xfffff);
}

Test(parse_link, calls_a_cut_tag_vlan_truncated) {
	frame_sample(&f, 4);
	for (uint32_t len = 14; len < 18; len++) {
		struct parsed r = parse_cut(&f, len, 0);
		cr_assert(is_malformed(&r, REASON_VLAN_TRUNCATED));
	}
}

Test(parse_link, calls_a_cut_label_stack_mpls_truncated) {
	frame_sample(&f, 6);
	for (uint32_t len = 14; len <= 22; len++) { // 22: nothing behind the bottom
		struct parsed r = parse_cut(&f, len, 0);
		cr_assert(is_malformed(&r, REASON_MPLS_TRUNCATED), "%u", len);
	}
}

Test(parse_link, reads_ip_behind_mpls_by_its_first_nibble) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_mpls(&f, 100, 1);
	frame_ipv6(&f, "fd00::1", "fd00::2", 17);
	frame_udp(&f, 1, 2);
	struct parsed r = finish();
	cr_assert(is_counted(&r, "fd00::1", "fd00::2"));
}

Test(parse_link, reads_pseudowires_but_not_behind_a_control_word) {
	for (int word = 0; word < 2; word++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_mpls(&f, 100, 1);
		frame_zeros(&f, word ? 4 : 0);
		frame_ethernet(&f, 0x0800);
		frame_inner(&f);
		struct parsed r = finish();
		if (word)
			cr_assert_eq(r.pkt.reason, REASON_NOT_IP);
		else
			cr_assert(inner_counted(&r));
	}
}

Test(parse_link, reads_a_pseudowire_whose_mac_address_begins_like_ip) {
	static const uint8_t first[] = {0x44, 0x46, 0x60};
	for (unsigned i = 0; i < sizeof(first); i++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_mpls(&f, 100, 1);
		frame_ethernet(&f, 0x0800);
		f.octet[18] = first[i];
		f.octet[20] = f.octet[22] = 0xff; // no IP packet is as long as this would say
		frame_inner(&f);
		struct parsed r = finish();
		cr_assert(inner_counted(&r), "%x", first[i]);
	}
}

Test(parse_link, does_not_look_for_ip_behind_labels_for_operators) {
	static const struct {
		uint32_t label;
		uint8_t first;
	} t[] = {{13, 0x45}, {14, 0x45}, {100, 0x10}, {100, 0xf0}};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_mpls(&f, t[i].label, 1);
		frame_inner(&f);
		frame_end(&f);
		f.octet[18] = t[i].first;
		struct parsed r = parse_frame(&f);
		cr_assert(is_non_ip(&r, REASON_NOT_IP));
	}
}

Test(parse_link, reads_pppoe_with_either_length_of_ppp_protocol) {
	frame_sample(&f, 8);
	struct parsed r = parse_frame(&f);
	cr_assert(inner_counted(&r));
	frame_start(&f);
	frame_ethernet(&f, 0x8864);
	frame_octets(&f, 0x11, 0, 0, 1, 0, 34, 0x21);
	frame_inner(&f);
	r = finish();
	cr_assert(inner_counted(&r));
}

Test(parse_link, reads_ipv6_and_mpls_behind_ppp) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_pppoe(&f, 0x0057);
	frame_ipv6(&f, "fd00::1", "fd00::2", 17);
	frame_udp(&f, 1, 2);
	struct parsed r = finish();
	cr_assert(is_counted(&r, "fd00::1", "fd00::2"));
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_pppoe(&f, 0x0281);
	frame_mpls(&f, 55, 1);
	frame_inner(&f);
	r = finish();
	cr_assert(inner_counted(&r));
	cr_assert_eq(flow_key_mpls(&r.key), 55);
}

Test(parse_link, calls_other_ppp_protocols_not_ip) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_pppoe(&f, 0xc021); // LCP
	frame_zeros(&f, 40);
	struct parsed r = finish();
	cr_assert(is_non_ip(&r, REASON_NOT_IP));
}

Test(parse_link, calls_pppoe_that_is_cut_or_inconsistent_malformed) {
	frame_sample(&f, 8);
	for (uint32_t len = 14; len < 22; len++) {
		struct parsed r = parse_cut(&f, len, 0);
		cr_assert(is_malformed(&r, REASON_PPPOE_HEADER), "%u", len);
	}
	f.octet[14] = 0x21; // version 2
	struct parsed r = parse_frame(&f);
	cr_assert(is_malformed(&r, REASON_PPPOE_HEADER));
	f.octet[14] = 0x11;
	f.octet[15] = 0x09; // a discovery code in a session frame
	r = parse_frame(&f);
	cr_assert(is_malformed(&r, REASON_PPPOE_HEADER));
	f.octet[15] = 0;
	f.octet[18] = f.octet[19] = 0; // no octet of payload
	r = parse_frame(&f);
	cr_assert(is_malformed(&r, REASON_PPPOE_HEADER));
}

Test(parse_link, reads_ip_behind_llc_and_snap) {
	static const struct {
		uint8_t octet[8];
		uint8_t len;
		bool ip;
	} t[] = {
		{{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 8, true},
		{{0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0}, 8, true}, // Cisco's
		{{0xaa, 0xaa, 3, 0, 0, 0x0c, 8, 0}, 8, false}, // another's
		{{0x06, 0x06, 3}, 3, true},
		{{0x06, 0x06, 0, 0}, 4, true}, // numbered information
		{{0x06, 0x06, 0xaf}, 3, false}, // XID
		{{0x42, 0x42, 3}, 3, false}, // spanning tree
		{{0xff, 0xff, 3}, 3, false}, // IPX without LLC
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		frame_start(&f);
		frame_ethernet(&f, 200); // a length, and more than there is
		frame_payload(&f, t[i].octet, t[i].len);
		frame_inner(&f);
		struct parsed r = finish();
		if (t[i].ip)
			cr_assert(inner_counted(&r), "%u", i);
		else
			cr_assert(is_non_ip(&r, REASON_NOT_IP), "%u", i);
	}
}

Test(parse_link, takes_types_between_length_and_ethertype_for_another_protocol) {
	frame_start(&f);
	frame_ethernet(&f, 1501);
	frame_inner(&f);
	struct parsed r = finish();
	cr_assert(is_non_ip(&r, REASON_NOT_IP));
}

Test(parse_link, calls_cut_llc_truncated) {
	frame_sample(&f, 9);
	for (uint32_t len = 14; len < 22; len++) {
		struct parsed r = parse_cut(&f, len, 0);
		cr_assert(is_malformed(&r, REASON_LINK_TRUNCATED), "%u", len);
	}
}

Test(parse_link, reads_raw_ip_by_its_version) {
	frame_start(&f);
	frame_inner(&f);
	frame_end(&f);
	struct parsed r = parse_frame_link(&f, LINK_RAW);
	cr_assert(inner_counted(&r));
	f.octet[0] = 0x75;
	r = parse_frame_link(&f, LINK_RAW);
	cr_assert(is_non_ip(&r, REASON_NOT_IP));
	f.len = 0;
	r = parse_frame_link(&f, LINK_RAW);
	cr_assert(is_malformed(&r, REASON_LINK_TRUNCATED));
}

Test(parse_link, reads_ppp_that_a_driver_left_ahead_of_raw_ip) {
	LINK_FRAME(0xff, 0x03, 0x00, 0x21);
	struct parsed r = parse_frame_link(&f, LINK_RAW);
	cr_assert(inner_counted(&r));
	LINK_FRAME(0, 0, 0, 0, 0, 0, 0xff, 0x03, 0x21);
	r = parse_frame_link(&f, LINK_RAW);
	cr_assert(inner_counted(&r));
}

Test(parse_link, reads_linux_cooked_captures) {
	LINK_FRAME(0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00);
	struct parsed r = parse_frame_link(&f, LINK_SLL);
	cr_assert(inner_counted(&r));
	f.len = 15;
	r = parse_frame_link(&f, LINK_SLL);
	cr_assert(is_malformed(&r, REASON_LINK_TRUNCATED));
	LINK_FRAME(0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x04, 6, 6, 3); // 802.2
	r = parse_frame_link(&f, LINK_SLL);
	cr_assert(inner_counted(&r));
	LINK_FRAME(0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0x00, 0, 7, 0x08, 0x00);
	r = parse_frame_link(&f, LINK_SLL);
	cr_assert(inner_counted(&r));
	cr_assert_eq(r.key.vlan, 7);
	LINK_FRAME(0, 0, 0x03, 0x38, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00); // netlink
	r = parse_frame_link(&f, LINK_SLL);
	cr_assert(is_non_ip(&r, REASON_NOT_IP));
}

Test(parse_link, reads_linux_cooked_captures_of_version_2) {
	LINK_FRAME(0x08, 0x00, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0);
	struct parsed r = parse_frame_link(&f, LINK_SLL2);
	cr_assert(inner_counted(&r));
	f.len = 19;
	r = parse_frame_link(&f, LINK_SLL2);
	cr_assert(is_malformed(&r, REASON_LINK_TRUNCATED));
}

Test(parse_link, reads_bsd_loopback_in_either_byte_order) {
	static const uint8_t v4[][4] = {{2, 0, 0, 0}, {0, 0, 0, 2}, {0, 2, 0, 0}, {0, 0, 8, 0}};
	for (unsigned i = 0; i < sizeof(v4) / sizeof(v4[0]); i++) {
		LINK_FRAME(v4[i][0], v4[i][1], v4[i][2], v4[i][3]);
		struct parsed r = parse_frame_link(&f, LINK_NULL);
		cr_assert(inner_counted(&r), "%u", i);
	}
	static const uint8_t v6[] = {24, 28, 30};
	for (unsigned i = 0; i < 2 * sizeof(v6); i++) {
		frame_start(&f);
		frame_octets(&f, i & 1 ? 0 : v6[i / 2], 0, 0, i & 1 ? v6[i / 2] : 0);
		frame_ipv6(&f, "fd00::1", "fd00::2", 59);
		frame_end(&f);
		struct parsed r = parse_frame_link(&f, LINK_NULL);
		cr_assert(is_counted(&r, "fd00::1", "fd00::2"), "%u", i);
	}
	LINK_FRAME(7, 0, 0, 0); // ISO
	struct parsed r = parse_frame_link(&f, LINK_NULL);
	cr_assert(is_non_ip(&r, REASON_NOT_IP));
	f.len = 3;
	r = parse_frame_link(&f, LINK_NULL);
	cr_assert(is_malformed(&r, REASON_LINK_TRUNCATED));
}
