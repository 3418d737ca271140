// The header begins where version, lengths and addresses are the key's; the nearest such place counts.

#include "inspect_ip.h"

#include "base/cache.h"

#include <stdbool.h>
#include <string.h>

#define V4_MIN 20u
#define V4_MAX 60u
#define V6_MIN 40u
#define V6_MAX (V6_MIN + 512u) // with extension headers

// The header's first octet, or NULL.
static const uint8_t *find_v4(const uint8_t *l4, uint32_t room, const struct flow_key *key) {
	for (uint32_t n = V4_MIN; n <= V4_MAX && n <= room; n += 4) {
		const uint8_t *h = l4 - n;
		if (h[0] == (0x40 | n / 4) && h[9] == key->proto
		    && memcmp(h + 12, key->src4, 8) == 0)
			return h;
	}
	return NULL;
}

static const uint8_t *find_v6(const uint8_t *l4, uint32_t room, const struct flow_key *key) {
	for (uint32_t n = V6_MIN; n <= V6_MAX && n <= room; n += 4) {
		const uint8_t *h = l4 - n;
		if (h[0] >> 4 == 6 && memcmp(h + 8, key->src6, 32) == 0)
			return h;
	}
	return NULL;
}

void inspect_ip_find(
	struct inspect_ip *ip, const struct packet *p, const struct flow_key *key,
	const uint8_t *data, uint32_t len, int want_ttl
) {
	uint32_t l4_off = p->payload_off - p->l4_len;
	bool cut = p->wire_len > p->cap_len && p->payload_off + p->payload_len == p->cap_len
		&& p->ip_len > 0;
	*ip = (struct inspect_ip){.ttl = -1, .payload_len = p->payload_len};
	if (LIKELY(!cut && !want_ttl))
		return;
	const uint8_t *h = NULL;
	if (l4_off <= len) {
		h = p->flags & PACKET_V6 ? find_v6(data + l4_off, l4_off, key)
					 : find_v4(data + l4_off, l4_off, key);
	}
	if (h != NULL)
		ip->ttl = h[p->flags & PACKET_V6 ? 7 : 8];
	if (!cut)
		return;
	// Without the header the frame's length has to do: what follows the datagram in it, if anything
	// does, is taken for payload.
	uint32_t missing = p->wire_len - p->cap_len;
	if (h != NULL) {
		uint32_t end = (uint32_t)(h - data) + p->ip_len;
		missing = end > p->cap_len ? end - p->cap_len : 0;
	}
	ip->payload_len += missing;
}
