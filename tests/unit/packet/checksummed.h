// Help for tests of checksums: fills them in by an obvious reference, and asks about a frame.
#pragma once

#include "packet/checksum.h"
#include "parsed.h"

#include <stdlib.h>

// The plainest way (RFC 1071): big-endian words, one after the other, carries around. Not inverted.
static inline uint16_t slow_sum(uint16_t start, const uint8_t *p, uint32_t len) {
	uint32_t sum = start;
	for (uint32_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)sum;
}

static inline void set16(uint8_t *p, uint16_t v) {
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

// Of the packet whose IP header is at `ip`; `count` is the length it tells, 0 as some senders leave it.
static inline uint16_t slow_pseudo(const uint8_t *ip, uint8_t proto, uint32_t count) {
	uint8_t tail[4] = {0, proto, (uint8_t)(count >> 8), (uint8_t)count};
	uint16_t sum = slow_sum(0, tail, sizeof(tail));
	return ip[0] >> 4 == 6 ? slow_sum(sum, ip + 8, 32) : slow_sum(sum, ip + 12, 8);
}

enum seal {
	SEAL_RIGHT,
	SEAL_PARTIAL, // the sum of the pseudo header
	SEAL_PARTIAL_SHORT, // without its length
};

// Fills in the checksum of the L4 header at `l4`, `len` octets long, behind the IP header at `ip`.
static inline void
seal_l4(struct frame *f, uint32_t ip, uint32_t l4, uint32_t len, uint8_t proto, enum seal how) {
	uint32_t field = proto == 6 ? 16 : proto == 17 ? 6 : 2;
	uint8_t *h = f->octet + l4;
	uint16_t sum = 0;
	set16(h + field, 0);
	if (proto != 1)
		sum = slow_pseudo(f->octet + ip, proto, how == SEAL_PARTIAL_SHORT ? 0 : len);
	if (how != SEAL_RIGHT) {
		set16(h + field, sum);
		return;
	}
	sum = (uint16_t)~slow_sum(sum, h, len);
	set16(h + field, sum == 0 && proto == 17 ? 0xffff : sum);
}

// And that of the IPv4 header.
static inline void seal_ipv4(struct frame *f, uint32_t ip) {
	uint8_t *h = f->octet + ip;
	set16(h + 10, 0);
	set16(h + 10, (uint16_t)~slow_sum(0, h, (h[0] & 0xf) * 4u));
}

// What is said of the first `len` octets of a frame: snapped there, or all there was. They lie in memory
// of just that size.
static inline enum checksum checksum_cut(const struct frame *f, uint32_t len, bool snapped) {
	struct parser p = {.tunnels = TUNNEL_ALL};
	struct packet pkt;
	struct flow_key key;
	uint8_t *octets = malloc(len);
	memcpy(octets, f->octet, len);
	frame_packet(f, &pkt, 0);
	pkt.data = octets;
	pkt.head_len = pkt.cap_len = len;
	if (!snapped)
		pkt.wire_len = len;
	parse_packet(&p, &pkt, &key);
	enum checksum c = CHECKSUM_COUNT;
	if (pkt.verdict == VERDICT_COUNTED)
		c = checksum_packet(&pkt, &key, octets, len);
	free(octets);
	return c;
}

static inline enum checksum checksum_frame(const struct frame *f) {
	return checksum_cut(f, f->len, false);
}
