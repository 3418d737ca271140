// The frames that bench_xdp runs programs on, and the flows that programs make of them.

#include "bench_xdp.h"
#include "xdp_bench.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t ethernet[14] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00};

// IPv4 and UDP; the checksums do not matter to anybody here.
static uint8_t *put_udp(uint8_t *at, uint16_t ip_len, uint16_t src_port, uint16_t dst_port) {
	const uint8_t head[28] = {
		0x45,
		0,
		(uint8_t)(ip_len >> 8),
		(uint8_t)ip_len,
		0,
		0,
		0x40,
		0,
		64,
		17,
		0,
		0,
		10,
		0,
		0,
		1,
		10,
		255,
		0,
		2, // IPv4
		(uint8_t)(src_port >> 8),
		(uint8_t)src_port,
		(uint8_t)(dst_port >> 8),
		(uint8_t)dst_port,
		(uint8_t)((ip_len - 20) >> 8),
		(uint8_t)(ip_len - 20),
		0,
		0,
	};
	memcpy(at, head, sizeof(head));
	return at + sizeof(head);
}

void xdp_frame_udp(struct xdp_case *c, uint32_t octets) {
	memset(c->frame, 0, sizeof(c->frame));
	memcpy(c->frame, ethernet, sizeof(ethernet));
	put_udp(c->frame + 14, (uint16_t)(octets - 14), XDP_FRAME_SRC_PORT, 2000);
	c->octets = octets;
}

void xdp_frame_vxlan(struct xdp_case *c) {
	static const uint8_t tag[4] = {0, 7, 0x08, 0x00}, vxlan[8] = {8, 0, 0, 0, 0, 0, 9, 0};
	memset(c->frame, 0, sizeof(c->frame));
	memcpy(c->frame, ethernet, 12);
	c->frame[12] = 0x81;
	memcpy(c->frame + 14, tag, sizeof(tag));
	uint8_t *at = put_udp(c->frame + 18, 28 + 8 + 60, 5000, 4789);
	memcpy(at, vxlan, sizeof(vxlan));
	at += sizeof(vxlan);
	memcpy(at, ethernet, sizeof(ethernet));
	put_udp(at + 14, XDP_FRAME_IP_LEN, XDP_FRAME_SRC_PORT, 2000);
	c->octets = (uint32_t)(at - c->frame) + 60;
}

uint32_t xdp_bench_keys(uint64_t frames, uint32_t perturb) {
	uint8_t *seen = calloc(1, perturb);
	uint32_t n = 0;
	if (seen == NULL)
		bench_refuse("out of memory");
	for (uint64_t turn = 0; turn < frames && n < perturb; turn++) {
		uint16_t key = xdp_bench_perturb(turn, perturb);
		n += !seen[key];
		seen[key] = 1;
	}
	free(seen);
	return n;
}
