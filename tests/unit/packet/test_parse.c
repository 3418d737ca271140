// The parser as a whole: verdicts, ports and payload, cuts, bursts. Single headers have tests of their
// own (test_parse_link.c, _ip.c, _tunnel.c).

#include "parsed.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static struct frame f;

// Copies a frame so that its last octet is right ahead of a page that cannot be read.
static uint8_t *before_the_abyss(const uint8_t *data, uint32_t len) {
	static uint8_t *map;
	static size_t size;
	if (map == NULL) {
		size_t page = (size_t)sysconf(_SC_PAGESIZE);
		size = (FRAME_MAX / page + 1) * page;
		map = mmap(
			NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0
		);
		cr_assert_neq(map, MAP_FAILED);
		cr_assert_eq(mprotect(map + size, page, PROT_NONE), 0);
	}
	return memcpy(map + size - len, data, len);
}

static const struct source_ops no_ops;
static const struct source no_source = {.ops = &no_ops};

static struct parsed parse_one_burst(struct parser *p, const struct packet *pkt) {
	static struct burst b;
	b.n = 1;
	b.pkt[0] = *pkt;
	memset(&b.key[0], 0x5a, sizeof(b.key[0]));
	parse_burst(p, &no_source, &b);
	return (struct parsed){b.pkt[0], b.key[0]};
}

Test(parse, reads_addresses_ports_and_payload_of_udp) {
	frame_ipv4_udp(&f, "10.0.0.1", 1000, "10.0.0.2", 53, "question", 8);
	struct parsed r = parse_frame(&f);
	cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
	cr_assert_eq(r.key.src_port, 1000);
	cr_assert_eq(r.key.dst_port, 53);
	cr_assert_eq(r.key.proto, 17);
	cr_assert_eq(r.key.flags, KEY_V4);
	cr_assert_eq(r.pkt.ip_len, 36);
	cr_assert_eq(r.pkt.payload_off, 42);
	cr_assert_eq(r.pkt.payload_len, 8);
	cr_assert_eq(r.pkt.flags, 0);
}

Test(parse, reads_flags_and_payload_of_tcp_behind_its_options) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_ipv4(&f, "10.0.0.1", "10.0.0.2", 6);
	frame_tcp(&f, 1, 2, 0xd2);
	f.octet[46] = 7 << 4; // two words of options
	frame_zeros(&f, 8);
	frame_payload(&f, "data", 4);
	frame_end(&f);
	struct parsed r = parse_frame(&f);
	cr_assert_eq(r.pkt.tcp_flags, 0xd2);
	cr_assert_eq(r.pkt.flags, PACKET_TCP);
	cr_assert_eq(r.pkt.payload_off, 62);
	cr_assert_eq(r.pkt.payload_len, 4);
}

Test(parse, keeps_ethernet_padding_out_of_the_payload) {
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	frame_zeros(&f, 15);
	struct parsed r = parse_frame(&f);
	cr_assert_eq(r.pkt.payload_len, 3);
	cr_assert_eq(r.pkt.ip_len, 31);
}

Test(parse, keeps_ports_of_tcp_with_an_impossible_data_offset_and_gives_no_payload) {
	frame_ipv4_tcp(&f, "10.0.0.1", 1, "10.0.0.2", 2, 0x10, "abc", 3);
	for (unsigned words = 0; words < 16; words++) {
		f.octet[46] = (uint8_t)(words << 4);
		struct parsed r = parse_frame(&f);
		cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
		cr_assert_eq(r.key.dst_port, 2);
		cr_assert_eq(r.pkt.payload_len, words == 5 ? 3 : 0, "%u words", words);
	}
}

Test(parse, reads_ports_of_sctp_udplite_and_dccp_and_of_no_other) {
	static const struct {
		uint8_t proto, ports;
		uint32_t payload; // of 24 octets
	} t[] = {{132, 1, 12}, {136, 1, 16}, {33, 1, 8}, {50, 0, 24}, {51, 0, 24}, {89, 0, 24}};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		frame_start(&f);
		frame_outer(&f, t[i].proto);
		frame_octets(&f, 0, 5, 0, 6, 4, 0, 0, 0);
		frame_zeros(&f, 16);
		frame_end(&f);
		struct parsed r = parse_frame(&f);
		cr_assert_eq(r.key.proto, t[i].proto);
		cr_assert_eq(r.key.src_port, t[i].ports ? 5 : 0);
		cr_assert_eq(r.key.dst_port, t[i].ports ? 6 : 0);
		cr_assert_eq(r.pkt.payload_len, t[i].payload, "proto %u", t[i].proto);
	}
}

Test(parse, needs_four_octets_for_ports_and_fourteen_for_flags) {
	frame_ipv4_tcp(&f, "10.0.0.1", 1, "10.0.0.2", 2, 0x12, NULL, 0);
	for (uint32_t l4 = 0; l4 <= 20; l4++) {
		struct parsed r = parse_cut(&f, 34 + l4, 1);
		cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
		cr_assert_eq(r.key.src_port, l4 >= 4 ? 1 : 0);
		cr_assert_eq(r.key.dst_port, l4 >= 4 ? 2 : 0);
		cr_assert_eq(r.pkt.flags, l4 >= 14 ? PACKET_TCP : 0);
		cr_assert_eq(r.pkt.payload_len, 0);
	}
}

Test(parse, calls_an_icmp_type_by_its_family_only) {
	frame_start(&f);
	frame_outer(&f, 1);
	frame_icmp(&f, 3, 13);
	frame_end(&f);
	struct parsed r = parse_frame(&f);
	cr_assert_eq(r.key.icmp_type, 3);
	cr_assert_eq(r.key.icmp_code, 13);
	cr_assert_eq(r.key.flags, KEY_V4 | KEY_ICMP);
	cr_assert_eq(r.pkt.payload_off, 34); // ICMP is no L4 header to the contract
	cr_assert_eq(r.pkt.payload_len, 8);
	f.octet[23] = 58;
	r = parse_frame(&f);
	cr_assert_eq(r.key.flags, KEY_V4);
	cr_assert_eq(r.key.icmp_type, 0);
}

Test(parse, takes_a_packet_quoted_in_an_icmp_error_for_payload) {
	frame_start(&f);
	frame_outer(&f, 1);
	frame_icmp(&f, 3, 1);
	frame_inner(&f);
	frame_end(&f);
	struct parsed r = parse_frame(&f);
	cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
	cr_assert_eq(r.key.proto, 1);
}

Test(parse, leaves_the_key_of_a_frame_that_does_not_count_empty) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	frame_vlan(&f, 0x8100, 5);
	frame_payload(&f, "not much", 8);
	f.octet[16] = 0x08;
	f.octet[17] = 0x06; // ARP
	frame_end(&f);
	struct packet pkt;
	frame_packet(&f, &pkt, 0);
	pkt.in_port = 3;
	pkt.flags = PACKET_LATE | PACKET_TCP;
	struct parsed r = parse_in(&pkt, TUNNEL_ALL);
	cr_assert(is_non_ip(&r, REASON_NOT_IP));
	struct flow_key empty = {.in_port = 3};
	cr_assert_arr_eq(&r.key, &empty, sizeof(empty));
	cr_assert_eq(r.pkt.flags, PACKET_LATE);
}

Test(parse, follows_no_more_headers_than_the_bound) {
	for (int n = 0; n < 2; n++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		// Ethernet and IPv4 are two of them, the step that finds UDP is one.
		for (int i = 0; i < PARSE_MAX_HEADERS - 3 + n; i++)
			frame_mpls(&f, 100, i == PARSE_MAX_HEADERS - 4 + n);
		frame_inner(&f);
		frame_end(&f);
		struct parsed r = parse_frame(&f);
		if (n == 0)
			cr_assert(is_counted(&r, "192.168.0.1", "192.168.0.2"));
		else
			cr_assert(is_malformed(&r, REASON_HEADER_DEPTH));
	}
}

Test(parse, never_calls_a_frame_cut_by_the_snap_length_malformed) {
	const char *name;
	for (unsigned n = 0; (name = frame_sample(&f, n)) != NULL; n++) {
		struct parsed whole = parse_frame(&f);
		cr_assert_eq(whole.pkt.verdict, VERDICT_COUNTED, "%s", name);
		for (uint32_t len = 0; len < f.len; len++) {
			struct parsed r = parse_cut(&f, len, 1);
			cr_assert_neq(r.pkt.verdict, VERDICT_MALFORMED, "%s at %u", name, len);
			if (r.pkt.verdict == VERDICT_NON_IP)
				cr_assert_eq(r.pkt.reason, REASON_SNAPPED, "%s at %u", name, len);
			cr_assert_leq(r.pkt.payload_off + r.pkt.payload_len, len);
		}
	}
}

Test(parse, counts_a_cut_frame_under_its_deepest_complete_header) {
	frame_sample(&f, 12); // VXLAN: inner IPv4 from octet 64 on
	struct parsed r = parse_cut(&f, 83, 1);
	cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
	cr_assert_eq(r.key.dst_port, 4789);
	r = parse_cut(&f, 84, 1);
	cr_assert(is_counted(&r, "192.168.0.1", "192.168.0.2"));
	cr_assert_eq(r.key.dst_port, 0);
	r = parse_cut(&f, 88, 1);
	cr_assert_eq(r.key.dst_port, 2222);
	r = parse_cut(&f, 33, 1);
	cr_assert(is_non_ip(&r, REASON_SNAPPED));
}

Test(parse, never_reads_outside_a_frame_however_it_ends) {
	const char *name;
	for (unsigned n = 0; (name = frame_sample(&f, n)) != NULL; n++) {
		for (uint32_t len = 0; len <= f.len; len++) {
			for (int snapped = 0; snapped < 2; snapped++) {
				struct packet pkt;
				frame_packet(&f, &pkt, 0);
				pkt.data = before_the_abyss(f.octet, len);
				pkt.head_len = pkt.cap_len = len;
				if (!snapped)
					pkt.wire_len = len;
				struct parser p = {.tunnels = TUNNEL_ALL};
				struct parsed a = parse_in(&pkt, TUNNEL_ALL);
				struct parsed b = parse_one_burst(&p, &pkt);
				cr_assert_arr_eq(
					&a.key, &b.key, sizeof(a.key), "%s at %u", name, len
				);
			}
		}
	}
}

static uint32_t random_next(uint32_t *state) {
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

Test(parse, gives_the_same_by_the_fast_and_the_general_way) {
	struct parser p = {.tunnels = TUNNEL_ALL};
	uint32_t seed = 1, differ = 0;
	for (unsigned n = 0; frame_sample(&f, n) != NULL; n++) {
		uint32_t whole = f.len;
		frame_zeros(&f, 20); // the fast way wants some length
		static struct frame m;
		for (int i = 0; i < 20000; i++) {
			m = (struct frame){.len = f.len};
			memcpy(m.octet, f.octet, f.len);
			struct packet pkt;
			frame_packet(&m, &pkt, 0);
			for (uint32_t k = random_next(&seed) % 4; k > 0; k--) {
				uint32_t at = random_next(&seed) % (whole < 80 ? whole : 80);
				m.octet[at] = (uint8_t)random_next(&seed);
			}
			if (i % 4 == 1)
				pkt.head_len = pkt.cap_len = pkt.wire_len = random_next(&seed)
					% (m.len + 1);
			else if (i % 4 == 2)
				pkt.head_len = pkt.cap_len = random_next(&seed) % (m.len + 1);
			else if (i % 4 == 3)
				pkt.wire_len = random_next(&seed) % 200;
			pkt.in_port = (uint8_t)i;
			// What a frame before left there must not show.
			pkt.matches = (uint16_t)(i * 7);
			pkt.verdict = (uint8_t)(i % VERDICT_COUNT);
			pkt.reason = (uint8_t)(i % REASON_COUNT);
			pkt.tcp_flags = (uint8_t)(i >> 3);
			pkt.flags = i % 2 ? PACKET_LATE : 0xff;
			pkt.data = before_the_abyss(m.octet, pkt.head_len);
			struct parsed a = parse_in(&pkt, TUNNEL_ALL);
			struct parsed b = parse_one_burst(&p, &pkt);
			differ += memcmp(&a.key, &b.key, sizeof(a.key)) != 0;
			differ += memcmp(&a.pkt, &b.pkt, sizeof(a.pkt)) != 0;
			differ += a.pkt.matches != 0
				|| a.pkt.verdict != reason_verdict(a.pkt.reason);
		}
	}
	cr_assert_eq(differ, 0);
}

// A source whose packets have `head_len` octets in their first segment.
static uint32_t
gather_frame(const struct source *src, const struct packet *p, uint8_t *to, uint32_t len) {
	const struct frame *from = (const struct frame *)(uintptr_t)p->handle;
	len = len < from->len ? len : from->len;
	memcpy(to, from->octet, len);
	return len;
}

Test(parse, gathers_a_frame_whose_headers_go_on_in_its_next_segment) {
	static const struct source_ops ops = {.gather = gather_frame};
	static const struct source src = {.ops = &ops};
	struct parser p;
	cr_assert_eq(parser_init(&p, TUNNEL_ALL, NULL), 0);
	static struct burst b;
	const char *name;
	for (unsigned n = 0; (name = frame_sample(&f, n)) != NULL; n++) {
		struct parsed whole = parse_frame(&f);
		for (uint32_t head = 0; head <= f.len; head++) {
			b.n = 1;
			frame_packet(&f, &b.pkt[0], 0);
			b.pkt[0].handle = (uintptr_t)&f;
			b.pkt[0].data = before_the_abyss(f.octet, head);
			b.pkt[0].head_len = head;
			parse_burst(&p, &src, &b);
			cr_assert_arr_eq(&b.key[0], &whole.key, sizeof(whole.key), "%s", name);
			cr_assert_eq(b.pkt[0].verdict, VERDICT_COUNTED, "%s at %u", name, head);
			cr_assert_eq(b.pkt[0].payload_off, whole.pkt.payload_off);
			cr_assert_eq(b.pkt[0].l4_len, whole.pkt.l4_len);
			cr_assert_eq(b.pkt[0].payload_len, whole.pkt.payload_len);
			cr_assert_eq(b.pkt[0].tcp_flags, whole.pkt.tcp_flags);
		}
	}
	parser_fini(&p);
}

Test(parse, works_through_a_whole_burst) {
	static struct burst b;
	static struct frame frame[BURST_MAX];
	struct parser p = {.tunnels = TUNNEL_ALL};
	for (b.n = 0; b.n < BURST_MAX; b.n++) {
		frame_ipv4_udp(&frame[b.n], "10.0.0.1", (uint16_t)b.n, "10.0.0.2", 9, "abc", 3);
		frame_zeros(&frame[b.n], 20);
		frame_packet(&frame[b.n], &b.pkt[b.n], 0);
	}
	parse_burst(&p, &no_source, &b);
	while (b.n-- > 0)
		cr_assert_eq(b.key[b.n].src_port, b.n);
}

Test(parse, gives_later_fragments_the_ports_of_their_first) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	struct parser p = {.tunnels = TUNNEL_ALL, .fragments = fragment_table_new(64, &seed)};
	struct parsed r;
	static const struct {
		uint16_t id, offset;
		int more;
		int64_t time_us;
		uint16_t port; // what it must come to
	} t[] = {
		{1, 24, 1, 0, 0}, // ahead of its first fragment
		{1, 0, 1, 1000000, 6},   {1, 24, 1, 1000001, 6}, {1, 48, 0, 31000000, 6}, // 30 s
		{1, 48, 0, 31000001, 0}, // and a microsecond
		{2, 24, 1, 1000002, 0}, // another datagram
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_ipv4_fragment(
			&f, "10.0.0.1", "10.0.0.2", 17, t[i].id, t[i].offset, t[i].more
		);
		if (t[i].offset == 0)
			frame_udp(&f, 5, 6);
		frame_zeros(&f, 24);
		frame_end(&f);
		frame_packet(&f, &r.pkt, t[i].time_us);
		parse_packet(&p, &r.pkt, &r.key);
		cr_assert(is_counted(&r, "10.0.0.1", "10.0.0.2"));
		cr_assert_eq(r.key.dst_port, t[i].port, "fragment %u", i);
		cr_assert_eq(r.pkt.flags, PACKET_FRAGMENT);
		cr_assert_eq(r.pkt.fragment_id, t[i].id);
		cr_assert_eq(r.pkt.payload_len, 24);
	}
	fragment_table_free(p.fragments);
}

Test(parse, counts_later_fragments_of_a_tunnel_under_its_own_addresses_without_ports) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	struct parser p = {.tunnels = TUNNEL_ALL, .fragments = fragment_table_new(64, &seed)};
	struct parsed r;
	for (int later = 0; later < 2; later++) {
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_ipv4_fragment(&f, "10.0.0.1", "10.0.0.2", 17, 9, later ? 800 : 0, !later);
		if (!later) {
			frame_udp(&f, 40000, 4789);
			frame_vxlan(&f, 5);
			frame_ethernet(&f, 0);
			frame_inner(&f);
		}
		frame_zeros(&f, 8);
		frame_end(&f);
		frame_packet(&f, &r.pkt, 0);
		parse_packet(&p, &r.pkt, &r.key);
		cr_assert(is_counted(
			&r, later ? "10.0.0.1" : "192.168.0.1", later ? "10.0.0.2" : "192.168.0.2"
		));
		cr_assert(later ? r.key.dst_port == 0 : r.pkt.flags == PACKET_CARRIER_FRAGMENT);
	}
	fragment_table_free(p.fragments);
}
