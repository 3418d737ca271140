// The direction-free hash of a key in which only what all packets that must meet have in common is left.

#include "spread.h"

#include "packet/defrag_find.h"
#include "packet/flow_key_hash.h"

#include <string.h>

// Puts the addresses of the outermost fragmented header there, if it is found.
static void fragment_hosts(
	struct spread *s, const struct source *src, const struct packet *p, struct flow_key *hosts
) {
	struct defrag_piece piece;
	uint32_t len = p->head_len < p->cap_len ? p->head_len : p->cap_len;
	bool found = defrag_find(p, p->data, len, s->tunnels, &piece);
	if (!found && len < p->cap_len && src->ops->gather != NULL) {
		len = p->cap_len < sizeof(s->head) ? p->cap_len : (uint32_t)sizeof(s->head);
		len = src->ops->gather(src, p, s->head, len);
		found = defrag_find(p, s->head, len, s->tunnels, &piece);
	}
	if (!found)
		return;
	hosts->flags = piece.id.v6 ? KEY_V6 : KEY_V4;
	memcpy(hosts->src4, piece.id.src, sizeof(hosts->src4));
	memcpy(hosts->dst4, piece.id.dst, sizeof(hosts->dst4));
	memcpy(hosts->src6, piece.id.src, sizeof(hosts->src6));
	memcpy(hosts->dst6, piece.id.dst, sizeof(hosts->dst6));
}

uint32_t spread_packet(
	struct spread *s, const struct source *src, const struct packet *p,
	const struct flow_key *key
) {
	bool fragment = p->flags & PACKET_FRAGMENT;
	if (LIKELY(!s->by_host && !fragment))
		return flow_key_spread(key, &s->seed);
	// Ports are not in every fragment, nor is the final protocol.
	struct flow_key hosts = *key;
	hosts.src_port = hosts.dst_port = 0;
	hosts.proto = 0;
	if (!s->by_host)
		return flow_key_spread(&hosts, &s->seed)
			^ (uint32_t)hash_mum(p->fragment_id, s->seed.k[0]);
	if (s->whole && UNLIKELY(fragment || p->flags & PACKET_CARRIER_FRAGMENT))
		fragment_hosts(s, src, p, &hosts);
	return flow_key_spread(&hosts, &s->seed);
}

static bool takes(const void *ctx, const struct flow_key *key, const uint32_t *fragment) {
	const struct spread_share *of = ctx;
	const struct spread *s = of->spread;
	struct flow_key hosts = *key;
	if (s->by_host || fragment != NULL) {
		hosts.src_port = hosts.dst_port = 0;
		hosts.proto = 0;
	}
	uint32_t hash = flow_key_spread(&hosts, &s->seed);
	if (!s->by_host && fragment != NULL)
		hash ^= (uint32_t)hash_mum(*fragment, s->seed.k[0]);
	return spread_worker(hash, of->n) == of->worker;
}

struct share spread_share(const struct spread_share *of) {
	return (struct share){.takes = takes, .ctx = of, .first = of->worker == 0};
}
