// The shortest way, for the plainest frames: Ethernet without a tag, IPv4 without options or
// fragments, UDP or TCP, all headers captured. Reads and writes whole words, because instructions are
// what the parser costs; gives what the walk gives or does not answer. Internal to the parser.
#pragma once

#include "packet/flow_key.h"
#include "packet/link.h"
#include "packet/packet.h"
#include "packet/parse_fast.h"

// Octets it reads: Ethernet, IPv4, TCP.
#define PLAIN_LEN (14 + 20 + 20)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

// Where the words lie that are written whole.
static_assert(offsetof(struct packet, matches) == 48 && offsetof(struct packet, verdict) == 50);
static_assert(offsetof(struct packet, reason) == 51 && offsetof(struct packet, link) == 52);
static_assert(offsetof(struct packet, flags) == 53 && offsetof(struct packet, tcp_flags) == 54);
static_assert(offsetof(struct packet, in_port) == 55);
static_assert(offsetof(struct flow_key, dst_port) == 2 && offsetof(struct flow_key, proto) == 4);
static_assert(offsetof(struct flow_key, tos) == 5 && offsetof(struct flow_key, flags) == 6);
static_assert(offsetof(struct flow_key, in_port) == 7 && offsetof(struct flow_key, vlan) == 8);
static_assert(offsetof(struct flow_key, vni) == 16 && offsetof(struct flow_key, dst4) == 24);
static_assert(LINK_ETHERNET == 0 && VERDICT_COUNTED == 0 && REASON_NONE == 0);

static inline uint64_t plain_load(const uint8_t *at) {
	uint64_t v;
	memcpy(&v, at, sizeof(v));
	return v;
}

// One at a time: put together in an array first, they would be read back wider than written.
static inline void plain_store(struct flow_key *key, unsigned at, uint64_t v) {
	memcpy((uint8_t *)key + at, &v, sizeof(v));
}

// Returns false with nothing written when the frame is not a plain one.
static inline bool parse_plain(const struct parser *p, struct packet *pkt, struct flow_key *key) {
	const uint8_t *data = pkt->data;
	if (UNLIKELY(pkt->head_len < PLAIN_LEN || pkt->head_len > pkt->cap_len))
		return false;
	// Type, version and header length, TOS, total length; then fragment, TTL, protocol.
	uint64_t front = plain_load(data + 12), middle = plain_load(data + 20);
	uint64_t state;
	memcpy(&state, (const uint8_t *)pkt + 48, sizeof(state));
	bool unusual = ((front & 0xffffff) ^ 0x450008) | (middle & 0xff3f)
		| (state & 0xff00000000); // link type
	if (UNLIKELY(unusual))
		return false;
	uint32_t ip_len = __builtin_bswap16((uint16_t)(front >> 32));
	uint64_t proto = middle >> 24 & 0xff, tos = front >> 24 & 0xff;
	uint32_t ports;
	memcpy(&ports, data + 34, sizeof(ports));
	ports = __builtin_bswap32(ports);
	uint32_t end = 14 + ip_len < pkt->cap_len ? 14 + ip_len : pkt->cap_len;
	uint32_t payload = 34 + 8;
	uint64_t flags = state >> 40 & PACKET_LATE, tcp_flags = 0;
	if (proto == PROTO_TCP) {
		payload = 34 + (data[46] >> 4) * 4u;
		if (UNLIKELY(payload < 34 + 20)) // an impossible data offset
			return false;
		tcp_flags = data[47];
		flags |= PACKET_TCP;
	} else if (UNLIKELY(
			   proto != PROTO_UDP
			   || fast_tunnel_port((uint16_t)(ports >> 16), (uint16_t)ports)
		   )) {
		return false;
	}
	// Cut short of the payload.
	if (UNLIKELY(payload > end))
		return false;

	pkt->payload_off = payload;
	pkt->payload_len = end - payload;
	pkt->ip_len = ip_len;
	state = (state & 0xff00000000000000) | flags << 40 | tcp_flags << 48;
	memcpy((uint8_t *)pkt + 48, &state, sizeof(state));

	uint64_t address = plain_load(data + 26);
	uint64_t first = (ports >> 16 | ports << 16) | proto << 32 | tos << 40
		| (uint64_t)KEY_V4 << 48 | (state & 0xff00000000000000);
	plain_store(key, 0, first);
	plain_store(key, 8, 0);
	plain_store(key, 16, address << 32);
	plain_store(key, 24, address >> 32);
	memset(key->src6, 0, sizeof(key->src6) + sizeof(key->dst6));
	return true;
}

#else

static inline bool parse_plain(const struct parser *p, struct packet *pkt, struct flow_key *key) {
	return false;
}

#endif
