// Frames with tunnels that have headers of their own: a table of functions, a frame each.

#include "parse_frames.h"

#include "packet/parse_limits.h"

#include "parse_frame_parts.h"

#include <stddef.h>

static void gre(struct frame *f) {
	outer(f, GRE);
	frame_gre(f, 0x0800);
	inner(f);
}

static void gre_ethernet(struct frame *f) {
	outer(f, GRE);
	frame_gre(f, 0x6558);
	frame_ethernet(f, 0);
	frame_vlan(f, 0x8100, 9);
	inner(f);
}

// Routing (RFC 1701), `n` entries of 200 octets ahead of the empty one.
static void gre_routes(struct frame *f, uint32_t n) {
	static const uint8_t h[8] = {0x40, 0, 0x08, 0};
	static const uint8_t route[204] = {0, 1, 0, 200};
	outer(f, GRE);
	frame_payload(f, h, sizeof(h));
	for (uint32_t i = 0; i < n; i++)
		frame_payload(f, route, sizeof(route));
	frame_zeros(f, 4);
	inner(f);
}

static void gre_routes_few(struct frame *f) {
	gre_routes(f, 3);
}

static void gre_routes_all(struct frame *f) {
	gre_routes(f, PARSE_MAX_HEADERS - 1);
}

static void gre_routes_too_many(struct frame *f) {
	gre_routes(f, PARSE_MAX_HEADERS);
}

static void gre_wccp(struct frame *f) {
	outer(f, GRE);
	frame_gre(f, 0x883e);
	frame_zeros(f, 4);
	inner(f);
}

static void vxlan(struct frame *f) {
	outer(f, UDP);
	frame_udp(f, 1000, 4789);
	frame_vxlan(f, 0x123456);
	frame_ethernet(f, 0);
	inner(f);
}

static void vxlan_from_vxlan(struct frame *f) {
	frame_ethernet(f, 0);
	frame_vlan(f, 0x8100, 42);
	frame_ipv6(f, A6, B6, UDP);
	frame_udp(f, 4789, 99);
	frame_vxlan(f, 1);
	frame_ethernet(f, 0);
	frame_vlan(f, 0x8100, 43);
	frame_ipv6(f, B6, A6, UDP);
	frame_udp(f, 1, 2);
}

static void geneve(struct frame *f) {
	outer(f, UDP);
	frame_udp(f, 1000, 6081);
	frame_geneve(f, 0x654321, 0x6558);
	frame_ethernet(f, 0);
	inner(f);
}

static void gtpu(struct frame *f) {
	outer(f, UDP);
	frame_udp(f, 2152, 2152);
	frame_gtpu(f, 1);
	inner(f);
}

// With `n` extension headers of 8 octets.
static void gtpu_extensions(struct frame *f, uint32_t n) {
	static const uint8_t h[8] = {0x34, 0xff}, fields[4] = {0, 1, 0, 0x85};
	static const uint8_t ext[8] = {2, 0, 0, 0, 0, 0, 0, 0x85}, last[8] = {2};
	outer(f, UDP);
	frame_udp(f, 2152, 1000);
	frame_payload(f, h, sizeof(h));
	frame_payload(f, fields, sizeof(fields));
	for (uint32_t i = 0; i < n; i++)
		frame_payload(f, i + 1 < n ? ext : last, sizeof(ext));
	inner(f);
}

static void gtpu_extended(struct frame *f) {
	gtpu_extensions(f, 2);
}

static void gtpu_extended_without_end(struct frame *f) {
	gtpu_extensions(f, PARSE_MAX_HEADERS + 1);
}

static const struct parse_frame frames[] = {
	FRAME(gre),
	FRAME(gre_ethernet),
	FRAME(gre_routes_few),
	FRAME(gre_routes_all),
	FRAME(gre_routes_too_many),
	FRAME(gre_wccp),
	FRAME(vxlan),
	FRAME(vxlan_from_vxlan),
	FRAME(geneve),
	FRAME(gtpu),
	FRAME(gtpu_extended),
	FRAME(gtpu_extended_without_end),
};

#define FRAMES (sizeof(frames) / sizeof(frames[0]))

const char *parse_tunnel_frame_make(uint32_t i, struct frame *f) {
	if (i >= FRAMES)
		return NULL;
	return parse_frame_fill(&frames[i], f);
}
