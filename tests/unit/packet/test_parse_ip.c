// IP headers and extension headers: what is malformed, what bounds the packet, which protocol is the
// final one.

#include "parsed.h"

#include <criterion/criterion.h>

static struct frame f;

static void start_ipv6(uint8_t next) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_ipv6(&f, "fd00::1", "fd00::2", next);
}

static struct parsed finish(void) {
	frame_end(&f);
	return parse_frame(&f);
}

Test(parse_ip, calls_a_cut_ipv4_header_truncated) {
	frame_sample(&f, 0);
	for (uint32_t len = 14; len < 34; len++) {
		struct parsed r = parse_cut(&f, len, 0);
		cr_assert(is_malformed(&r, REASON_IPV4_TRUNCATED), "%u", len);
	}
	f.octet[14] = 0x4f; // options up to octet 74
	f.octet[17] = 100;
	struct parsed r = parse_frame(&f);
	cr_assert(is_malformed(&r, REASON_IPV4_TRUNCATED));
}

Test(parse_ip, counts_an_ipv4_header_whose_options_were_not_captured) {
	frame_start(&f);
	frame_outer(&f, 17);
	f.octet[14] = 0x46;
	frame_zeros(&f, 4);
	frame_udp(&f, 1, 2);
	frame_end(&f);
	struct parsed r = parse_cut(&f, 36, 1);
	cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
	cr_assert_eq(r.key.dst_port, 0);
	r = parse_frame(&f);
	cr_assert_eq(r.key.dst_port, 2);
}

Test(parse_ip, calls_an_impossible_ipv4_header_malformed) {
	static const struct {
		uint8_t first, total;
	} t[] = {{0x05, 36}, {0x55, 36}, {0x44, 36}, {0x40, 36}, {0x45, 1}, {0x45, 19}, {0x46, 23}};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		frame_sample(&f, 0);
		f.octet[14] = t[i].first;
		f.octet[17] = t[i].total;
		struct parsed r = parse_frame(&f);
		cr_assert(is_malformed(&r, REASON_IPV4_HEADER), "%u", i);
	}
}

Test(parse_ip, takes_a_zero_total_length_for_what_the_frame_holds) {
	frame_sample(&f, 1);
	f.octet[16] = f.octet[17] = 0;
	struct parsed r = parse_frame(&f);
	cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
	cr_assert_eq(r.pkt.ip_len, f.len - 14);
	cr_assert_eq(r.pkt.payload_len, 5);
	r = parse_cut(&f, 60 - 14, 1); // on the wire, that is
	cr_assert_eq(r.pkt.ip_len, f.len - 14);
}

Test(parse_ip, counts_a_packet_that_claims_more_than_the_frame_has) {
	frame_sample(&f, 1);
	f.octet[16] = 0x40;
	struct parsed r = parse_frame(&f);
	cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
	cr_assert_eq(r.pkt.ip_len, 0x4000 + 45);
	cr_assert_eq(r.pkt.payload_len, 5);
}

Test(parse_ip, reads_no_ports_beyond_the_ip_length) {
	frame_sample(&f, 0);
	f.octet[17] = 23;
	struct parsed r = parse_frame(&f);
	cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
	cr_assert_eq(r.key.src_port, 0);
	cr_assert_eq(r.pkt.payload_len, 0);
}

Test(parse_ip, reads_tos_and_traffic_class) {
	frame_sample(&f, 0);
	f.octet[15] = 0xb8;
	struct parsed r = parse_frame(&f);
	cr_assert_eq(r.key.tos, 0xb8);
	start_ipv6(59);
	f.octet[14] = 0x6b;
	f.octet[15] = 0x8f;
	r = finish();
	cr_assert_eq(r.key.tos, 0xb8);
	cr_assert_eq(r.key.flags, KEY_V6);
	cr_assert_eq(r.pkt.flags, PACKET_V6);
}

Test(parse_ip, leaves_the_authentication_header_of_ipv4_the_final_protocol) {
	frame_start(&f);
	frame_outer(&f, 51);
	frame_octets(&f, 17, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	frame_udp(&f, 1, 2);
	struct parsed r = finish();
	cr_assert_eq(r.key.proto, 51);
	cr_assert_eq(r.key.src_port, 0);
	cr_assert_eq(r.pkt.payload_off, 34);
}

Test(parse_ip, finds_the_innermost_packet_behind_an_authentication_header) {
	frame_start(&f);
	frame_outer(&f, 51);
	frame_octets(&f, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	frame_inner(&f);
	struct parsed r = finish();
	cr_assert(is_counted(&r, "192.168.0.1", "192.168.0.2"));
}

Test(parse_ip, calls_a_cut_ipv6_header_truncated) {
	frame_sample(&f, 21);
	for (uint32_t len = 14; len < 54; len++) {
		struct parsed r = parse_cut(&f, len, 0);
		cr_assert(is_malformed(&r, REASON_IPV6_TRUNCATED), "%u", len);
	}
	f.octet[14] = 0x50;
	struct parsed r = parse_frame(&f);
	cr_assert(is_malformed(&r, REASON_IPV6_HEADER));
}

Test(parse_ip, skips_every_extension_header_for_the_final_protocol) {
	static const uint8_t skipped[] = {0, 43, 60, 135, 139, 140};
	for (unsigned i = 0; i < sizeof(skipped); i++) {
		start_ipv6(skipped[i]);
		frame_ipv6_ext(&f, 17, 16);
		frame_udp(&f, 3, 4);
		frame_payload(&f, "abc", 3);
		struct parsed r = finish();
		cr_assert_eq(r.key.proto, 17, "%u", skipped[i]);
		cr_assert_eq(r.key.dst_port, 4);
		cr_assert_eq(r.pkt.payload_len, 3);
		cr_assert_eq(r.pkt.ip_len, 40 + 16 + 8 + 3);
	}
	start_ipv6(51);
	frame_octets(&f, 17, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); // counts in words of four
	frame_udp(&f, 3, 4);
	struct parsed r = finish();
	cr_assert_eq(r.key.proto, 17);
	cr_assert_eq(r.key.dst_port, 4);
}

Test(parse_ip, stops_at_no_next_header_and_at_what_is_no_extension_header) {
	static const uint8_t final[] = {59, 50, 253};
	for (unsigned i = 0; i < sizeof(final); i++) {
		start_ipv6(final[i]);
		frame_zeros(&f, 16);
		struct parsed r = finish();
		cr_assert_eq(r.key.proto, final[i]);
		cr_assert_eq(r.pkt.payload_len, 16);
	}
}

Test(parse_ip, calls_an_extension_header_cut_by_the_packets_end_malformed) {
	start_ipv6(60);
	frame_octets(&f, 17, 3, 0, 0, 0, 0, 0, 0);
	struct parsed r = finish();
	cr_assert(is_malformed(&r, REASON_IPV6_EXT));
	frame_zeros(&f, 40); // behind the packet's end
	r = parse_frame(&f);
	cr_assert(is_malformed(&r, REASON_IPV6_EXT));
	start_ipv6(0);
	f.octet[18] = f.octet[19] = 0;
	r = parse_frame(&f);
	cr_assert(is_malformed(&r, REASON_IPV6_EXT));
}

Test(parse_ip, keeps_the_protocol_that_a_snapped_extension_header_names) {
	frame_sample(&f, 3); // hop-by-hop at 54, routing at 62, destination options at 86
	struct parsed r = parse_cut(&f, 64, 1);
	cr_assert_eq(r.key.proto, 60);
	r = parse_cut(&f, 63, 1);
	cr_assert_eq(r.key.proto, 43);
	cr_assert_eq(r.key.dst_port, 0);
}

Test(parse_ip, gives_later_fragments_of_ipv6_protocol_and_ports_of_their_first) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	struct parser p = {.fragments = fragment_table_new(64, &seed)};
	struct parsed r;
	for (int later = 0; later < 2; later++) {
		start_ipv6(44);
		// destination options belong to the fragmented part
		frame_ipv6_fragment(&f, 60, 0x12345678, later ? 16 : 0, !later);
		if (!later) {
			frame_ipv6_ext(&f, 17, 8);
			frame_udp(&f, 5, 6);
		} else {
			frame_zeros(&f, 20);
		}
		frame_end(&f);
		frame_packet(&f, &r.pkt, 0);
		parse_packet(&p, &r.pkt, &r.key);
		cr_assert_eq(r.key.proto, 17);
		cr_assert_eq(r.key.src_port, 5);
		cr_assert_eq(r.pkt.flags, PACKET_V6 | PACKET_FRAGMENT);
		cr_assert_eq(r.pkt.fragment_id, 0x12345678);
	}
	cr_assert_eq(r.pkt.payload_len, 20);
	fragment_table_free(p.fragments);
}

Test(parse_ip, takes_an_atomic_fragment_for_a_whole_packet) {
	start_ipv6(44);
	frame_ipv6_fragment(&f, 17, 1, 0, 0);
	frame_udp(&f, 5, 6);
	struct parsed r = finish();
	cr_assert_eq(r.key.dst_port, 6);
	cr_assert_eq(r.pkt.flags, PACKET_V6);
}

Test(parse_ip, does_not_call_a_first_fragment_malformed_for_ending_early) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_ipv4_fragment(&f, "10.0.0.1", "10.0.0.2", 47, 7, 0, 1);
	frame_gre(&f, 0x0800);
	frame_zeros(&f, 4); // the inner header goes on in the next fragment
	struct parsed r = finish();
	cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
	cr_assert_eq(r.key.proto, 47);
}

Test(parse_ip, reads_the_length_of_a_jumbogram_from_its_option) {
	start_ipv6(0);
	frame_octets(&f, 17, 0, 0xc2, 4, 0, 1, 0x11, 0x70); // 70,000
	frame_udp(&f, 5, 6);
	frame_zeros(&f, 1000);
	frame_end(&f);
	f.octet[18] = f.octet[19] = 0;
	struct packet pkt;
	frame_packet(&f, &pkt, 0);
	pkt.wire_len = 54 + 70000;
	struct parsed r = parse_in(&pkt, TUNNEL_ALL);
	cr_assert(is_counted(&r, "fd00::1", "fd00::2"));
	cr_assert_eq(r.pkt.ip_len, 70040);
	cr_assert_eq(r.key.dst_port, 6);
	cr_assert_eq(r.pkt.payload_len, 1000);
	pkt.head_len = pkt.cap_len = 58;
	r = parse_in(&pkt, TUNNEL_ALL);
	cr_assert(is_counted(&r, "fd00::1", "fd00::2"));
	cr_assert_eq(r.pkt.ip_len, 40);
	pkt.head_len = pkt.cap_len = f.len;
	f.octet[59] = 0; // 4,464: no jumbogram is as short
	r = parse_in(&pkt, TUNNEL_ALL);
	cr_assert(is_malformed(&r, REASON_IPV6_EXT));
}

Test(parse_ip, takes_a_zero_payload_length_for_an_empty_packet) {
	frame_sample(&f, 21);
	f.octet[18] = f.octet[19] = 0;
	struct parsed r = parse_frame(&f);
	cr_assert(is_counted(&r, "fd00::1", "fd00::2"));
	cr_assert_eq(r.pkt.ip_len, 40);
	cr_assert_eq(r.key.dst_port, 0);
	// ... unless there is more than the field could have said: an offloaded giant.
	struct packet pkt;
	frame_packet(&f, &pkt, 0);
	pkt.wire_len = 80000;
	r = parse_in(&pkt, TUNNEL_ALL);
	cr_assert_eq(r.pkt.ip_len, 80000 - 14);
	cr_assert_eq(r.key.dst_port, 2);
}

Test(parse_ip, goes_by_the_version_where_the_type_says_ipv4) {
	start_ipv6(17);
	f.octet[12] = 0x08;
	f.octet[13] = 0x00;
	frame_udp(&f, 1, 2);
	struct parsed r = finish();
	cr_assert(is_counted(&r, "fd00::1", "fd00::2"));
}

Test(parse_ip, tells_how_long_a_whole_l4_header_is) {
	frame_ipv4_udp(&f, "10.0.0.1", 1000, "10.0.0.2", 53, "question", 8);
	cr_assert_eq(parse_frame(&f).pkt.l4_len, 8);
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_ipv4(&f, "10.0.0.1", "10.0.0.2", 6);
	frame_tcp(&f, 1, 2, 0xd2);
	f.octet[46] = 7 << 4; // two words of options
	frame_zeros(&f, 8);
	frame_payload(&f, "data", 4);
	frame_end(&f);
	cr_assert_eq(parse_frame(&f).pkt.l4_len, 28);
	cr_assert_eq(parse_cut(&f, 58, 1).pkt.l4_len, 0);
	// Behind a header that the fast ways do not take.
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_vlan(&f, 0x88a8, 5);
	frame_vlan(&f, 0x8100, 6);
	frame_ipv6(&f, "fd00::1", "fd00::2", 0);
	frame_ipv6_ext(&f, 6, 8);
	frame_tcp(&f, 1, 2, 0x18);
	frame_end(&f);
	cr_assert_eq(parse_frame(&f).pkt.l4_len, 20);
}
