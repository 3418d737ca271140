// The shortest way, for the plainest frames: Ethernet without a tag, IPv4 without options or
// fragments, UDP or TCP, all headers captured. Reads and writes whole words, because instructions are
// what the parser costs; gives what the walk gives or does not answer. Internal to the parser.
#pragma once

#include "packet/flow_key.h"
#include "packet/link.h"
#include "packet/packet.h"
#include "packet/parse_fast.h"

#if defined(__SSSE3__)
#include <tmmintrin.h>
#endif

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

#if defined(__SSSE3__)

// TTL, protocol, checksum, addresses, ports: all of the key but what comes in `rest`, to be moved to
// its places octet by octet.
static inline __m128i plain_back(const uint8_t *data) {
	return _mm_loadu_si128((const __m128i *)(data + 22));
}

// Whether either port is one that a tunnel may be behind.
static inline bool plain_tunnel_port(const uint8_t *data) {
	const __m128i at = _mm_set1_epi32(0x0e0f0c0d); // source, destination port, four times
	const __m128i known = _mm_setr_epi16(
		PORT_GTPU, PORT_GTPU, PORT_VXLAN, PORT_VXLAN, PORT_GENEVE, PORT_GENEVE, PORT_GENEVE,
		PORT_GENEVE
	);
	__m128i ports = _mm_shuffle_epi8(plain_back(data), at);
	return _mm_movemask_epi8(_mm_cmpeq_epi16(ports, known)) != 0;
}

// Fills the key; `rest` holds TOS, flags and in_port where they lie in its first word.
static inline void plain_key(struct flow_key *key, const uint8_t *data, uint64_t rest) {
	const __m128i first = _mm_setr_epi8(
		13, 12, 15, 14, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1
	);
	const __m128i second = _mm_setr_epi8(
		-1, -1, -1, -1, 4, 5, 6, 7, 8, 9, 10, 11, -1, -1, -1, -1
	);
	__m128i back = plain_back(data), *to = (__m128i *)key;
	__m128i front = _mm_cvtsi64_si128((long long)rest);
	_mm_store_si128(to, _mm_or_si128(_mm_shuffle_epi8(back, first), front));
	_mm_store_si128(to + 1, _mm_shuffle_epi8(back, second));
	memset(key->src6, 0, sizeof(key->src6) + sizeof(key->dst6));
}

#else

// In host order: source port in the upper half.
static inline uint32_t plain_ports(const uint8_t *data) {
	uint32_t ports;
	memcpy(&ports, data + 34, sizeof(ports));
	return __builtin_bswap32(ports);
}

static inline bool plain_tunnel_port(const uint8_t *data) {
	uint32_t ports = plain_ports(data);
	return fast_tunnel_port((uint16_t)(ports >> 16), (uint16_t)ports);
}

// One at a time: put together in an array first, they would be read back wider than written.
static inline void plain_store(struct flow_key *key, unsigned at, uint64_t v) {
	memcpy((uint8_t *)key + at, &v, sizeof(v));
}

static inline void plain_key(struct flow_key *key, const uint8_t *data, uint64_t rest) {
	uint32_t ports = plain_ports(data);
	uint64_t address = plain_load(data + 26);
	plain_store(key, 0, rest | (uint64_t)data[23] << 32 | (ports >> 16 | ports << 16));
	plain_store(key, 8, 0);
	plain_store(key, 16, address << 32);
	plain_store(key, 24, address >> 32);
	memset(key->src6, 0, sizeof(key->src6) + sizeof(key->dst6));
}

#endif

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
	uint8_t proto = (uint8_t)(middle >> 24);
	uint32_t end = 14 + ip_len < pkt->cap_len ? 14 + ip_len : pkt->cap_len;
	uint32_t payload = 34 + 8;
	uint64_t flags = state >> 40 & PACKET_LATE, tcp_flags = 0;
	if (proto == PROTO_TCP) {
		payload = 34 + (data[46] >> 4) * 4u;
		if (UNLIKELY(payload < 34 + 20)) // an impossible data offset
			return false;
		tcp_flags = data[47];
		flags |= PACKET_TCP;
	} else if (UNLIKELY(proto != PROTO_UDP || plain_tunnel_port(data))) {
		return false;
	}
	// Cut short of the payload.
	if (UNLIKELY(payload > end))
		return false;

	pkt->payload_off = payload;
	pkt->l4_len = payload - 34;
	pkt->payload_len = end - payload;
	pkt->ip_len = ip_len;
	state = (state & 0xff00000000000000) | flags << 40 | tcp_flags << 48;
	memcpy((uint8_t *)pkt + 48, &state, sizeof(state));

	// TOS from octet 3 of `front` to octet 5 of the key.
	plain_key(
		key, data,
		(front & 0xff000000) << 16 | (uint64_t)KEY_V4 << 48 | (state & 0xff00000000000000)
	);
	return true;
}

#else

static inline bool parse_plain(const struct parser *p, struct packet *pkt, struct flow_key *key) {
	return false;
}

#endif
