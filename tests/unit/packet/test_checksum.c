// Checksums: the sum against the plainest reference, and what is said of packets of every protocol that
// has one, right, wrong, unfinished, cut and out of sight.

#include "checksummed.h"
#include "packet/checksum_sum.h"

#include <criterion/criterion.h>

static uint8_t noise[4096];

static void fill(void) {
	uint32_t x = 12345;
	for (uint32_t i = 0; i < sizeof(noise); i++) {
		x = x * 1664525 + 1013904223;
		noise[i] = (uint8_t)(x >> 24);
	}
}

Test(checksum, sums_as_the_plainest_reference_does, .init = fill) {
	for (uint32_t at = 0; at < 16; at++) {
		for (uint32_t len = 0; len < 300; len++) {
			uint16_t sum = checksum_fold(checksum_add(0, noise + at, len));
			uint8_t lies[2];
			memcpy(lies, &sum, 2);
			cr_assert_eq(lies[0] << 8 | lies[1], slow_sum(0, noise + at, len));
			uint64_t parts = checksum_add(0, noise + at, len / 2 & ~1u);
			parts = checksum_add(
				parts, noise + at + (len / 2 & ~1u), len - (len / 2 & ~1u)
			);
			cr_assert_eq(checksum_fold(parts), sum);
		}
	}
	static uint8_t ones[1000000];
	cr_assert_eq(checksum_fold(checksum_add(0, ones, sizeof(ones))), 0);
	memset(ones, 0xff, sizeof(ones));
	cr_assert_eq(checksum_fold(checksum_add(0, ones, sizeof(ones))), 0xffff);
	cr_assert_eq(checksum_finish(0), 0xffff);
	// RFC 1071, section 3.
	static const uint8_t rfc[8] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	uint16_t sum = checksum_fold(checksum_add(0, rfc, 8));
	cr_assert(memcmp(&sum, "\xdd\xf2", 2) == 0);
}

#if defined(__x86_64__)
Test(checksum, sums_alike_with_whatever_the_processor_has, .init = fill) {
	if (!checksum_sum_is_wide())
		cr_skip_test("this processor has no AVX2");
	for (uint32_t at = 0; at < 34; at++) {
		for (uint32_t len = CHECKSUM_WIDE_MIN; len < 500; len++)
			cr_assert_eq(
				checksum_fold(checksum_sum_wide(noise + at, len)),
				checksum_fold(checksum_sum_plain(noise + at, len))
			);
	}
	static uint8_t most[CHECKSUM_WIDE_MAX];
	for (int octet = 0; octet < 256; octet += 51) {
		memset(most, octet, sizeof(most));
		cr_assert_eq(
			checksum_sum_wide(most, sizeof(most)), octet * 257ull * sizeof(most) / 2
		);
	}
}
#endif

Test(checksum, sums_plainly_as_the_plainest_reference_does, .init = fill) {
	for (uint32_t len = 0; len < 300; len++) {
		uint16_t sum = checksum_fold(checksum_sum_plain(noise + 1, len));
		uint8_t lies[2];
		memcpy(lies, &sum, 2);
		cr_assert_eq(lies[0] << 8 | lies[1], slow_sum(0, noise + 1, len), "%u", len);
	}
}

// Where the packet is that a case is about.
struct place {
	uint32_t ip, l4, len;
	uint8_t proto;
};

static const char *const around_name[] = {"plain", "vlan", "ipv4 options", "ipv6 extension headers",
					  "vxlan", "gre",  "ip in ip"};

#define AROUNDS 7

// A packet of `proto` (1 is ICMPv6's, too) with a payload of n octets, sealed.
static struct place build(struct frame *f, int around, bool v6, uint8_t proto, uint32_t n) {
	struct place p = {.proto = proto == 1 && v6 ? 58 : proto};
	frame_start(f);
	frame_ethernet(f, 0);
	if (around == 1)
		frame_vlan(f, 0x8100, 7);
	if (around >= 4) {
		static const uint8_t carrier[] = {17, 47, 4};
		frame_ipv4(
			f, "172.16.0.1", "172.16.0.2", around == 6 && v6 ? 41 : carrier[around - 4]
		);
	}
	if (around == 4) {
		frame_udp(f, 40000, 4789);
		frame_vxlan(f, 6);
		frame_ethernet(f, 0);
	} else if (around == 5) {
		frame_gre(f, 0);
	}
	p.ip = f->len;
	if (v6) {
		frame_ipv6(f, "fd00::1:2", "fd00::3:4", around == 3 ? 0 : p.proto);
		if (around == 3) {
			frame_ipv6_ext(f, 43, 8);
			frame_ipv6_ext(f, 60, 24); // segments left: 0
			frame_ipv6_ext(f, 44, 8);
			frame_ipv6_fragment(f, p.proto, 9, 0, 0); // atomic
		}
	} else {
		frame_ipv4(f, "10.1.2.3", "192.168.77.8", p.proto);
		if (around == 2) {
			f->octet[p.ip] = 0x47;
			frame_octets(f, 1, 7, 3, 4, 1, 1, 1, 0);
		}
	}
	p.l4 = f->len;
	if (proto == 6)
		frame_tcp(f, 1234, 80, 0x18);
	else if (proto == 17)
		frame_udp(f, 1234, 53);
	else
		frame_icmp(f, 8, 0);
	frame_payload(f, noise, n);
	frame_end(f);
	if (!v6)
		seal_ipv4(f, p.ip);
	p.len = f->len - p.l4;
	seal_l4(f, p.ip, p.l4, p.len, p.proto, SEAL_RIGHT);
	return p;
}

static const uint8_t protocols[] = {6, 17, 1};

Test(checksum, finds_every_protocol_right_and_wrong_wherever_it_is, .init = fill) {
	static struct frame f;
	static const uint32_t lengths[] = {0, 1, 2, 3, 19, 200, 1201};
	for (int around = 0; around < AROUNDS; around++) {
		for (int i = 0; i < 3 * 2 * 7; i++) {
			bool v6 = i & 1;
			struct place p = build(
				&f, around, v6, protocols[i / 2 % 3], lengths[i / 6]
			);
			const char *name = around_name[around];
			cr_assert_eq(checksum_frame(&f), CHECKSUM_OK, "%s, case %d", name, i);
			f.octet[p.l4 + p.len - 1] ^= 0x10;
			cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD, "%s, case %d", name, i);
			f.octet[p.l4 + p.len - 1] ^= 0x10;
			frame_zeros(&f, 5); // padding
			cr_assert_eq(checksum_frame(&f), CHECKSUM_OK, "%s, case %d", name, i);
		}
	}
}

Test(checksum, finds_any_octet_changed, .init = fill) {
	static struct frame f;
	for (int i = 0; i < 6; i++) {
		bool v6 = i & 1;
		struct place p = build(&f, 0, v6, protocols[i / 2], 40);
		for (uint32_t at = p.l4; at < f.len; at++) {
			if (p.proto == 17 && at - p.l4 >= 4 && at - p.l4 < 6)
				continue; // the length: another test
			f.octet[at] ^= 0x21;
			cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD, "octet %u", at - p.l4);
			f.octet[at] ^= 0x21;
		}
		// An address: of IPv4 the header tells, of IPv6 the pseudo header; ICMP has none.
		f.octet[p.ip + (v6 ? 30 : 17)] ^= 1;
		cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD);
		if (!v6) {
			seal_ipv4(&f, p.ip);
			cr_assert_eq(checksum_frame(&f), p.proto == 1 ? CHECKSUM_OK : CHECKSUM_BAD);
			f.octet[p.ip + 8]--; // TTL
			cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD);
		}
	}
}

Test(checksum, knows_what_is_left_to_the_network_card, .init = fill) {
	static struct frame f;
	for (int i = 0; i < 2 * 2; i++) {
		for (uint32_t n = 0; n < 300; n += 7) {
			struct place p = build(&f, i / 2, i & 1, protocols[n % 2], n);
			seal_l4(&f, p.ip, p.l4, p.len, p.proto, SEAL_PARTIAL);
			cr_assert_eq(checksum_frame(&f), CHECKSUM_PARTIAL);
			seal_l4(&f, p.ip, p.l4, p.len, p.proto, SEAL_PARTIAL_SHORT);
			cr_assert_eq(checksum_frame(&f), CHECKSUM_PARTIAL);
			f.octet[p.l4 + (p.proto == 6 ? 17 : 7)] ^= 1;
			cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD);
		}
	}
	// The header's own, and a length the card is to fill in.
	struct place p = build(&f, 0, false, 6, 100);
	set16(f.octet + p.ip + 10, 0);
	cr_assert_eq(checksum_frame(&f), CHECKSUM_PARTIAL);
	f.octet[p.l4 + 30] ^= 1;
	cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD);
	p = build(&f, 0, false, 6, 100);
	set16(f.octet + p.ip + 2, 0);
	cr_assert_eq(checksum_frame(&f), CHECKSUM_PARTIAL);
}

Test(checksum, reads_udp_by_its_length, .init = fill) {
	static struct frame f;
	for (int v6 = 0; v6 < 2; v6++) {
		struct place p = build(&f, 0, v6, 17, 40);
		uint8_t *udp = f.octet + p.l4;
		set16(udp + 4, 20); // and 28 octets that do not count
		cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD);
		seal_l4(&f, p.ip, p.l4, 20, 17, SEAL_RIGHT);
		cr_assert_eq(checksum_frame(&f), CHECKSUM_OK);
		udp[30] ^= 1;
		cr_assert_eq(checksum_frame(&f), CHECKSUM_OK);
		static const uint16_t wrong[] = {0, 7, 49, 65535};
		for (int i = 0; i < 4; i++) {
			set16(udp + 4, wrong[i]);
			cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD);
		}
		set16(udp + 4, 48);
		set16(udp + 6, 0);
		cr_assert_eq(checksum_frame(&f), v6 ? CHECKSUM_BAD : CHECKSUM_NONE);
	}
}

Test(checksum, does_not_judge_what_it_has_not_seen, .init = fill) {
	static struct frame f;
	for (int around = 0; around < AROUNDS; around++) {
		for (int i = 0; i < 6; i++) {
			struct place p = build(&f, around, i & 1, protocols[i / 2], 30);
			for (uint32_t len = p.l4; len < f.len; len++) {
				cr_assert_eq(checksum_cut(&f, len, true), CHECKSUM_UNKNOWN);
				cr_assert_eq(checksum_cut(&f, len, false), CHECKSUM_SHORT);
			}
			uint32_t end = f.len;
			frame_zeros(&f, 9);
			cr_assert_eq(checksum_cut(&f, end, true), CHECKSUM_OK, "padding is cut");
		}
	}
}

Test(checksum, needs_the_octets_that_it_sums, .init = fill) {
	static struct frame f;
	struct place p = build(&f, 0, false, 6, 30);
	struct parsed r = parse_frame(&f);
	cr_assert_eq(checksum_packet(&r.pkt, &r.key, f.octet, f.len), CHECKSUM_OK);
	cr_assert_eq(checksum_packet(&r.pkt, &r.key, f.octet, p.l4 + 49), CHECKSUM_UNKNOWN);
}

Test(checksum, checks_of_fragments_only_the_header) {
	static struct frame f;
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_ipv4_fragment(&f, "10.0.0.1", "10.0.0.2", 17, 7, 16, 1);
	frame_zeros(&f, 64);
	frame_end(&f);
	cr_assert_eq(checksum_frame(&f), CHECKSUM_UNKNOWN);
	f.octet[14 + 8]++;
	cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD);
	set16(f.octet + 24, 0);
	cr_assert_eq(checksum_frame(&f), CHECKSUM_PARTIAL);
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_ipv6(&f, "fd00::1", "fd00::2", 44);
	frame_ipv6_fragment(&f, 17, 7, 24, 0);
	frame_zeros(&f, 9);
	frame_end(&f);
	cr_assert_eq(checksum_frame(&f), CHECKSUM_UNKNOWN);
	// The inner packet ends beyond the first fragment of the one around it.
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_ipv4_fragment(&f, "10.0.0.1", "10.0.0.2", 4, 7, 0, 1);
	frame_ipv4(&f, "10.1.0.1", "10.1.0.2", 17);
	frame_udp(&f, 1, 2);
	frame_zeros(&f, 36);
	frame_end(&f);
	set16(f.octet + 34 + 2, 400);
	seal_ipv4(&f, 34);
	cr_assert_eq(checksum_frame(&f), CHECKSUM_UNKNOWN);
}

Test(checksum, does_not_judge_by_addresses_that_change_on_the_way, .init = fill) {
	static struct frame f;
	// IPv6: a routing header with a segment left, a home address option.
	for (int i = 0; i < 4; i++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_ipv6(&f, "fd00::1", "fd00::2", i < 2 ? 43 : 60);
		frame_ipv6_ext(&f, 17, 24);
		if (i < 2)
			f.octet[54 + 3] = (uint8_t)i;
		else
			memcpy(f.octet + 54 + 4, i == 2 ? "\x05\x10" : "\xc9\x10", 2);
		frame_udp(&f, 1, 2);
		frame_payload(&f, noise, 20);
		frame_end(&f);
		bool moved = i % 2;
		cr_assert_eq(checksum_frame(&f), moved ? CHECKSUM_UNKNOWN : CHECKSUM_BAD);
	}
	// The last address of the route, where the routing header tells it: types 0, 2 and 4.
	static const uint8_t types[3] = {0, 2, 4};
	for (int i = 0; i < 3; i++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_ipv6(&f, "fd00::1", "fd00::2", 43);
		frame_ipv6_ext(&f, 17, 40);
		f.octet[54 + 2] = types[i];
		f.octet[54 + 3] = 1;
		uint8_t *last = f.octet + 54 + (types[i] == 4 ? 8 : 24);
		memset(last, 0x77, 16);
		frame_udp(&f, 1, 2);
		frame_payload(&f, noise, 20);
		frame_end(&f);
		uint8_t first[16];
		memcpy(first, f.octet + 14 + 24, 16);
		memcpy(f.octet + 14 + 24, last, 16);
		seal_l4(&f, 14, 54 + 40, 28, 17, SEAL_RIGHT);
		memcpy(f.octet + 14 + 24, first, 16);
		cr_assert_eq(checksum_frame(&f), CHECKSUM_OK);
	}
	// IPv4: loose and strict source route, record route; behind a no-op, behind the end.
	static const uint8_t kinds[4][2] = {{1, 131}, {1, 137}, {1, 7}, {0, 131}};
	for (int i = 0; i < 4; i++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_ipv4(&f, "10.0.0.1", "10.0.0.2", 6);
		f.octet[14] = 0x47;
		frame_octets(&f, kinds[i][0], kinds[i][1], 7, 4, 10, 0, 0, 9);
		frame_tcp(&f, 1, 2, 2);
		frame_end(&f);
		seal_ipv4(&f, 14);
		cr_assert_eq(checksum_frame(&f), i < 2 ? CHECKSUM_UNKNOWN : CHECKSUM_BAD);
	}
}

Test(checksum, says_none_where_there_is_none) {
	static struct frame f;
	static const uint8_t none[] = {132, 33, 136, 47, 50, 51, 58};
	for (unsigned i = 0; i < sizeof(none); i++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_ipv4(&f, "10.0.0.1", "10.0.0.2", none[i]);
		frame_zeros(&f, 24);
		frame_end(&f);
		cr_assert_eq(checksum_frame(&f), CHECKSUM_NONE, "%u", none[i]);
		f.octet[14 + 8]++;
		cr_assert_eq(checksum_frame(&f), CHECKSUM_BAD, "its header's");
	}
}

Test(checksum, has_a_name_for_every_answer) {
	for (int i = 0; i < CHECKSUM_COUNT; i++)
		cr_assert_not_null(checksum_name(i));
	cr_assert_null(checksum_name(CHECKSUM_COUNT));
}
