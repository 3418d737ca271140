// The specification's steps: ports or what stands for them, the lower end first, SHA-1, base64.

#include "community_id.h"

#include "base/sha1.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

// ICMP messages that answer each other are the two directions of one flow: the types stand for the ports.
struct icmp_pair {
	uint8_t type, answer;
};

static const struct icmp_pair icmp4_pairs[] = {
	{8, 0}, // echo
	{10, 9}, // router solicitation, advertisement
	{13, 14}, // timestamp
	{15, 16}, // information
	{17, 18}, // address mask
};
static const struct icmp_pair icmp6_pairs[] = {
	{128, 129}, // echo
	{130, 131}, // multicast listener query, report
	{133, 134}, // router solicitation, advertisement
	{135, 136}, // neighbour solicitation, advertisement
	{139, 140}, // node information query, response
	{144, 145}, // home agent address discovery
};

struct ends {
	bool has_ports;
	bool one_way; // nothing answers it: never turned round
	uint16_t src, dst;
};

static void icmp_ends(struct ends *e, const struct flow_key *k) {
	bool v6 = k->proto == IPPROTO_ICMPV6;
	const struct icmp_pair *pairs = v6 ? icmp6_pairs : icmp4_pairs;
	size_t n = v6 ? sizeof(icmp6_pairs) / sizeof(icmp6_pairs[0])
		      : sizeof(icmp4_pairs) / sizeof(icmp4_pairs[0]);
	*e = (struct ends
	){.has_ports = true, .one_way = true, .src = k->icmp_type, .dst = k->icmp_code};
	for (size_t i = 0; i < n; i++) {
		if (k->icmp_type != pairs[i].type && k->icmp_type != pairs[i].answer)
			continue;
		e->one_way = false;
		e->dst = k->icmp_type == pairs[i].type ? pairs[i].answer : pairs[i].type;
	}
}

static void find_ends(struct ends *e, const struct flow_key *k) {
	*e = (struct ends){.src = k->src_port, .dst = k->dst_port};
	if (k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6)
		icmp_ends(e, k);
	else
		e->has_ports = k->proto == IPPROTO_TCP || k->proto == IPPROTO_UDP
			|| k->proto == IPPROTO_SCTP;
}

static char *put_base64(char *p, const uint8_t *data, size_t len) {
	static const char
		digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)data[i] << 16;
		v |= i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0;
		v |= i + 2 < len ? data[i + 2] : 0;
		*p++ = digits[v >> 18];
		*p++ = digits[v >> 12 & 63];
		*p++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
		*p++ = i + 2 < len ? digits[v & 63] : '=';
	}
	return p;
}

static uint8_t *put_be16(uint8_t *p, uint16_t v) {
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

void community_id(const struct flow_key *key, char to[COMMUNITY_ID_MAX]) {
	struct ends e;
	bool v6 = key->flags & KEY_V6;
	bool icmp = key->proto == IPPROTO_ICMP || key->proto == IPPROTO_ICMPV6;
	to[0] = '\0';
	if (icmp && !(key->flags & KEY_ICMP))
		return;
	find_ends(&e, key);
	size_t len = v6 ? sizeof(key->src6) : sizeof(key->src4);
	const uint8_t *src = v6 ? key->src6 : key->src4, *dst = v6 ? key->dst6 : key->dst4;
	int c = memcmp(src, dst, len);
	bool turn = !e.one_way && (c > 0 || (c == 0 && e.src > e.dst));
	// Seed, addresses, protocol, a zero, ports.
	uint8_t data[2 + 32 + 2 + 4] = {0}, *p = data + 2;
	memcpy(p, turn ? dst : src, len);
	memcpy(p + len, turn ? src : dst, len);
	p += 2 * len;
	*p++ = key->proto;
	*p++ = 0;
	if (e.has_ports) {
		p = put_be16(p, turn ? e.dst : e.src);
		p = put_be16(p, turn ? e.src : e.dst);
	}
	uint8_t digest[SHA1_LEN];
	sha1(data, (size_t)(p - data), digest);
	memcpy(to, "1:", 2);
	*put_base64(to + 2, digest, sizeof(digest)) = '\0';
}
