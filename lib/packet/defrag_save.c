// A record for each datagram: what is known of it, then its pages with a bit for each unit that is there.
// When it is loaded its octets are put in as fragments' are, and all that follows from them is worked out
// again.

#include "packet/defrag_priv.h"
#include "packet/packet_state.h"

#include <errno.h>

#define VERSION 1

struct saved_datagram {
	struct defrag_id id;
	int64_t since_us;
	uint32_t end;
	uint32_t fragments;
	uint8_t begins, conflict, proto, pages;
	uint8_t header[DEFRAG_HEADER_MAX];
	uint32_t zero;
};
static_assert(sizeof(struct saved_datagram) == 112);

struct saved_page {
	uint64_t have[DEFRAG_PAGE_UNITS / 64];
	uint32_t index; // in the datagram
	uint32_t zero;
	uint8_t octet[DEFRAG_PAGE];
};
static_assert(sizeof(struct saved_page) == 1048);
static_assert(
	sizeof(struct saved_datagram) + DEFRAG_PAGES * sizeof(struct saved_page) <= STATE_RECORD_MAX
);

static uint32_t count_pages(const struct defrag_octets *o) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < DEFRAG_PAGES; i++)
		n += o->page[i] != 0;
	return n;
}

static void
save_pages(const struct defrag_pool *pool, const struct defrag_octets *o, struct saved_page *to) {
	for (uint32_t i = 0; i < DEFRAG_PAGES; i++) {
		if (o->page[i] == 0)
			continue;
		const struct defrag_page *page = defrag_page_at(pool, o->page[i]);
		memcpy(to->have, page->have, sizeof(to->have));
		memcpy(to->octet, page->octet, sizeof(to->octet));
		to->index = i;
		to->zero = 0;
		to++;
	}
}

static void
save_datagram(const struct defrag_table *t, const struct defrag_entry *g, struct state_writer *to) {
	uint32_t pages = count_pages(&g->octets);
	uint32_t len = (uint32_t
	)(sizeof(struct saved_datagram) + pages * sizeof(struct saved_page));
	struct saved_datagram *d = state_writer_begin(to, len);
	if (d == NULL)
		return;
	*d = (struct saved_datagram){
		.id = g->id,
		.since_us = g->since_us,
		.end = g->end,
		.fragments = g->fragments,
		.begins = g->begins,
		.conflict = g->conflict,
		.proto = g->proto,
		.pages = (uint8_t)pages,
	};
	memcpy(d->header, g->header, sizeof(d->header));
	save_pages(&t->pool, &g->octets, (struct saved_page *)(d + 1));
	state_writer_end(to, PACKET_STATE_DATAGRAM, VERSION, len);
}

void defrag_table_save(const void *x, uint32_t bucket, struct state_writer *to) {
	const struct defrag_table *t = x;
	for (uint32_t n = t->bucket[bucket]; n != 0; n = defrag_table_at(t, n)->next)
		save_datagram(t, defrag_table_at(t, n), to);
}

void defrag_save_begin(struct defrag *d, struct state_writer *to) {
	state_sweep_begin(&d->table.sweep, to);
}

bool defrag_save_step(struct defrag *d) {
	return state_sweep_step(&d->table.sweep, defrag_table_save, &d->table);
}

void defrag_save_end(struct defrag *d) {
	state_sweep_end(&d->table.sweep);
}

static bool unit_there(const struct saved_page *p, uint32_t unit) {
	return p->have[unit / 64] >> unit % 64 & 1;
}

// Where the octets of the pages end, and how many there are. The last unit is whole but for the one that
// the datagram ends with.
static uint32_t
measure(const struct saved_datagram *d, const struct saved_page *p, uint32_t *held) {
	uint32_t reach = 0;
	*held = 0;
	for (uint32_t i = 0; i < d->pages; i++) {
		for (uint32_t unit = 0; unit < DEFRAG_PAGE_UNITS; unit++) {
			if (!unit_there(&p[i], unit))
				continue;
			uint32_t at = p[i].index * DEFRAG_PAGE + unit * DEFRAG_UNIT;
			reach = at + DEFRAG_UNIT;
			if (d->end > at && d->end < reach)
				reach = d->end;
			*held += reach - at;
		}
	}
	return reach;
}

static bool id_is_sound(const struct defrag_id *id) {
	static const uint8_t zero[12];
	if (id->v6 > 1 || id->vlan > 0xfff || id->vlan_inner > 0xfff || id->vni > 0xffffff
	    || memcmp(id->zero, zero, sizeof(id->zero)) != 0)
		return false;
	if (id->v6)
		return id->proto == 0;
	return memcmp(id->src + 4, zero, 12) == 0 && memcmp(id->dst + 4, zero, 12) == 0;
}

static bool pages_are_sound(const struct saved_datagram *d, const struct saved_page *p) {
	for (uint32_t i = 0; i < d->pages; i++) {
		if (p[i].index >= DEFRAG_PAGES || (i > 0 && p[i].index <= p[i - 1].index)
		    || (p[i].have[0] | p[i].have[1]) == 0)
			return false;
	}
	return true;
}

static bool is_sound(
	const struct defrag *t, const struct saved_datagram *d, const struct saved_page *p,
	uint32_t held, uint32_t reach
) {
	uint32_t header = d->id.v6 ? 0 : IPV4_LEN;
	bool first = d->pages > 0 && p[0].index == 0 && unit_there(&p[0], 0);
	return d->begins == first && d->conflict <= 1 && d->fragments > 0
		&& d->fragments <= t->fragments_max && reach > 0
		&& header + reach <= DEFRAG_LENGTH_MAX && header + d->end <= DEFRAG_LENGTH_MAX
		&& (d->end == 0 || (reach <= d->end && held < d->end));
}

static void put_pages(
	struct defrag_table *t, struct defrag_entry *g, const struct saved_page *p, uint32_t pages
) {
	for (uint32_t i = 0; i < pages; i++) {
		for (uint32_t unit = 0, n; unit < DEFRAG_PAGE_UNITS; unit += n) {
			n = 1;
			if (!unit_there(&p[i], unit))
				continue;
			while (unit + n < DEFRAG_PAGE_UNITS && unit_there(&p[i], unit + n))
				n++;
			uint32_t in = unit * DEFRAG_UNIT, at = p[i].index * DEFRAG_PAGE + in;
			uint32_t len = n * DEFRAG_UNIT;
			if (g->end != 0 && at + len > g->end)
				len = g->end - at;
			defrag_pages_put(&t->pool, &g->octets, at, p[i].octet + in, len);
		}
	}
	t->stats.octets_held += g->octets.held;
}

static void
take(struct defrag_table *t, const struct saved_datagram *d, const struct saved_page *p,
     uint32_t held) {
	bool room = (t->free != 0 || t->fresh < t->n) && t->pool.free >= d->pages;
	if (!room || defrag_table_find(t, &d->id) != 0) {
		t->stats.given_up[DEFRAG_GIVEN_UP_MEMORY]++;
		t->stats.octets_given_up += held;
		return;
	}
	uint32_t number = defrag_table_insert(t, &d->id, d->since_us);
	struct defrag_entry *g = defrag_table_at(t, number);
	g->end = d->end;
	g->fragments = d->fragments;
	g->begins = d->begins;
	g->conflict = d->conflict;
	g->proto = d->proto;
	memcpy(g->header, d->header, sizeof(g->header));
	put_pages(t, g, p, d->pages);
}

static struct flow_key key_of(const struct defrag_id *id) {
	struct flow_key key = {.flags = id->v6 ? KEY_V6 : KEY_V4, .proto = id->proto};
	memcpy(id->v6 ? key.src6 : key.src4, id->src, id->v6 ? 16 : 4);
	memcpy(id->v6 ? key.dst6 : key.dst4, id->dst, id->v6 ? 16 : 4);
	return key;
}

int defrag_load(
	struct defrag *d, const struct state_record *r, const struct share *share, struct err *err
) {
	const struct saved_datagram *s = r->octets;
	const struct saved_page *p = (const struct saved_page *)(s + 1);
	uint32_t held;
	if (r->kind != PACKET_STATE_DATAGRAM)
		return 0;
	if (r->version != VERSION || r->len < sizeof(*s)
	    || r->len != sizeof(*s) + s->pages * sizeof(*p))
		return err_set(err, -EBADMSG, "a datagram is saved in another way");
	if (!id_is_sound(&s->id) || !pages_are_sound(s, p))
		return err_set(err, -EBADMSG, "a saved datagram is none");
	uint32_t reach = measure(s, p, &held);
	if (!is_sound(d, s, p, held, reach))
		return err_set(err, -EBADMSG, "a saved datagram is none");
	struct flow_key key = key_of(&s->id);
	if (share_takes(share, &key, &s->id.id))
		take(&d->table, s, p, held);
	return 0;
}
