// Help for tests of defragmentation: a fragment said in one line, as a frame, parsed and handed over.
#pragma once

#include "frame.h"
#include "packet/defrag.h"
#include "packet/link.h"
#include "packet/parse.h"
#include "packet/tunnel.h"
#include "packet/verdict.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fragment_spec {
	const uint8_t *data;
	uint32_t len;
	uint32_t offset;
	bool more;
	bool v6;
	uint32_t id;
	uint8_t proto; // 0: UDP
	uint8_t host; // last octet of the source address
	uint16_t vlan; // 0: none
	uint32_t options; // octets of extension headers ahead of the fragment header
	int64_t time_us;
};

static inline void fragment_frame(struct frame *f, const struct fragment_spec *s) {
	char src[32];
	uint8_t proto = s->proto != 0 ? s->proto : 17;
	frame_start(f);
	frame_ethernet(f, 0);
	if (s->vlan != 0)
		frame_vlan(f, 0x8100, s->vlan);
	if (s->v6) {
		snprintf(src, sizeof(src), "fd00::%x", s->host + 1);
		frame_ipv6(f, src, "fd00::ffff", s->options > 0 ? 60 : 44);
		if (s->options > 0)
			frame_ipv6_ext(f, 44, s->options);
		frame_ipv6_fragment(f, proto, s->id, (uint16_t)s->offset, s->more);
	} else {
		snprintf(src, sizeof(src), "10.0.0.%u", s->host + 1);
		frame_ipv4_fragment(
			f, src, "10.0.1.1", proto, (uint16_t)s->id, (uint16_t)s->offset, s->more
		);
	}
	frame_payload(f, s->data, s->len);
	frame_end(f);
}

static inline struct defrag *defrag_make(uint32_t datagrams, uint64_t memory, uint32_t fragments) {
	struct defrag_config conf = {
		.datagrams = datagrams,
		.memory = memory,
		.fragments = fragments,
		.tunnels = TUNNEL_ALL,
		.mem = mem_pages(),
	};
	hash_seed_fixed(&conf.seed, 5);
	struct defrag *d = defrag_new(&conf);
	cr_assert_not_null(d);
	return d;
}

// The frame's octets lie in memory of just their size, so that a look beyond them is found.
static inline enum defrag_result defrag_frame(
	struct defrag *d, const struct frame *f, int64_t time_us, struct defrag_datagram *out
) {
	struct parser p = {.tunnels = TUNNEL_ALL};
	struct packet pkt;
	struct flow_key key;
	uint8_t *octets = malloc(f->len);
	cr_assert_not_null(octets);
	memcpy(octets, f->octet, f->len);
	frame_packet(f, &pkt, time_us);
	pkt.data = octets;
	parse_packet(&p, &pkt, &key);
	cr_assert_eq(pkt.verdict, VERDICT_COUNTED);
	enum defrag_result r = defrag_add(d, &pkt, octets, f->len, out);
	free(octets);
	return r;
}

static inline enum defrag_result
defrag_spec(struct defrag *d, const struct fragment_spec *s, struct defrag_datagram *out) {
	static struct frame f;
	fragment_frame(&f, s);
	return defrag_frame(d, &f, s->time_us, out);
}

// What defrag.h promises of its counters.
static inline void defrag_balance(const struct defrag *d) {
	struct defrag_stats s = defrag_stats(d);
	uint64_t refused = 0, given_up = 0;
	for (int i = 0; i < DEFRAG_REFUSED_COUNT; i++)
		refused += s.refused[i];
	for (int i = 0; i < DEFRAG_GIVEN_UP_COUNT; i++)
		given_up += s.given_up[i];
	cr_assert_eq(s.fragments, s.taken + refused);
	cr_assert_eq(s.begun, s.complete + given_up + s.held);
	cr_assert_eq(s.octets_in, s.octets_out + s.octets_given_up + s.octets_held);
}

// The datagram that `piece` cuts.
static uint8_t text[65536];
static struct defrag_datagram out; // what came out last

// Octets that differ from place to place.
static inline void fill(void) {
	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + (i >> 8) * 13 + 1);
}

static inline struct fragment_spec piece(uint32_t offset, uint32_t len, bool more) {
	return (struct fragment_spec
	){.data = text + offset, .len = len, .offset = offset, .more = more, .id = 7};
}

static inline enum defrag_result add(struct defrag *d, struct fragment_spec s) {
	return defrag_spec(d, &s, &out);
}

// What came out is the first `len` octets of the text.
static inline void is_text(uint32_t len) {
	uint32_t header = out.pkt.data[0] >> 4 == 6 ? 40 : 20;
	cr_assert_eq(out.pkt.cap_len, header + len);
	cr_assert_eq(out.pkt.head_len, out.pkt.cap_len);
	cr_assert_eq(out.pkt.wire_len, out.pkt.cap_len);
	cr_assert(memcmp(out.pkt.data + header, text, len) == 0);
}
