// The parser's own walk, stopped at the first IP header that belongs to a fragment: what it knows by
// then is the outer side, and the key as it stands tells VLAN and tunnel.

#include "defrag_find.h"

#include "packet/parse_link.h"
#include "packet/parse_steps.h"
#include "packet/parse_task.h"

#include <string.h>

#define FRAGMENT_HEADER 8

static void identify(struct defrag_id *id, const struct walk *w, const struct flow_key *key) {
	memset(id, 0, sizeof(*id));
	if (w->v6) {
		memcpy(id->src, key->src6, sizeof(id->src));
		memcpy(id->dst, key->dst6, sizeof(id->dst));
		id->v6 = 1;
	} else {
		memcpy(id->src, key->src4, sizeof(key->src4));
		memcpy(id->dst, key->dst4, sizeof(key->dst4));
		id->proto = key->proto;
	}
	id->id = w->id;
	id->vni = key->vni;
	id->vlan = key->vlan;
	id->vlan_inner = flow_key_vlan_inner(key);
}

bool defrag_find(
	const struct packet *pkt, const uint8_t *data, uint32_t len, uint32_t tunnels,
	struct defrag_piece *out
) {
	uint32_t frame_end = pkt->wire_len > pkt->cap_len ? pkt->wire_len : pkt->cap_len;
	struct walk w = {
		.c = {.avail = len, .end = frame_end, .snapped = len < frame_end},
		.headers = 1,
	};
	struct flow_key key = {0};
	const struct parse_task t = {.data = data, .key = &key, .tunnels = tunnels};
	w.step = walk_link(&w, &t, pkt->link);
	while (w.step != STEP_STOP && !w.fragment && walk_on(&w, &t))
		;
	if (!w.fragment)
		return false;

	const uint8_t *ip = data + w.ip_off;
	if (w.v6) {
		// The walk stands right behind the fragment header.
		const uint8_t *h = data + w.l4_off - FRAGMENT_HEADER;
		out->offset = get_be16(h + 2) & 0xfff8;
		out->more = h[3] & 1;
		out->headers = w.l4_off - FRAGMENT_HEADER - IPV6_LEN - w.ip_off;
		out->proto = h[0];
	} else {
		out->offset = (get_be16(ip + 6) & 0x1fff) * 8u;
		out->more = get_be16(ip + 6) & 0x2000;
		out->headers = (ip[0] & 0xf) * 4u;
		out->proto = ip[9];
	}
	identify(&out->id, &w, &key);
	out->header_off = w.ip_off;
	uint32_t stop = w.l4_end < len ? w.l4_end : len;
	out->data_off = w.l4_off < stop ? w.l4_off : stop;
	out->data_len = stop - out->data_off;
	out->cut = (uint64_t)w.ip_off + w.ip_len > stop;
	return true;
}
