// Which packets go to the same worker: by flow, and by host.

#include "pipeline/spread.h"

#include "frame.h"
#include "packet/link.h"
#include "packet/parse.h"
#include "segment_source.h"

#include <criterion/criterion.h>

#include <stdio.h>

static struct frame f;
static struct spread s;
static struct parser parser;
static struct segment_source source;

static void open_spread(bool by_host) {
	s = (struct spread){.tunnels = TUNNEL_ALL, .by_host = by_host, .whole = by_host};
	hash_seed_fixed(&s.seed, 5);
	cr_assert_eq(parser_init(&parser, TUNNEL_ALL, NULL), 0);
	segment_source_init(&source);
}

static void close_spread(void) {
	parser_fini(&parser);
}

// Of the frame, of which `head` octets are in the first segment (0: all).
static uint32_t number_in(uint32_t head) {
	struct packet p;
	struct flow_key key;
	frame_end(&f);
	segment_packet(&p, &f, head > 0 && head < f.len ? head : f.len, 0);
	struct burst *b = calloc(1, sizeof(*b));
	cr_assert_not_null(b);
	b->pkt[0] = p;
	b->n = 1;
	parse_burst(&parser, &source.source, b);
	cr_assert_eq(b->pkt[0].reason, 0);
	p = b->pkt[0];
	key = b->key[0];
	free(b);
	uint32_t number = spread_packet(&s, &source.source, &p, &key);
	segment_packet_fini(&p);
	return number;
}

static uint32_t number(void) {
	return number_in(0);
}

static void begin(uint16_t vlan) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	if (vlan != 0)
		frame_vlan(&f, 0x8100, vlan);
}

static uint32_t
udp(uint16_t vlan, const char *src, uint16_t sport, const char *dst, uint16_t dport) {
	begin(vlan);
	frame_ipv4(&f, src, dst, 17);
	frame_udp(&f, sport, dport);
	frame_payload(&f, "x", 1);
	return number();
}

static uint32_t piece(const char *src, const char *dst, uint16_t id, uint16_t offset) {
	begin(0);
	frame_ipv4_fragment(&f, src, dst, 17, id, offset, offset == 0);
	if (offset == 0)
		frame_udp(&f, 5, 6);
	frame_zeros(&f, 8);
	return number();
}

static uint32_t piece6(uint32_t id, uint16_t offset, uint32_t head) {
	begin(0);
	frame_ipv6(&f, "fd00::1", "fd00::2", 0);
	frame_ipv6_ext(&f, 44, 40);
	frame_ipv6_fragment(&f, 17, id, offset, offset == 0);
	if (offset == 0)
		frame_udp(&f, 5, 6);
	frame_zeros(&f, 8);
	return number_in(head);
}

// A piece of a VXLAN datagram between the hosts 10.0.0.1 and 10.0.0.2; `inner` 0: whole, 1: with a whole
// packet in it, 2: with a fragment.
static uint32_t carrier(int inner, uint16_t offset, uint32_t head) {
	begin(0);
	if (inner == 0)
		frame_ipv4(&f, "10.0.0.1", "10.0.0.2", 17);
	else
		frame_ipv4_fragment(&f, "10.0.0.1", "10.0.0.2", 17, 9, offset, offset == 0);
	if (offset == 0) {
		frame_udp(&f, 40000, 4789);
		frame_vxlan(&f, 5);
		frame_ethernet(&f, 0);
		if (inner == 2)
			frame_ipv4_fragment(&f, "192.168.0.1", "192.168.0.2", 17, 3, 0, 1);
		else
			frame_ipv4(&f, "192.168.0.1", "192.168.0.2", 17);
		frame_udp(&f, 1111, 2222);
	}
	frame_zeros(&f, 16);
	return number_in(head);
}

Test(spread, by_flow_tells_ports_apart_but_no_directions_and_no_vlans, .fini = close_spread) {
	open_spread(false);
	uint32_t n = udp(0, "10.0.0.1", 5, "10.0.0.2", 6);
	cr_assert_eq(udp(0, "10.0.0.2", 6, "10.0.0.1", 5), n);
	cr_assert_eq(udp(7, "10.0.0.1", 5, "10.0.0.2", 6), n);
	cr_assert_neq(udp(0, "10.0.0.1", 7, "10.0.0.2", 6), n);
}

Test(spread, by_flow_the_fragments_of_a_datagram_meet, .fini = close_spread) {
	open_spread(false);
	uint32_t n = piece("10.0.0.1", "10.0.0.2", 3, 0);
	cr_assert_eq(piece("10.0.0.1", "10.0.0.2", 3, 64), n);
	cr_assert_neq(piece("10.0.0.1", "10.0.0.2", 4, 0), n, "datagrams are spread");
	cr_assert_eq(piece6(9, 0, 0), piece6(9, 64, 0));
	cr_assert_neq(piece6(9, 0, 0), piece6(8, 0, 0));
}

Test(spread, by_host_all_between_two_addresses_meets, .fini = close_spread) {
	open_spread(true);
	uint32_t n = udp(0, "10.0.0.1", 5, "10.0.0.2", 6);
	cr_assert_eq(udp(0, "10.0.0.2", 6, "10.0.0.1", 5), n);
	cr_assert_eq(udp(7, "10.0.0.2", 6, "10.0.0.1", 5), n, "a tag in one direction");
	cr_assert_eq(udp(0, "10.0.0.1", 50, "10.0.0.2", 60), n);
	cr_assert_neq(udp(0, "10.0.0.1", 5, "10.0.0.3", 6), n);
	begin(0);
	frame_ipv4(&f, "10.0.0.2", "10.0.0.1", 1);
	frame_icmp(&f, 0, 0);
	cr_assert_eq(number(), n);
	begin(9);
	frame_mpls(&f, 100, 1);
	frame_ipv4(&f, "10.0.0.1", "10.0.0.2", 6);
	frame_tcp(&f, 1, 2, 2);
	cr_assert_eq(number(), n);
}

Test(spread, by_host_fragments_meet_the_rest_of_their_flow, .fini = close_spread) {
	open_spread(true);
	uint32_t n = udp(0, "10.0.0.1", 5, "10.0.0.2", 6);
	cr_assert_eq(piece("10.0.0.1", "10.0.0.2", 3, 0), n);
	cr_assert_eq(piece("10.0.0.2", "10.0.0.1", 4, 64), n);
	frame_ipv6_udp(&f, "fd00::2", 1, "fd00::1", 2, "abc", 3);
	uint32_t n6 = number();
	cr_assert_neq(n6, n);
	cr_assert_eq(piece6(9, 0, 0), n6);
	cr_assert_eq(piece6(8, 64, 0), n6);
}

Test(spread, by_host_what_is_whole_in_a_tunnel_goes_by_the_addresses_inside, .fini = close_spread) {
	open_spread(true);
	cr_assert_eq(carrier(0, 0, 0), udp(0, "192.168.0.2", 1, "192.168.0.1", 1));
	begin(0);
	frame_ipv4(&f, "10.0.0.1", "10.0.0.2", 47);
	frame_gre(&f, 0);
	frame_ipv4_fragment(&f, "192.168.0.1", "192.168.0.2", 17, 3, 64, 0);
	frame_zeros(&f, 8);
	cr_assert_eq(number(), carrier(0, 0, 0), "a fragment in a datagram that is none");
}

Test(spread, by_host_the_fragments_of_a_tunnels_datagram_meet, .fini = close_spread) {
	open_spread(true);
	uint32_t n = udp(0, "10.0.0.1", 5, "10.0.0.2", 6);
	cr_assert_eq(carrier(1, 800, 0), n);
	cr_assert_eq(carrier(1, 0, 0), n);
	cr_assert_eq(carrier(2, 0, 0), n, "with a fragment inside");
}

Test(spread,
     by_host_packets_with_the_same_addresses_in_their_key_meet_where_nothing_is_put_together,
     .fini = close_spread) {
	open_spread(true);
	s.whole = false;
	uint32_t n = udp(0, "192.168.0.1", 5, "192.168.0.2", 6);
	cr_assert_eq(carrier(0, 0, 0), n);
	cr_assert_eq(carrier(1, 0, 0), n, "the first fragment shows what is inside");
	cr_assert_eq(carrier(1, 800, 0), udp(0, "10.0.0.1", 5, "10.0.0.2", 6));
}

Test(spread, by_host_a_fragment_is_found_in_the_next_segment, .fini = close_spread) {
	open_spread(true);
	uint32_t n = carrier(1, 800, 0);
	for (uint32_t head = 15; head < 100; head += 7) {
		cr_assert_eq(carrier(1, 0, head), n, "first %u octets", head);
		cr_assert_eq(carrier(2, 0, head), n, "first %u octets", head);
		cr_assert_eq(piece6(9, 0, head), piece6(9, 64, 0), "first %u octets", head);
	}
	cr_assert_gt(source.gathered, 0);
}

Test(spread, by_host_is_even, .fini = close_spread) {
	open_spread(true);
	uint32_t lane[4] = {0};
	for (uint32_t i = 0; i < 4000; i++) {
		char src[32];
		snprintf(src, sizeof(src), "10.1.%u.%u", i / 250, i % 250);
		lane[(uint64_t)udp(0, src, 5, "10.0.0.2", 6) * 4 >> 32]++;
	}
	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_gt(lane[i], 850, "lane %u: %u of 4000", i, lane[i]);
		cr_assert_lt(lane[i], 1150, "lane %u: %u of 4000", i, lane[i]);
	}
}
