// Defragmentation, rule by rule: what belongs together, what is refused, and what the datagram looks like
// as a packet.

#include "fragments.h"
#include "packet/checksum.h"

Test(defrag, puts_fragments_together_in_any_order, .init = fill) {
	static const int order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					{1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	for (int v6 = 0; v6 < 2; v6++) {
		for (int i = 0; i < 6; i++) {
			struct defrag *d = defrag_make(4, 0, 0);
			struct fragment_spec s[3] = {
				piece(0, 1480, true), piece(1480, 1480, true),
				piece(2960, 33, false)};
			for (int j = 0; j < 3; j++) {
				s[order[i][j]].v6 = v6;
				cr_assert_eq(
					add(d, s[order[i][j]]),
					j < 2 ? DEFRAG_HELD : DEFRAG_COMPLETE
				);
			}
			is_text(2993);
			cr_assert_eq(out.fragments, 3);
			cr_assert_not(out.conflict);
			cr_assert_eq(defrag_stats(d).held, 0);
			defrag_balance(d);
			defrag_free(d);
		}
	}
}

Test(defrag, gives_a_packet_that_parses_with_a_right_header, .init = fill) {
	static struct frame whole;
	frame_ipv4_udp(&whole, "10.0.0.1", 1000, "10.0.1.1", 2000, text, 2000);
	const uint8_t *l4 = whole.octet + 34;
	struct defrag *d = defrag_make(4, 0, 0);
	struct fragment_spec a = {.data = l4, .len = 1480, .more = true, .time_us = 5};
	struct fragment_spec b = {.data = l4 + 1480, .len = 528, .offset = 1480, .time_us = 6};
	cr_assert_eq(add(d, b), DEFRAG_HELD);
	cr_assert_eq(add(d, a), DEFRAG_COMPLETE);
	cr_assert_eq(out.pkt.link, LINK_RAW);
	cr_assert_eq(out.pkt.time_us, 5, "of the packet that completed it");
	struct parser p = {.tunnels = TUNNEL_ALL};
	struct flow_key key;
	parse_packet(&p, &out.pkt, &key);
	cr_assert_eq(out.pkt.verdict, VERDICT_COUNTED);
	cr_assert_eq(out.pkt.flags, 0);
	cr_assert_eq(key.src_port, 1000);
	cr_assert_eq(out.pkt.payload_len, 2000);
	cr_assert(memcmp(out.pkt.data + out.pkt.payload_off, text, 2000) == 0);
	cr_assert_eq(checksum_fold(checksum_add(0, out.pkt.data, 20)), 0xffff);
	defrag_free(d);
}

Test(defrag, takes_the_protocol_of_ipv6_from_the_first_fragment, .init = fill) {
	struct defrag *d = defrag_make(4, 0, 0);
	struct fragment_spec a = piece(0, 800, true), b = piece(800, 8, false);
	a.v6 = b.v6 = true;
	a.proto = 17;
	b.proto = 58;
	a.options = 16; // leaves no trace
	cr_assert_eq(add(d, b), DEFRAG_HELD);
	cr_assert_eq(add(d, a), DEFRAG_COMPLETE);
	is_text(808);
	cr_assert_eq(out.pkt.data[6], 17);
	defrag_free(d);
}

Test(defrag, tells_datagrams_apart, .init = fill) {
	struct defrag *d = defrag_make(16, 0, 0);
	struct fragment_spec s = piece(0, 8, true), first = s;
	cr_assert_eq(add(d, s), DEFRAG_HELD);
	s = piece(8, 8, false);
	s.id = 8;
	cr_assert_eq(add(d, s), DEFRAG_HELD, "another identification");
	s = piece(8, 8, false);
	s.host = 1;
	cr_assert_eq(add(d, s), DEFRAG_HELD, "another address");
	s = piece(8, 8, false);
	s.proto = 6;
	cr_assert_eq(add(d, s), DEFRAG_HELD, "another protocol");
	s = piece(8, 8, false);
	s.v6 = true;
	cr_assert_eq(add(d, s), DEFRAG_HELD, "another version");
	s = piece(8, 8, false);
	s.vlan = 3;
	cr_assert_eq(add(d, s), DEFRAG_HELD, "another VLAN");
	s = piece(8, 8, false);
	cr_assert_eq(add(d, s), DEFRAG_COMPLETE);
	first.vlan = 3;
	cr_assert_eq(add(d, first), DEFRAG_COMPLETE);
	cr_assert_eq(defrag_stats(d).held, 4);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag, leaves_what_is_no_fragment_alone, .init = fill) {
	struct defrag *d = defrag_make(4, 0, 0);
	static struct frame f;
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, text, 8);
	cr_assert_eq(defrag_frame(d, &f, 0, &out), DEFRAG_WHOLE);
	struct fragment_spec atomic = piece(0, 64, false); // RFC 6946
	atomic.v6 = true;
	cr_assert_eq(add(d, atomic), DEFRAG_WHOLE);
	cr_assert_eq(defrag_stats(d).fragments, 0);
	defrag_free(d);
}

Test(defrag, keeps_the_first_copy_and_counts_what_differs, .init = fill) {
	static uint8_t other[4096];
	memset(other, 0xee, sizeof(other));
	for (int v6 = 0; v6 < 2; v6++) {
		struct defrag *d = defrag_make(4, 0, 0);
		struct fragment_spec s[] = {
			piece(800, 800, true),
			piece(0, 1000, true), // over its beginning, the same
			{.data = other, .len = 1200, .offset = 400, .more = true, .id = 7},
			{.data = other, .len = 8, .offset = 800, .more = true, .id = 7}, // inside
			piece(1600, 100, false),
		};
		for (unsigned i = 0; i < 5; i++) {
			s[i].v6 = v6;
			cr_assert_eq(add(d, s[i]), i < 4 ? DEFRAG_HELD : DEFRAG_COMPLETE);
		}
		is_text(1700);
		cr_assert(out.conflict);
		cr_assert_eq(defrag_stats(d).overlaps, 3);
		cr_assert_eq(defrag_stats(d).conflicts, 2);
		defrag_balance(d);
		defrag_free(d);
	}
}

Test(defrag, withstands_teardrop, .init = fill) {
	// The second lies inside of the first, and says it is the last.
	struct defrag *d = defrag_make(4, 0, 0);
	cr_assert_eq(add(d, piece(0, 36, true)), DEFRAG_HELD);
	cr_assert_eq(add(d, piece(24, 4, false)), DEFRAG_REFUSED);
	cr_assert_eq(defrag_stats(d).refused[DEFRAG_REFUSED_END], 1);
	cr_assert_eq(add(d, piece(32, 4, false)), DEFRAG_COMPLETE);
	is_text(36);
	cr_assert(out.conflict);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag, keeps_the_first_end, .init = fill) {
	struct defrag *d = defrag_make(4, 0, 0);
	cr_assert_eq(add(d, piece(16, 8, false)), DEFRAG_HELD);
	cr_assert_eq(add(d, piece(24, 8, true)), DEFRAG_REFUSED);
	cr_assert_eq(add(d, piece(16, 16, true)), DEFRAG_REFUSED);
	cr_assert_eq(add(d, piece(16, 5, false)), DEFRAG_REFUSED);
	cr_assert_eq(add(d, piece(16, 13, false)), DEFRAG_REFUSED);
	cr_assert_eq(add(d, piece(16, 8, false)), DEFRAG_HELD);
	cr_assert_eq(add(d, piece(0, 16, true)), DEFRAG_COMPLETE);
	is_text(24);
	cr_assert_eq(defrag_stats(d).refused[DEFRAG_REFUSED_END], 4);
	cr_assert_eq(defrag_stats(d).conflicts, 4);
	cr_assert_eq(defrag_stats(d).overlaps, 1);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag, takes_the_longest_datagram_and_refuses_what_is_longer, .init = fill) {
	for (int v6 = 0; v6 < 2; v6++) {
		struct defrag *d = defrag_make(4, 0, 0);
		uint32_t max = v6 ? 65535 : 65515; // RFC 8200, RFC 791
		struct fragment_spec s = piece(65512, max - 65512 + 1, false);
		s.v6 = v6;
		cr_assert_eq(add(d, s), DEFRAG_REFUSED, "ping of death");
		s = piece(65528, 1000, true);
		s.data = text;
		s.v6 = v6;
		cr_assert_eq(add(d, s), DEFRAG_REFUSED);
		cr_assert_eq(defrag_stats(d).refused[DEFRAG_REFUSED_TOO_BIG], 2);
		for (uint32_t at = 0; at < 65512; at += 6344 * 2) {
			uint32_t len = 65512 - at < 6344 * 2 ? 65512 - at : 6344 * 2;
			s = piece(at, len, true);
			s.v6 = v6;
			cr_assert_eq(add(d, s), DEFRAG_HELD);
		}
		s = piece(65512, max - 65512, false);
		s.v6 = v6;
		cr_assert_eq(add(d, s), DEFRAG_COMPLETE);
		is_text(max);
		struct parser p = {.tunnels = 0};
		struct flow_key key;
		parse_packet(&p, &out.pkt, &key);
		cr_assert_eq(out.pkt.ip_len, out.pkt.cap_len);
		defrag_balance(d);
		defrag_free(d);
	}
}

Test(defrag, counts_extension_headers_against_the_longest, .init = fill) {
	struct defrag *d = defrag_make(4, 0, 0);
	struct fragment_spec s = piece(65520, 8, false);
	s.v6 = true;
	s.options = 8;
	cr_assert_eq(add(d, s), DEFRAG_REFUSED);
	s.len = 7;
	cr_assert_eq(add(d, s), DEFRAG_HELD);
	defrag_free(d);
}

Test(defrag, treats_odd_lengths_as_hosts_do, .init = fill) {
	struct defrag *d = defrag_make(4, 0, 0);
	cr_assert_eq(add(d, piece(0, 0, true)), DEFRAG_REFUSED);
	cr_assert_eq(add(d, piece(8, 0, false)), DEFRAG_REFUSED);
	cr_assert_eq(add(d, piece(0, 7, true)), DEFRAG_REFUSED);
	struct fragment_spec s = piece(0, 13, true);
	s.v6 = true;
	cr_assert_eq(add(d, s), DEFRAG_REFUSED);
	cr_assert_eq(defrag_stats(d).refused[DEFRAG_REFUSED_LENGTH], 4);
	cr_assert_eq(defrag_stats(d).begun, 0);
	cr_assert_eq(add(d, piece(0, 13, true)), DEFRAG_HELD, "eight of them");
	cr_assert_eq(add(d, piece(8, 5, false)), DEFRAG_COMPLETE);
	is_text(13);
	cr_assert_not(out.conflict);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag, takes_the_smallest_fragments, .init = fill) {
	// RFC 1858: the TCP flags are in the second.
	struct defrag *d = defrag_make(4, 0, 0);
	for (uint32_t at = 0; at < 64; at += 8) {
		struct fragment_spec s = piece(at, at < 56 ? 8 : 1, at < 56);
		s.proto = 6;
		cr_assert_eq(add(d, s), at < 56 ? DEFRAG_HELD : DEFRAG_COMPLETE);
	}
	is_text(57);
	defrag_free(d);
}

Test(defrag, refuses_what_is_cut, .init = fill) {
	static struct frame f;
	struct defrag *d = defrag_make(4, 0, 0);
	struct parser p = {.tunnels = TUNNEL_ALL};
	struct fragment_spec s = piece(8, 100, true);
	fragment_frame(&f, &s);
	for (int snapped = 0; snapped < 2; snapped++) {
		for (uint32_t len = 14 + 20; len < f.len; len++) {
			struct packet pkt;
			struct flow_key key;
			uint8_t *octets = malloc(len);
			memcpy(octets, f.octet, len);
			frame_packet(&f, &pkt, 0);
			pkt.data = octets;
			pkt.head_len = pkt.cap_len = len;
			if (!snapped)
				pkt.wire_len = len;
			parse_packet(&p, &pkt, &key);
			cr_assert_eq(defrag_add(d, &pkt, octets, len, &out), DEFRAG_REFUSED);
			free(octets);
		}
	}
	cr_assert_eq(defrag_stats(d).refused[DEFRAG_REFUSED_CUT], 200);
	defrag_balance(d);
	defrag_free(d);
}

// A VXLAN datagram of UDP in two fragments; the inner packet is itself a fragment.
static void outer_fragments(struct frame *a, struct frame *b, uint16_t offset, bool more) {
	static struct frame f;
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_ipv4(&f, "10.0.0.1", "10.0.0.2", 17);
	frame_udp(&f, 40000, 4789);
	frame_vxlan(&f, 5);
	frame_ethernet(&f, 0);
	frame_ipv4_fragment(&f, "192.168.0.1", "192.168.0.2", 17, 3, offset, more);
	frame_payload(&f, text + offset, 512);
	frame_end(&f);
	uint32_t l4 = 34, cut = 160, id = 100 + offset;
	struct frame *to[2] = {a, b};
	for (int i = 0; i < 2; i++) {
		frame_start(to[i]);
		frame_ethernet(to[i], 0);
		frame_vlan(to[i], 0x8100, 9);
		frame_ipv4_fragment(
			to[i], "10.0.0.1", "10.0.0.2", 17, (uint16_t)id,
			(uint16_t)(i == 0 ? 0 : cut), i == 0
		);
		frame_payload(
			to[i], f.octet + l4 + (i == 0 ? 0 : cut), i == 0 ? cut : f.len - l4 - cut
		);
		frame_end(to[i]);
	}
}

Test(defrag, puts_tunnels_together_and_what_is_inside_of_them, .init = fill) {
	static struct frame a, b;
	struct defrag *d = defrag_make(8, 0, 0);
	struct parser p = {.tunnels = TUNNEL_ALL};
	struct flow_key key;
	outer_fragments(&a, &b, 0, true);
	cr_assert_eq(defrag_frame(d, &a, 0, &out), DEFRAG_HELD);
	cr_assert_eq(defrag_frame(d, &b, 0, &out), DEFRAG_COMPLETE);
	parse_packet(&p, &out.pkt, &key);
	cr_assert_eq(out.pkt.flags, PACKET_FRAGMENT);
	cr_assert_eq(key.src4[0], 192);
	cr_assert_eq(defrag_add(d, &out.pkt, out.pkt.data, out.pkt.cap_len, &out), DEFRAG_HELD);
	outer_fragments(&a, &b, 512, false);
	cr_assert_eq(defrag_frame(d, &b, 0, &out), DEFRAG_HELD);
	cr_assert_eq(defrag_frame(d, &a, 1, &out), DEFRAG_COMPLETE);
	parse_packet(&p, &out.pkt, &key);
	cr_assert_eq(defrag_add(d, &out.pkt, out.pkt.data, out.pkt.cap_len, &out), DEFRAG_COMPLETE);
	is_text(1024);
	cr_assert_eq(out.pkt.time_us, 1);
	cr_assert_eq(out.pkt.data[12], 192);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag, lets_a_datagram_inherit_what_was_around_it) {
	struct flow_key inner = {
		.flags = KEY_V4 | KEY_VLAN | KEY_VLAN_INNER, .vlan = 1, .mpls_vlan_inner = 2};
	struct flow_key last = {
		.flags = KEY_V4 | KEY_VLAN | KEY_MPLS | KEY_VNI,
		.vlan = 7,
		.mpls_vlan_inner = 99 << 12,
		.vni = 5};
	struct flow_key k = inner;
	defrag_inherit(&k, &last);
	cr_assert_eq(k.flags, KEY_V4 | KEY_VLAN | KEY_MPLS | KEY_VNI);
	cr_assert_eq(k.vlan, 7);
	cr_assert_eq(flow_key_vlan_inner(&k), 0);
	cr_assert_eq(flow_key_mpls(&k), 99);
	cr_assert_eq(k.vni, 5);
	k = (struct flow_key){.flags = KEY_V6 | KEY_VNI, .vni = 6};
	defrag_inherit(&k, &last);
	cr_assert_eq(k.vni, 6, "the innermost");
	struct flow_key none = {.flags = KEY_V4};
	k = inner;
	defrag_inherit(&k, &none);
	cr_assert(memcmp(&k, &inner, sizeof(k)) == 0);
}
