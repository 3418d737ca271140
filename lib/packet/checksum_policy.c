// What is remembered of a connection fits a quarter of a cache line: a fingerprint of its addresses and
// ports, which nobody without the seed can make twice, and two octets for each direction.

#include "checksum_policy.h"

#include "checksum_policy_priv.h"
#include "packet/tcp_flags.h"

#include <stdlib.h>

#define WIRE_MAX 1500 // IP octets in an Ethernet frame; more were not one frame on the wire

struct checksum_policy *checksum_policy_new(
	enum checksum_mode mode, uint32_t connections, const struct hash_seed *seed,
	const struct mem *mem
) {
	if (connections > UINT32_MAX / 2)
		return NULL;
	uint32_t n = WAYS;
	while (n < connections)
		n *= 2;
	struct checksum_policy *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->mode = mode;
	p->mask = n / WAYS - 1;
	p->mem = mem;
	p->seed = *seed;
	if (mode == CHECKSUM_MODE_AUTO) {
		p->connection = mem->alloc(mem, (size_t)n * sizeof(*p->connection));
		if (p->connection == NULL || state_sweep_init(&p->sweep, p->mask + 1) < 0) {
			checksum_policy_free(p);
			return NULL;
		}
	}
	return p;
}

void checksum_policy_free(struct checksum_policy *p) {
	if (p == NULL)
		return;
	size_t n = ((size_t)p->mask + 1) * WAYS;
	if (p->connection != NULL)
		p->mem->free(p->mem, p->connection, n * sizeof(*p->connection));
	state_sweep_fini(&p->sweep);
	free(p);
}

static struct connection *bucket(const struct checksum_policy *p, uint64_t fingerprint) {
	return checksum_bucket(p, (uint32_t)(fingerprint & p->mask));
}

static uint64_t fingerprint(const struct flow_side *side) {
	return side->hash != 0 ? side->hash : 1;
}

// The connection; with `add` made where there is none, else NULL. Whoever comes back changes places
// with the one ahead: a flood of first packets only drives out its like.
static struct connection *find(struct checksum_policy *p, uint64_t fingerprint, bool add) {
	struct connection *c = bucket(p, fingerprint);
	state_sweep_change(&p->sweep, checksum_policy_save, p, (uint32_t)(fingerprint & p->mask));
	for (int i = 0; i < WAYS; i++) {
		if (c[i].fingerprint != fingerprint)
			continue;
		c[i].loaded = 0;
		if (i == 0)
			return c;
		struct connection ahead = c[i - 1];
		c[i - 1] = c[i];
		c[i] = ahead;
		return &c[i - 1];
	}
	if (!add)
		return NULL;
	int at = 0;
	while (at < WAYS - 1 && c[at].fingerprint != 0)
		at++;
	p->stats.forgotten += c[at].fingerprint != 0;
	c[at] = (struct connection){.fingerprint = fingerprint};
	return &c[at];
}

// What a segment with a SYN or payload proves.
static void judge(struct direction *mine, enum checksum found, bool syn) {
	if (found != CHECKSUM_OK)
		mine->run = 0;
	else if (mine->run < RIGHT_RUN)
		mine->run++;
	switch ((enum trust)mine->trust) {
	case TRUST_NEW:
		if (found == CHECKSUM_OK)
			mine->trust = syn ? TRUST_SYN : TRUST_WIRE;
		else
			mine->trust = found == CHECKSUM_PARTIAL ? TRUST_PARTIAL : TRUST_SENDER;
		break;
	case TRUST_SYN:
		if (found == CHECKSUM_OK && !syn)
			mine->trust = TRUST_WIRE;
		else if (found == CHECKSUM_PARTIAL && !syn)
			mine->trust = TRUST_PARTIAL;
		break;
	case TRUST_WIRE:
		break;
	case TRUST_SENDER:
		if (mine->run == RIGHT_RUN)
			mine->trust = TRUST_WIRE;
		[[fallthrough]];
	case TRUST_PARTIAL:
		if (found == CHECKSUM_OK && syn)
			mine->trust = TRUST_SYN;
		break;
	}
}

// Whether a segment with a wrong checksum is taken. `big`: longer than a wire carries.
static bool
take_wrong(struct direction *mine, const struct direction *other, enum checksum found, bool big) {
	if (mine->trust == TRUST_NEW || mine->trust == TRUST_SENDER)
		return true;
	bool own_capture = other->trust >= TRUST_PARTIAL; // the capturing host is the receiver
	if (found == CHECKSUM_BAD)
		return big && own_capture;
	if (found != CHECKSUM_PARTIAL)
		return false;
	if (big)
		mine->trust = TRUST_PARTIAL;
	return mine->trust == TRUST_PARTIAL || own_capture;
}

static bool take_tcp(
	struct checksum_policy *p, const struct packet *pkt, const struct flow_key *key,
	const struct flow_side *side, enum checksum found
) {
	struct flow_side own;
	bool syn = pkt->tcp_flags & TCP_SYN;
	bool proves = syn || pkt->payload_len > 0;
	// Right and nothing proved: whatever is known of the connection.
	if (found == CHECKSUM_OK && !proves)
		return true;
	if (UNLIKELY(side == NULL)) {
		flow_side_of(&own, key, &p->seed);
		side = &own;
	}
	struct connection *c = find(p, fingerprint(side), proves);
	if (c == NULL)
		return true;
	struct direction *mine = &c->dir[side->dir];
	if (proves)
		judge(mine, found, syn);
	return found == CHECKSUM_OK
		|| take_wrong(mine, &c->dir[1 - side->dir], found, pkt->ip_len > WIRE_MAX);
}

bool checksum_policy_take(
	struct checksum_policy *p, const struct packet *pkt, const struct flow_key *key,
	const struct flow_side *side, const uint8_t *data, uint32_t len
) {
	if (p->mode == CHECKSUM_MODE_IGNORE)
		return true;
	enum checksum found = checksum_packet(pkt, key, data, len);
	p->stats.found[found]++;
	bool take = true;
	if (found == CHECKSUM_UNKNOWN || found == CHECKSUM_NONE)
		return true;
	if (p->mode == CHECKSUM_MODE_CHECK)
		take = found == CHECKSUM_OK;
	else if (pkt->flags & PACKET_TCP && !(pkt->flags & PACKET_FRAGMENT))
		take = take_tcp(p, pkt, key, side, found);
	if (!take)
		p->stats.refused[found]++;
	return take;
}

void checksum_policy_prefetch(const struct checksum_policy *p, const struct flow_side *side) {
	if (p->mode == CHECKSUM_MODE_AUTO)
		__builtin_prefetch(bucket(p, fingerprint(side)), 1); // all its ways
}

struct checksum_stats checksum_policy_stats(const struct checksum_policy *p) {
	return p->stats;
}
