// A packet's checksums. The parser does not keep where the innermost IP header is, but where its packet
// ends, how long it is and its addresses: that says where it is, and whether it is whole.

#include "checksum.h"

#include "packet/parse_ip.h"
#include "packet/parse_protocols.h"
#include "packet/parse_task.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#define UDP_LEN 8

// The innermost IP packet, whole.
struct inner {
	const struct flow_key *key; // addresses
	const uint8_t *ip;
	const uint8_t *l4;
	uint32_t l4_len;
	uint8_t proto;
	const uint8_t *final6; // where an IPv6 routing header will have it go; NULL: to dst6
	// The pseudo header may have another address than it seems: a source route with stops left
	// (RFC 791, RFC 8200 section 8.1), or a home address (RFC 6275).
	bool rerouted;
};

// Whether the IP packet that ends at `stop` begins at `ip`, by what the parser found out about it.
static bool is_header(const struct packet *pkt, const struct flow_key *key, const uint8_t *ip) {
	uint32_t left = pkt->ip_len;
	if (pkt->flags & PACKET_V6) {
		uint32_t payload = get_be16(ip + 4);
		return left >= IPV6_LEN && ip[0] >> 4 == 6
			&& (payload == 0 || payload + IPV6_LEN == left)
			&& memcmp(ip + 8, key->src6, 16) == 0
			&& memcmp(ip + 24, key->dst6, 16) == 0;
	}
	uint32_t total = get_be16(ip + 2);
	return left >= IPV4_MIN && ip[0] >> 4 == 4 && (ip[0] & 0xf) * 4u >= IPV4_MIN
		&& (ip[0] & 0xf) * 4u <= left && (total == 0 || total == left)
		&& memcmp(ip + 12, key->src4, 4) == 0 && memcmp(ip + 16, key->dst4, 4) == 0;
}

// Whether there is an option of kind `a` or `b` in `len` octets of them. `pad` is the kind that is one
// octet long; lengths leave out `head` octets.
static bool
has_option(const uint8_t *o, uint32_t len, uint8_t pad, uint8_t a, uint8_t b, uint32_t head) {
	for (uint32_t at = 0; at + 1 < len;) {
		if (o[at] == a || o[at] == b)
			return true;
		uint32_t n = o[at] == pad ? 1 : o[at + 1] + head;
		if (n == 0 || o[at] < pad) // IPv4's end of the list is 0
			return false;
		at += n;
	}
	return false;
}

static void find_v4(struct inner *in, uint32_t ip_len) {
	uint32_t header = (in->ip[0] & 0xf) * 4u;
	in->l4 = in->ip + header;
	in->l4_len = ip_len - header;
	in->proto = in->ip[9];
	// Loose and strict source route.
	if (UNLIKELY(header > IPV4_MIN))
		in->rerouted = has_option(in->ip + IPV4_MIN, header - IPV4_MIN, 1, 131, 137, 0);
}

// A routing header `len` octets long with segments left: the pseudo header has the last address of the
// route. RFC 8754 has that one first.
static void reroute(struct inner *in, const uint8_t *h, uint32_t len) {
	in->rerouted = true;
	if (len < 8 + 16)
		return;
	if (h[2] == 0 || h[2] == 2)
		in->final6 = h + len - 16;
	else if (h[2] == 4)
		in->final6 = h + 8;
}

// Walks the extension headers. Returns false when they are cut.
static bool find_v6(struct inner *in, uint32_t ip_len) {
	uint32_t at = IPV6_LEN;
	uint8_t next = in->ip[6];
	while (is_extension(next)) {
		const uint8_t *h = in->ip + at;
		if (ip_len - at < 8)
			return false;
		uint32_t n = (h[1] + 1u) * 8;
		if (next == PROTO_FRAGMENT)
			n = 8;
		else if (next == PROTO_AH)
			n = (h[1] + 2u) * 4;
		if (ip_len - at < n)
			return false;
		if (next == PROTO_ROUTING && h[3] != 0)
			reroute(in, h, n);
		in->rerouted |= next == PROTO_DSTOPTS && has_option(h + 2, n - 2, 0, 201, 201, 2);
		next = h[0];
		at += n;
	}
	in->l4 = in->ip + at;
	in->l4_len = ip_len - at;
	in->proto = next;
	return true;
}

static uint64_t pseudo_header(const struct inner *in, uint32_t len) {
	const struct flow_key *k = in->key;
	static_assert(offsetof(struct flow_key, dst6) == offsetof(struct flow_key, src6) + 16);
	uint64_t sum = (uint64_t)htonl(len) + htonl(in->proto);
	if (!(k->flags & KEY_V6))
		return checksum_add_4(checksum_add_4(sum, k->src4), k->dst4);
	if (in->final6 == NULL)
		return checksum_add(sum, &k->src6, 32);
	return checksum_add(checksum_add(sum, k->src6, 16), in->final6, 16);
}

// Two folded sums; 0 has two forms.
static bool same_sum(uint16_t a, uint16_t b) {
	return a == b || (uint16_t)(a + 1) + (uint16_t)(b + 1) == 1;
}

// Whether a sum folds to 0xffff; it is not 0.
static bool is_right(uint64_t sum) {
	return sum % 0xffff == 0;
}

// `len` octets of L4 whose checksum field is `field` octets into them.
static enum checksum sum_l4(const struct inner *in, uint32_t len, uint32_t field, bool pseudo) {
	if (len > in->l4_len || len < field + 2)
		return CHECKSUM_BAD;
	uint64_t sum = pseudo ? pseudo_header(in, len) : 0, all = checksum_add(sum, in->l4, len);
	if (LIKELY(is_right(all) && all != 0))
		return CHECKSUM_OK;
	if (in->rerouted)
		return CHECKSUM_UNKNOWN;
	uint16_t found;
	memcpy(&found, in->l4 + field, sizeof(found));
	if (pseudo
	    && (same_sum(found, checksum_fold(sum))
		|| same_sum(found, checksum_fold(pseudo_header(in, 0)))))
		return CHECKSUM_PARTIAL;
	return CHECKSUM_BAD;
}

static enum checksum check_l4(const struct inner *in, bool v6) {
	uint32_t len = in->l4_len, field = 16;
	if (UNLIKELY(in->proto != PROTO_TCP)) {
		field = 2;
		if (in->proto == PROTO_UDP) {
			if (len < UDP_LEN)
				return CHECKSUM_BAD;
			if (get_be16(in->l4 + 6) == 0 && !v6) // RFC 768; not over IPv6 (RFC 8200)
				return CHECKSUM_NONE;
			// RFC 2675: a jumbogram's is 0.
			if (get_be16(in->l4 + 4) != 0 || len <= UINT16_MAX)
				len = get_be16(in->l4 + 4);
			if (len < UDP_LEN)
				return CHECKSUM_BAD;
			field = 6;
		} else if (in->proto != (v6 ? PROTO_ICMPV6 : PROTO_ICMP)) {
			return CHECKSUM_NONE;
		}
	}
	return sum_l4(in, len, field, v6 || in->proto != PROTO_ICMP);
}

static enum checksum check_v4_header(const uint8_t *ip) {
	uint32_t w[IPV4_MIN / 4];
	memcpy(w, ip, sizeof(w));
	uint64_t sum = (uint64_t)w[0] + w[1] + w[2] + w[3] + w[4];
	for (uint32_t i = IPV4_MIN / 4; UNLIKELY(i < (ip[0] & 0xfu)); i++)
		sum = checksum_add_4(sum, ip + (size_t)i * 4);
	if (LIKELY(is_right(sum)))
		return CHECKSUM_OK;
	// A total length of 0 is left by senders that leave the rest to the card, too.
	return get_be16(ip + 10) == 0 || get_be16(ip + 2) == 0 ? CHECKSUM_PARTIAL : CHECKSUM_BAD;
}

enum checksum checksum_packet(
	const struct packet *pkt, const struct flow_key *key, const uint8_t *data, uint32_t len
) {
	uint32_t stop = pkt->payload_off + pkt->payload_len;
	bool v6 = pkt->flags & PACKET_V6;
	if (stop > len)
		return CHECKSUM_UNKNOWN;
	struct inner in = {.key = key};
	if (pkt->ip_len <= stop && is_header(pkt, key, data + stop - pkt->ip_len))
		in.ip = data + stop - pkt->ip_len;
	if (in.ip == NULL && (pkt->wire_len > pkt->cap_len || pkt->flags & PACKET_CARRIER_FRAGMENT))
		return CHECKSUM_UNKNOWN;
	if (in.ip == NULL)
		return CHECKSUM_SHORT;

	enum checksum header = v6 ? CHECKSUM_OK : check_v4_header(in.ip);
	if (header == CHECKSUM_BAD)
		return CHECKSUM_BAD;
	if (pkt->flags & PACKET_FRAGMENT)
		return header == CHECKSUM_OK ? CHECKSUM_UNKNOWN : header;
	if (v6 && !find_v6(&in, pkt->ip_len))
		return CHECKSUM_UNKNOWN;
	if (!v6)
		find_v4(&in, pkt->ip_len);
	enum checksum l4 = check_l4(&in, v6);
	return header == CHECKSUM_PARTIAL && l4 != CHECKSUM_BAD ? header : l4;
}
