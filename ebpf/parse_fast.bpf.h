// The short way through the frames that make up nearly all traffic: Ethernet, at most one VLAN tag, an
// IP header without options, extension headers or fragments, TCP, UDP or ICMP. It gives what the walk
// gives or does not answer.
#pragma once

#include "parsed.bpf.h"

#include "packet/parse_protocols.h"
#include "packet/tunnel.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <stdbool.h>
#include <stdint.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

// A number of a header as it is read there: the bytes of a constant, changed about.
#define FAST_BE16(x) ((uint16_t)((x) >> 8 | ((x)&0xff) << 8))

// Frames have no alignment to speak of, and the processors that the kernel allows this on do not mind.
#define FAST_LOAD(type, at) (*(const type *)(at))

// Whether a tunnel may be behind a port, as it is read.
static __always_inline bool fast_tunnel_port(uint16_t port) {
	return port == FAST_BE16(PORT_VXLAN) || port == FAST_BE16(PORT_GENEVE)
		|| port == FAST_BE16(PORT_GTPU);
}

// Returns false, with anything written, when the frame is none of those or anything about it is unusual.
static __always_inline bool
parse_fast(struct xdp_md *ctx, uint32_t tunnels, uint8_t in_port, struct parsed *out) {
	const uint8_t *ip = (const uint8_t *)(long)ctx->data, *stop = (void *)(long)ctx->data_end;
	if (ip + 14 + 20 + 8 > stop)
		return false;
	uint64_t flags = 0, vlan = 0;
	uint16_t type = FAST_LOAD(uint16_t, ip + 12);
	if (type == FAST_BE16(TYPE_VLAN)) {
		vlan = __builtin_bswap16(FAST_LOAD(uint16_t, ip + 14)) & 0xfff;
		type = FAST_LOAD(uint16_t, ip + 16);
		flags = KEY_VLAN;
		ip += 4;
	}
	ip += 14;
	const uint8_t *l4;
	uint32_t ip_len, l4_len;
	uint64_t proto, tos;
	bool v6 = type == FAST_BE16(TYPE_IPV6);
	if (type == FAST_BE16(TYPE_IPV4)) {
		l4 = ip + 20;
		if (l4 + 8 > stop || ip[0] != 0x45
		    || FAST_LOAD(uint16_t, ip + 6) & FAST_BE16(0x3fff))
			return false;
		ip_len = __builtin_bswap16(FAST_LOAD(uint16_t, ip + 2));
		if (ip_len < 20 + 8)
			return false;
		l4_len = ip_len - 20;
		proto = ip[9];
		tos = ip[1];
		flags |= KEY_V4;
		out->word[2] = (uint64_t)FAST_LOAD(uint32_t, ip + 12) << 32;
		out->word[3] = FAST_LOAD(uint32_t, ip + 16);
		out->word[4] = 0;
		out->word[5] = 0;
		out->word[6] = 0;
		out->word[7] = 0;
	} else if (v6) {
		l4 = ip + 40;
		if (l4 + 8 > stop || ip[0] >> 4 != 6)
			return false;
		l4_len = __builtin_bswap16(FAST_LOAD(uint16_t, ip + 4));
		if (l4_len < 8)
			return false;
		ip_len = l4_len + 40;
		proto = ip[6];
		tos = (uint64_t)(ip[0] & 0xf) << 4 | ip[1] >> 4;
		flags |= KEY_V6;
		out->word[2] = 0;
		out->word[3] = 0;
		out->word[4] = FAST_LOAD(uint64_t, ip + 8);
		out->word[5] = FAST_LOAD(uint64_t, ip + 16);
		out->word[6] = FAST_LOAD(uint64_t, ip + 24);
		out->word[7] = FAST_LOAD(uint64_t, ip + 32);
	} else {
		return false;
	}

	uint64_t ports = 0;
	uint8_t tcp_flags = 0;
	uint16_t src = FAST_LOAD(uint16_t, l4), dst = FAST_LOAD(uint16_t, l4 + 2);
	if (proto == PROTO_TCP) {
		if (l4 + 14 > stop || l4_len < 14)
			return false;
		tcp_flags = l4[13];
		ports = __builtin_bswap16(src) | (uint64_t)__builtin_bswap16(dst) << 16;
	} else if (proto == PROTO_UDP) {
		if (tunnels & (TUNNEL_VXLAN | TUNNEL_GENEVE | TUNNEL_GTPU)
		    && (fast_tunnel_port(src) || fast_tunnel_port(dst)))
			return false;
		ports = __builtin_bswap16(src) | (uint64_t)__builtin_bswap16(dst) << 16;
	} else if (proto == (v6 ? PROTO_ICMPV6 : PROTO_ICMP)) {
		flags |= KEY_ICMP;
		vlan |= (uint64_t)src << 16; // type and code, where they lie in the key
	} else {
		return false;
	}
	out->word[0] = ports | proto << 32 | tos << 40 | flags << 48 | (uint64_t)in_port << 56;
	out->word[1] = vlan;
	out->ip_len = ip_len;
	out->fragment_id = 0;
	out->reason = REASON_NONE;
	out->tcp_flags = tcp_flags;
	out->fragment = 0;
	out->later = 0;
	return true;
}

#else

static __always_inline bool
parse_fast(struct xdp_md *ctx, uint32_t tunnels, uint8_t in_port, struct parsed *out) {
	return false;
}

#endif
