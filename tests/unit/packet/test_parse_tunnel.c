// Tunnels: each looked into when it is listed, left alone when it is not, and what becomes of one
// that is cut or holds something else.

#include "parsed.h"

#include <criterion/criterion.h>

static struct frame f;

static struct parsed finish(void) {
	frame_end(&f);
	return parse_frame(&f);
}

static int inner_counted(const struct parsed *r) {
	return is_counted(r, "192.168.0.1", "192.168.0.2") && r->key.dst_port == 2222
		&& r->pkt.ip_len == 33 && r->pkt.payload_len == 5;
}

static int outer_counted(const struct parsed *r) {
	return is_counted(r, "10.0.0.1", "10.0.0.2");
}

Test(parse_tunnel, looks_into_a_tunnel_only_when_it_is_listed) {
	static const struct {
		unsigned sample;
		enum tunnel tunnel;
	} t[] = {
		{10, TUNNEL_GRE},    {11, TUNNEL_GRE},  {12, TUNNEL_VXLAN},
		{13, TUNNEL_GENEVE}, {14, TUNNEL_GTPU}, {15, TUNNEL_IPIP},
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *name = frame_sample(&f, t[i].sample);
		struct parsed r = parse_frame_tunnels(&f, t[i].tunnel);
		cr_assert(inner_counted(&r), "%s", name);
		r = parse_frame_tunnels(&f, TUNNEL_ALL & ~t[i].tunnel);
		cr_assert(outer_counted(&r), "%s", name);
		cr_assert_eq(r.pkt.ip_len, f.len - 14, "%s", name);
	}
}

Test(parse_tunnel, looks_into_tunnels_inside_tunnels) {
	frame_sample(&f, 17);
	struct parsed r = parse_frame(&f);
	cr_assert(inner_counted(&r));
	r = parse_frame_tunnels(&f, TUNNEL_GRE);
	cr_assert(is_counted(&r, "10.0.1.1", "10.0.1.2"));
	cr_assert_eq(r.key.dst_port, 4789);
	cr_assert_eq(r.key.flags, KEY_V4 | KEY_VLAN | KEY_MPLS);
}

Test(parse_tunnel, clears_the_outer_addresses_when_the_family_changes) {
	frame_sample(&f, 16); // IPv6 in IPv4
	struct parsed r = parse_frame(&f);
	cr_assert(is_counted(&r, "fd00::1", "fd00::2"));
	cr_assert_eq(r.key.src4[0], 0);
	cr_assert_eq(r.key.flags, KEY_V6);
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_ipv6(&f, "fd00::1", "fd00::2", 4);
	frame_inner(&f);
	r = finish();
	cr_assert(inner_counted(&r));
	cr_assert_eq(r.key.src6[0], 0);
	cr_assert_eq(r.pkt.flags, 0);
}

Test(parse_tunnel, takes_the_innermost_vni) {
	frame_start(&f);
	frame_outer_udp(&f, 4789);
	frame_vxlan(&f, 1);
	frame_ethernet(&f, 0);
	frame_ipv4(&f, "10.0.1.1", "10.0.1.2", 17);
	frame_udp(&f, 1, 6081);
	frame_geneve(&f, 0xffffff, 0);
	frame_inner(&f);
	struct parsed r = finish();
	cr_assert(inner_counted(&r));
	cr_assert_eq(r.key.vni, 0xffffff);
}

Test(parse_tunnel, goes_by_the_port_on_either_side) {
	static const uint16_t port[] = {4789, 6081, 2152};
	for (unsigned i = 0; i < sizeof(port) / sizeof(port[0]); i++) {
		frame_sample(&f, 12 + i);
		f.octet[34] = (uint8_t)(port[i] >> 8);
		f.octet[35] = (uint8_t)port[i];
		f.octet[36] = 0x9c;
		struct parsed r = parse_frame(&f);
		cr_assert(inner_counted(&r), "%u", port[i]);
	}
}

Test(parse_tunnel, skips_every_optional_field_of_gre) {
	static const struct {
		uint8_t flags, version;
		uint32_t more;
	} t[] = {
		{0x80, 0, 4},  {0x20, 0, 4}, {0x10, 0, 4},
		{0xb0, 0, 12}, {0x40, 0, 8}, {0x30, 0x81, 12},
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		frame_start(&f);
		frame_outer(&f, 47);
		frame_gre(&f, 0x0800);
		f.octet[34] = t[i].flags;
		f.octet[35] = t[i].version;
		frame_zeros(&f, t[i].more); // of zeros is also the last source route entry
		frame_inner(&f);
		struct parsed r = finish();
		cr_assert(inner_counted(&r), "%u", i);
	}
}

Test(parse_tunnel, reads_ppp_in_gre_of_version_1) {
	frame_start(&f);
	frame_outer(&f, 47);
	frame_gre(&f, 0x880b);
	f.octet[34] = 0x20;
	f.octet[35] = 0x01;
	frame_octets(&f, 0, 0, 0, 0, 0xff, 0x03, 0x00, 0x21);
	frame_inner(&f);
	struct parsed r = finish();
	cr_assert(inner_counted(&r));
}

Test(parse_tunnel, reads_wccp_with_and_without_its_redirect_header) {
	for (int v2 = 0; v2 < 2; v2++) {
		frame_start(&f);
		frame_outer(&f, 47);
		frame_gre(&f, 0x883e);
		frame_zeros(&f, v2 ? 4 : 0);
		frame_inner(&f);
		struct parsed r = finish();
		cr_assert(inner_counted(&r));
	}
}

Test(parse_tunnel, calls_a_cut_gre_header_malformed) {
	frame_start(&f);
	frame_outer(&f, 47);
	frame_octets(&f, 0x20, 0, 8, 0, 0, 0); // half a key
	struct parsed r = finish();
	cr_assert(is_malformed(&r, REASON_TUNNEL_HEADER));
}

Test(parse_tunnel, counts_gre_that_holds_nothing_or_no_ip_under_its_own_header) {
	static const uint16_t type[] = {0x0806, 0x88be, 0x0800};
	for (unsigned i = 0; i < sizeof(type) / sizeof(type[0]); i++) {
		frame_start(&f);
		frame_outer(&f, 47);
		frame_gre(&f, type[i]);
		frame_zeros(&f, type[i] == 0x0800 ? 0 : 40);
		struct parsed r = finish();
		cr_assert(outer_counted(&r), "%x", type[i]);
		cr_assert_eq(r.key.proto, 47);
	}
}

Test(parse_tunnel, calls_an_announced_inner_header_that_is_cut_or_impossible_malformed) {
	for (uint32_t len = 1; len < 20; len++) {
		frame_start(&f);
		frame_outer(&f, 47);
		frame_gre(&f, 0x0800);
		frame_octets(&f, 0x45);
		frame_zeros(&f, len - 1);
		struct parsed r = finish();
		cr_assert(is_malformed(&r, REASON_IPV4_TRUNCATED), "%u", len);
	}
	frame_sample(&f, 12);
	f.octet[64] = 0x43;
	struct parsed r = parse_frame(&f);
	cr_assert(is_malformed(&r, REASON_IPV4_HEADER));
	frame_sample(&f, 16);
	f.octet[34] = 0x30;
	r = parse_frame(&f);
	cr_assert(is_malformed(&r, REASON_IPV6_HEADER));
}

Test(parse_tunnel, counts_udp_that_is_too_short_for_a_tunnel_under_its_own_header) {
	static const uint16_t port[] = {4789, 6081, 2152};
	for (unsigned i = 0; i < sizeof(port) / sizeof(port[0]); i++) {
		for (uint32_t len = 0; len < 22; len++) {
			frame_start(&f);
			frame_outer_udp(&f, port[i]);
			frame_octets(&f, 0x30, 0xff, 0x65, 0x58);
			f.len -= 4;
			frame_zeros(&f, len);
			struct parsed r = finish();
			cr_assert(outer_counted(&r), "%u %u", port[i], len);
			cr_assert_eq(r.key.dst_port, port[i]);
			cr_assert_eq(r.pkt.payload_len, len);
		}
	}
}

Test(parse_tunnel, counts_a_tunnel_without_ip_under_its_own_header) {
	frame_start(&f);
	frame_outer_udp(&f, 4789);
	frame_vxlan(&f, 7);
	frame_ethernet(&f, 0x0806);
	frame_zeros(&f, 28);
	struct parsed r = finish();
	cr_assert(outer_counted(&r));
	cr_assert_eq(r.key.dst_port, 4789);
	frame_start(&f);
	frame_outer_udp(&f, 2152);
	frame_octets(&f, 0x32, 0x01, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0); // echo request
	r = finish();
	cr_assert(outer_counted(&r));
}

Test(parse_tunnel, does_not_look_into_udp_whose_length_is_impossible) {
	for (uint8_t len = 0; len < 8; len++) {
		frame_sample(&f, 12);
		f.octet[38] = 0;
		f.octet[39] = len;
		struct parsed r = parse_frame(&f);
		cr_assert(outer_counted(&r));
	}
}

Test(parse_tunnel, skips_geneve_options) {
	for (uint32_t words = 0; words < 64; words++) {
		frame_start(&f);
		frame_outer_udp(&f, 6081);
		frame_geneve(&f, 5, 0x0800);
		f.octet[42] = (uint8_t)words;
		frame_zeros(&f, words * 4);
		frame_inner(&f);
		struct parsed r = finish();
		cr_assert(inner_counted(&r));
		cr_assert_eq(r.key.vni, 5);
	}
}

Test(parse_tunnel, does_not_guess_at_versions_it_does_not_know) {
	frame_sample(&f, 13);
	f.octet[42] = 0x40; // Geneve 1
	struct parsed r = parse_frame(&f);
	cr_assert(outer_counted(&r));
	frame_sample(&f, 10);
	f.octet[35] = 2; // GRE 2
	r = parse_frame(&f);
	cr_assert(outer_counted(&r));
	frame_sample(&f, 14);
	f.octet[42] = 0x50; // GTP 2
	r = parse_frame(&f);
	cr_assert(outer_counted(&r));
}

Test(parse_tunnel, skips_optional_fields_and_extension_headers_of_gtpu) {
	static const struct {
		uint8_t flags, len, octet[12];
		bool inner;
	} t[] = {
		{0x32, 4, {0, 1, 0, 0}, true}, // sequence number
		{0x34, 8, {0, 0, 0, 0x85, 1, 0, 0, 0}, true}, // a PDU session container
		{0x34, 12, {0, 0, 0, 0xc0, 1, 0, 0, 0x85, 1, 0, 0, 0}, true},
		{0x34, 8, {0, 0, 0, 0x85, 0, 0, 0, 0}, false}, // of length 0
		{0x34, 8, {0, 0, 0, 0x85, 255, 0, 0, 0}, false}, // longer than the packet
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		frame_start(&f);
		frame_outer_udp(&f, 2152);
		frame_gtpu(&f, 1);
		f.octet[42] = t[i].flags;
		frame_payload(&f, t[i].octet, t[i].len);
		frame_inner(&f);
		struct parsed r = finish();
		cr_assert_eq(inner_counted(&r), t[i].inner, "%u", i);
		cr_assert_eq(outer_counted(&r), !t[i].inner, "%u", i);
	}
}

Test(parse_tunnel, finds_ipv6_and_ethernet_in_gtpu) {
	frame_start(&f);
	frame_outer_udp(&f, 2152);
	frame_gtpu(&f, 1);
	frame_ipv6(&f, "fd00::1", "fd00::2", 17);
	frame_udp(&f, 1, 2);
	struct parsed r = finish();
	cr_assert(is_counted(&r, "fd00::1", "fd00::2"));
	frame_start(&f);
	frame_outer_udp(&f, 2152);
	frame_gtpu(&f, 1);
	frame_ethernet(&f, 0x0800);
	frame_inner(&f);
	r = finish();
	cr_assert(inner_counted(&r));
}

Test(parse_tunnel, reads_mpls_and_ethernet_straight_in_ip) {
	frame_start(&f);
	frame_outer(&f, 137);
	frame_mpls(&f, 66, 1);
	frame_inner(&f);
	struct parsed r = finish();
	cr_assert(inner_counted(&r));
	cr_assert_eq(flow_key_mpls(&r.key), 66);
	frame_start(&f);
	frame_outer(&f, 143);
	frame_ethernet(&f, 0x0800);
	frame_inner(&f);
	r = finish();
	cr_assert(inner_counted(&r));
	r = parse_frame_tunnels(&f, 0);
	cr_assert(outer_counted(&r));
}

Test(parse_tunnel, counts_an_empty_tunnel_packet_under_its_own_header) {
	frame_start(&f);
	frame_outer(&f, 4);
	struct parsed r = finish();
	cr_assert(outer_counted(&r));
	cr_assert_eq(r.key.proto, 4);
}
