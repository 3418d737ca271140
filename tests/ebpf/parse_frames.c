// Frames without tunnels, and IP in IP: a table of functions, a frame each.

#include "parse_frames.h"

#include "packet/parse_limits.h"

#include "parse_frame_parts.h"

static void plain_udp(struct frame *f) {
	outer(f, UDP);
	frame_udp(f, 1000, 53);
}

static void plain_tcp(struct frame *f) {
	outer(f, TCP);
	frame_tcp(f, 1000, 80, 0xc2);
}

static void plain_icmp(struct frame *f) {
	outer(f, 1);
	frame_icmp(f, 3, 4);
}

static void plain_udp6(struct frame *f) {
	frame_ethernet(f, 0);
	frame_ipv6(f, A6, B6, UDP);
	frame_udp(f, 1000, 53);
}

static void plain_tcp6(struct frame *f) {
	frame_ethernet(f, 0);
	frame_vlan(f, 0x8100, 7);
	frame_ipv6(f, A6, B6, TCP);
	frame_tcp(f, 1000, 80, 0x11);
}

static void plain_icmp6(struct frame *f) {
	frame_ethernet(f, 0);
	frame_ipv6(f, A6, B6, ICMP6);
	frame_icmp(f, 128, 0);
}

static void icmp_of_the_other(struct frame *f) {
	outer(f, ICMP6);
	frame_icmp(f, 128, 0);
}

static void other_protocols(struct frame *f) {
	outer(f, 132);
	frame_udp(f, 9, 10);
	frame_zeros(f, 8);
}

static void tagged(struct frame *f) {
	frame_ethernet(f, 0);
	frame_vlan(f, 0x8100, 42);
	inner(f);
}

static void tagged_twice(struct frame *f) {
	frame_ethernet(f, 0);
	frame_vlan(f, 0x88a8, 42);
	frame_vlan(f, 0x8100, 43);
	inner(f);
}

static void tagged_five_times(struct frame *f) {
	frame_ethernet(f, 0);
	for (uint16_t i = 0; i < 5; i++)
		frame_vlan(f, i & 1 ? 0x9100 : 0x8100, i);
	inner(f);
}

static void labels(struct frame *f) {
	frame_ethernet(f, 0);
	frame_mpls(f, 100, 0);
	frame_mpls(f, 200, 1);
	inner(f);
}

static void labels_without_end(struct frame *f) {
	frame_ethernet(f, 0);
	for (uint32_t i = 0; i < PARSE_MAX_HEADERS + 2; i++)
		frame_mpls(f, i, i == PARSE_MAX_HEADERS + 1);
	inner(f);
}

static void ethernet_over_mpls(struct frame *f) {
	frame_ethernet(f, 0);
	frame_mpls(f, 100, 1);
	frame_ethernet(f, 0);
	inner(f);
}

static void pppoe(struct frame *f) {
	frame_ethernet(f, 0);
	frame_pppoe(f, 0x0021);
	inner(f);
}

static void snap(struct frame *f) {
	frame_ethernet(f, 0);
	frame_llc_snap(f, 0x0800);
	inner(f);
}

static void not_ip(struct frame *f) {
	frame_ethernet(f, 0x0806);
	frame_zeros(f, 46);
}

static void options(struct frame *f) {
	frame_ethernet(f, 0x0800);
	static const uint8_t ip[28] = {0x47, 4, 0, 38, 0, 9, 0, 0, 64, UDP, 0, 0, 1, 2,
				       3,    4, 5, 6,  7, 8, 1, 1, 1,  1,   1, 1, 1, 0};
	frame_payload(f, ip, sizeof(ip));
	frame_udp(f, 7, 8);
	frame_zeros(f, 2);
}

static void first_fragment(struct frame *f) {
	frame_ethernet(f, 0);
	frame_ipv4_fragment(f, A, B, UDP, 77, 0, 1);
	frame_udp(f, 1234, 5678);
	frame_zeros(f, 16);
}

static void later_fragment(struct frame *f) {
	frame_ethernet(f, 0);
	frame_ipv4_fragment(f, A, B, UDP, 77, 24, 0);
	frame_zeros(f, 30);
}

static void unknown_fragment(struct frame *f) {
	frame_ethernet(f, 0);
	frame_ipv4_fragment(f, A, B, TCP, 77, 24, 0);
	frame_zeros(f, 30);
}

static void first_fragment6(struct frame *f) {
	frame_ethernet(f, 0);
	frame_ipv6(f, A6, B6, FRAGMENT);
	frame_ipv6_fragment(f, UDP, 0x12345678, 0, 1);
	frame_udp(f, 1234, 5678);
	frame_zeros(f, 16);
}

static void later_fragment6(struct frame *f) {
	frame_ethernet(f, 0);
	frame_ipv6(f, A6, B6, FRAGMENT);
	frame_ipv6_fragment(f, DSTOPTS, 0x12345678, 24, 0);
	frame_zeros(f, 30);
}

static void extensions(struct frame *f) {
	static const uint8_t auth[12] = {TCP, 1}; // counts in fours, and two more
	frame_ethernet(f, 0);
	frame_ipv6(f, A6, B6, HOPOPTS);
	frame_ipv6_ext(f, DSTOPTS, 8);
	frame_ipv6_ext(f, ROUTING, 24);
	frame_ipv6_ext(f, AH, 16);
	frame_payload(f, auth, sizeof(auth));
	frame_tcp(f, 1000, 80, 0x18);
}

// The header that says it is a jumbogram. Its length says more than is there.
static void jumbo(struct frame *f, const uint8_t *hopopts, uint32_t len) {
	static const uint8_t ip[40] = {0x6a, 0xb0, 0, 0, 0, 0, HOPOPTS, 64, 1, 2, 3};
	frame_ethernet(f, 0x86dd);
	frame_payload(f, ip, sizeof(ip));
	frame_payload(f, hopopts, len);
	frame_udp(f, 1, 2);
	frame_zeros(f, 20);
}

static void jumbo_padded(struct frame *f) {
	static const uint8_t h[24] = {UDP, 2, 0, 0, 1, 3, 9, 9, 9, 1, 0, 0, 0xc2, 4, 0, 1, 0, 8};
	jumbo(f, h, sizeof(h));
}

static void jumbo_too_short(struct frame *f) {
	static const uint8_t h[8] = {UDP, 0, 0xc2, 4, 0, 0, 0xff, 0xff};
	jumbo(f, h, sizeof(h));
}

// An option that only what is behind the header would make whole.
static void jumbo_cut(struct frame *f) {
	static const uint8_t h[8] = {UDP, 0, 0, 0xc2, 4, 0, 1, 0};
	jumbo(f, h, sizeof(h));
}

static void jumbo_without_length(struct frame *f) {
	static uint8_t h[2048];
	h[0] = UDP;
	h[1] = 255;
	jumbo(f, h, sizeof(h));
}

static void ah(struct frame *f) {
	static const uint8_t h[12] = {4, 1};
	outer(f, AH);
	frame_payload(f, h, sizeof(h));
	inner(f);
}

static void ip_in_ip(struct frame *f) {
	outer(f, 4);
	inner(f);
}

static void ip6_in_ip(struct frame *f) {
	outer(f, 41);
	frame_ipv6(f, A6, B6, UDP);
	frame_udp(f, 3, 4);
}

static void long_frame(struct frame *f) {
	plain_udp(f);
	frame_zeros(f, 9000);
}

static void longest_frame(struct frame *f) {
	tagged_twice(f);
	frame_zeros(f, 59000);
}

// Headers up to beyond 40,000 octets: each extension header is as long as one can be.
static void headers_far_behind(struct frame *f) {
	frame_ethernet(f, 0);
	frame_ipv6(f, A6, B6, DSTOPTS);
	for (int i = 0; i < 20; i++)
		frame_ipv6_ext(f, DSTOPTS, 2048);
	frame_ipv6_ext(f, UDP, 8);
	frame_udp(f, 1, 2);
}

static const struct parse_frame frames[] = {
	FRAME(plain_udp),
	FRAME(plain_tcp),
	FRAME(plain_icmp),
	FRAME(plain_udp6),
	FRAME(plain_tcp6),
	FRAME(plain_icmp6),
	FRAME(icmp_of_the_other),
	FRAME(other_protocols),
	FRAME(tagged),
	FRAME(tagged_twice),
	FRAME(tagged_five_times),
	FRAME(labels),
	FRAME(labels_without_end),
	FRAME(ethernet_over_mpls),
	FRAME(pppoe),
	FRAME(snap),
	FRAME(not_ip),
	FRAME(options),
	FRAME(first_fragment),
	FRAME(later_fragment),
	FRAME(unknown_fragment),
	FRAME(first_fragment6),
	FRAME(later_fragment6),
	FRAME(extensions),
	FRAME(jumbo_padded),
	FRAME(jumbo_too_short),
	FRAME(jumbo_cut),
	FRAME(jumbo_without_length),
	FRAME(ah),
	FRAME(ip_in_ip),
	FRAME(ip6_in_ip),
	FRAME(long_frame),
	FRAME(longest_frame),
	FRAME(headers_far_behind),
};

#define FRAMES (sizeof(frames) / sizeof(frames[0]))

const char *parse_frame_make(uint32_t i, struct frame *f) {
	if (i >= FRAMES)
		return parse_tunnel_frame_make(i - FRAMES, f);
	return parse_frame_fill(&frames[i], f);
}
