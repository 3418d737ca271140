// What is taken of a fragment and what is refused, and the datagram as a packet once nothing of it is
// missing.

#include "defrag.h"

#include "packet/defrag_priv.h"

#include "base/cache.h"
#include "packet/checksum.h"
#include "packet/link.h"

#include <stdlib.h>
#include <string.h>

#define ADVANCE_MAX 16 // datagrams given up in one call

struct defrag *defrag_new(const struct defrag_config *conf) {
	struct defrag *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return NULL;
	d->fragments_max = conf->fragments != 0 ? conf->fragments : DEFRAG_FRAGMENTS;
	d->tunnels = conf->tunnels;
	if (defrag_table_init(&d->table, conf->datagrams, conf->memory, &conf->seed, conf->mem)
	    < 0) {
		defrag_free(d);
		return NULL;
	}
	return d;
}

void defrag_free(struct defrag *d) {
	if (d != NULL)
		defrag_table_fini(&d->table);
	free(d);
}

// The rules of length, in defrag.h; cuts the piece down where that is one. Returns whether there is
// nothing against it, else why.
static bool length_fits(struct defrag_piece *p, enum defrag_refused *why) {
	bool ragged = p->more && p->data_len % DEFRAG_UNIT != 0;
	if (p->cut) {
		*why = DEFRAG_REFUSED_CUT;
		return false;
	}
	if (p->headers + p->offset + p->data_len > DEFRAG_LENGTH_MAX) {
		*why = DEFRAG_REFUSED_TOO_BIG;
		return false;
	}
	if (ragged && !p->id.v6)
		p->data_len -= p->data_len % DEFRAG_UNIT;
	*why = DEFRAG_REFUSED_LENGTH;
	return p->data_len > 0 && !(ragged && p->id.v6);
}

// Whether the piece speaks against the end of the datagram.
static bool end_differs(const struct defrag_entry *g, const struct defrag_piece *p) {
	uint32_t to = p->offset + p->data_len;
	if (p->more)
		return g->end != 0 && to > g->end;
	return g->end != 0 ? to != g->end : to < g->octets.reach;
}

static void put16(uint8_t *p, uint32_t v) {
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

// Lays the datagram out as a packet. Returns its octets.
static uint32_t lay_out(struct defrag *d, const struct defrag_entry *g) {
	uint32_t header = g->id.v6 ? IPV6_LEN : IPV4_LEN;
	uint8_t *h = d->out;
	memcpy(h, g->header, header);
	if (g->id.v6) {
		put16(h + 4, g->end);
		h[6] = g->proto;
	} else {
		h[0] = 0x45;
		put16(h + 2, header + g->end);
		memset(h + 6, 0, 2);
		memset(h + 10, 0, 2);
		uint16_t sum = checksum_finish(checksum_add(0, h, header));
		memcpy(h + 10, &sum, sizeof(sum));
	}
	defrag_pages_copy(&d->table.pool, &g->octets, h + header, g->end);
	return header + g->end;
}

static void give_out(
	struct defrag *d, uint32_t number, const struct packet *last, struct defrag_datagram *out
) {
	const struct defrag_entry *g = defrag_table_at(&d->table, number);
	uint32_t len = lay_out(d, g);
	struct packet pkt = {
		.data = d->out,
		.time_us = last->time_us,
		.head_len = len,
		.cap_len = len,
		.wire_len = len,
		.link = LINK_RAW,
		.flags = last->flags & PACKET_LATE,
		.in_port = last->in_port,
	};
	out->pkt = pkt; // `last` may be the same
	out->fragments = g->fragments;
	out->conflict = g->conflict;
	d->table.stats.complete++;
	d->table.stats.octets_out += g->end;
	defrag_table_drop(&d->table, number);
}

static enum defrag_result refuse(struct defrag *d, enum defrag_refused reason) {
	d->table.stats.refused[reason]++;
	return DEFRAG_REFUSED;
}

// Takes what the piece has and the datagram has not.
static void
take(struct defrag *d, struct defrag_entry *g, const struct defrag_piece *p, const uint8_t *data,
     int64_t now_us) {
	struct defrag_stats *stats = &d->table.stats;
	if (!p->more)
		g->end = p->offset + p->data_len;
	if (p->offset == 0 && !g->begins) {
		g->begins = true;
		g->proto = p->proto;
		memcpy(g->header, data + p->header_off, p->id.v6 ? IPV6_LEN : IPV4_LEN);
	}
	uint32_t wanted = defrag_pages_wanted(&g->octets, p->offset, p->data_len);
	defrag_table_make_room(&d->table, g, wanted, now_us);
	struct defrag_put put = defrag_pages_put(
		&d->table.pool, &g->octets, p->offset, data + p->data_off, p->data_len
	);
	g->conflict |= put.conflict;
	stats->taken++;
	stats->octets_in += put.added;
	stats->octets_held += put.added;
	stats->overlaps += put.overlap;
	stats->conflicts += put.conflict;
}

enum defrag_result defrag_add(
	struct defrag *d, const struct packet *pkt, const uint8_t *data, uint32_t len,
	struct defrag_datagram *out
) {
	struct defrag_piece p;
	if (LIKELY(!(pkt->flags & (PACKET_FRAGMENT | PACKET_CARRIER_FRAGMENT)))
	    || !defrag_find(pkt, data, len, d->tunnels, &p))
		return DEFRAG_WHOLE;
	struct defrag_table *t = &d->table;
	t->stats.fragments++;
	enum defrag_refused why;
	if (!length_fits(&p, &why))
		return refuse(d, why);
	uint32_t number = defrag_table_begin(t, &p.id, pkt->time_us);
	struct defrag_entry *g = defrag_table_at(t, number);
	if (g->fragments == d->fragments_max) {
		defrag_table_give_up(t, number, DEFRAG_GIVEN_UP_FRAGMENTS);
		return refuse(d, DEFRAG_REFUSED_TOO_MANY);
	}
	g->fragments++;
	if (end_differs(g, &p)) {
		g->conflict = true;
		t->stats.conflicts++;
		return refuse(d, DEFRAG_REFUSED_END);
	}
	take(d, g, &p, data, pkt->time_us);
	if (g->end == 0 || g->octets.held != g->end)
		return DEFRAG_HELD;
	give_out(d, number, pkt, out);
	return DEFRAG_COMPLETE;
}

void defrag_inherit(struct flow_key *key, const struct flow_key *last) {
	// What is outermost, the datagram cannot have: it was inside.
	if (last->flags & KEY_VLAN) {
		key->flags = (uint8_t
		)((key->flags & ~KEY_VLAN_INNER) | KEY_VLAN | (last->flags & KEY_VLAN_INNER));
		key->vlan = last->vlan;
		key->mpls_vlan_inner &= 0xfffff000;
		key->mpls_vlan_inner |= last->mpls_vlan_inner & 0xfff;
	}
	if (last->flags & KEY_MPLS) {
		key->flags |= KEY_MPLS;
		key->mpls_vlan_inner &= 0xfff;
		key->mpls_vlan_inner |= last->mpls_vlan_inner & 0xfffff000;
	}
	// The tunnel's network, on the other hand, is the innermost.
	if (last->flags & KEY_VNI && !(key->flags & KEY_VNI)) {
		key->flags |= KEY_VNI;
		key->vni = last->vni;
	}
}

void defrag_advance(struct defrag *d, int64_t now_us) {
	struct defrag_table *t = &d->table;
	for (int i = 0; i < ADVANCE_MAX && t->oldest != 0; i++) {
		if (!defrag_expired(defrag_table_at(t, t->oldest)->since_us, now_us))
			return;
		defrag_table_give_up(t, t->oldest, DEFRAG_GIVEN_UP_TIMEOUT);
	}
}

void defrag_flush(struct defrag *d) {
	while (d->table.oldest != 0)
		defrag_table_give_up(&d->table, d->table.oldest, DEFRAG_GIVEN_UP_END);
}

struct defrag_stats defrag_stats(const struct defrag *d) {
	return d->table.stats;
}

const char *defrag_refused_name(enum defrag_refused reason) {
	static const char *const name[] = {
		[DEFRAG_REFUSED_CUT] = "cut",           [DEFRAG_REFUSED_LENGTH] = "length",
		[DEFRAG_REFUSED_TOO_BIG] = "too_big",   [DEFRAG_REFUSED_END] = "end",
		[DEFRAG_REFUSED_TOO_MANY] = "too_many",
	};
	return name[reason];
}

const char *defrag_given_up_name(enum defrag_given_up reason) {
	static const char *const name[] = {
		[DEFRAG_GIVEN_UP_TIMEOUT] = "timeout",
		[DEFRAG_GIVEN_UP_MEMORY] = "memory",
		[DEFRAG_GIVEN_UP_FRAGMENTS] = "fragments",
		[DEFRAG_GIVEN_UP_END] = "end",
	};
	return name[reason];
}
