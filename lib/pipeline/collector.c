// The collector's loop body. What finds no room is treated as the track stage treats it: a fresh pane, a
// stretched one, the rest row, in this order.

#include "collector.h"

#include "pipeline/tally_save.h"

#include <errno.h>
#include <string.h>

int collector_init(struct collector *c, const struct collector_config *conf) {
	memset(c, 0, sizeof(*c));
	c->source = conf->source;
	c->seed = conf->seed;
	c->pool = conf->pool;
	flow_key_mask(&c->mask, conf->fields);
	flow_key_cut(&c->mask, &conf->cut);
	return pane_store_init(&c->panes, &conf->panes);
}

void collector_fini(struct collector *c) {
	pane_store_fini(&c->panes);
}

static struct flow_row *
find_row(struct collector *c, struct pane **pane, const struct counted *in) {
	struct flow_key key = in->key;
	if (key.flags & KEY_REST)
		return &(*pane)->rest;
	flow_key_finish(&key, &c->mask, &c->seed);
	struct flow_row *row = flow_table_find_insert(&(*pane)->table, &key);
	if (row == NULL) {
		*pane = pane_store_renew(&c->panes, *pane);
		row = flow_table_find_insert(&(*pane)->table, &key);
	}
	if (row == NULL && flow_table_stretch(&(*pane)->table))
		row = flow_table_find_insert(&(*pane)->table, &key);
	return row != NULL ? row : &(*pane)->rest;
}

static void add_row(struct flow_row *r, const struct pane *pane, const struct counted *in) {
	uint32_t first = (uint32_t)(in->first_us - pane->start_us);
	uint32_t last = (uint32_t)(in->last_us - pane->start_us);
	r->packets += (uint32_t)in->packets;
	r->bytes += in->bytes;
	r->frame_bytes += in->frame_bytes;
	r->first_us = first < r->first_us ? first : r->first_us;
	r->last_us = last > r->last_us ? last : r->last_us;
	r->tcp_flags |= in->tcp_flags;
	r->opens |= in->opens;
}

// The pane for a row, with room for its packets. NULL: none is left.
static struct pane *find_pane(struct collector *c, const struct counted *in) {
	struct pane *pane = pane_store_find(&c->panes, in->first_us);
	if (pane == NULL)
		pane = pane_store_open(&c->panes, in->first_us);
	if (pane != NULL && pane->packets + in->packets > FLOW_TABLE_PACKETS_MAX)
		pane = pane_store_renew(&c->panes, pane);
	return pane != NULL && in->packets <= UINT32_MAX - pane->packets ? pane : NULL;
}

static void take(struct collector *c, const struct counted *in) {
	uint64_t *tally = c->tally.value;
	struct pane *pane = find_pane(c, in);
	if (pane == NULL) {
		tally[TALLY_REASON + REASON_NO_PANE] += in->packets;
		return;
	}
	struct flow_row *row = find_row(c, &pane, in);
	add_row(row, pane, in);
	pane->packets += (uint32_t)in->packets;
	tally[TALLY_REASON + REASON_NONE] += in->packets;
	if (row == &pane->rest)
		tally[TALLY_REST] += in->packets;
}

static void publish(struct collector *c) {
	c->tally.value[TALLY_HANDED_OVER] = c->panes.handed_over;
	counters_publish(&c->published, c->tally.value, TALLY_COUNT);
}

// Small enough to be saved at once.
static void save(struct collector *c) {
	tally_save(&c->tally, state_pool_begin(c->pool));
	state_pool_end(c->pool, STATE_POOL_WHOLE);
}

// Where the sums of all so far agree.
static void look_for_mark(struct collector *c) {
	// With it comes that the marks of the one before were passed.
	uint32_t asked = atomic_load_explicit(&c->checkpoint, memory_order_acquire);
	if (asked == c->marked)
		return;
	c->marked = asked;
	pane_store_mark(&c->panes);
	save(c);
}

static int finish(struct collector *c, int ret) {
	pane_store_flush(&c->panes);
	publish(c);
	if (c->pool != NULL && atomic_load_explicit(&c->keep, memory_order_acquire))
		save(c);
	return ret == -ENODATA ? -ECANCELED : ret;
}

int collector_step(struct collector *c) {
	struct count_source *src = c->source;
	struct count_batch *b = &c->batch;
	if (!c->stopping && atomic_load_explicit(&c->stop, memory_order_relaxed)) {
		c->stopping = true;
		src->ops->stop(src);
	}
	int n = src->ops->recv(src, b);
	if (n < 0)
		return finish(c, n);
	for (uint32_t i = 0; i < b->n; i++)
		take(c, &b->row[i]);
	for (int i = 0; i < TALLY_COUNT; i++)
		c->tally.value[i] += b->tally.value[i];
	pane_store_advance(&c->panes, src->horizon_us);
	if (b->whole) {
		publish(c);
		look_for_mark(c);
	}
	return n;
}
