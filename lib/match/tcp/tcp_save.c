// The way out: connections bucket by bucket, what they hold piece by piece, the history from its oldest
// position on, ahead of being written over.

#include "tcp_save.h"

#include "match/match_state.h"
#include "tcp_save_priv.h"
#include "tcp_table_priv.h"

void tcp_table_save(const void *x, uint32_t bucket, struct state_writer *to) {
	const struct tcp_table *t = x;
	uint32_t i = t->index.bucket[bucket];
	for (; i != 0 && t->conf.hooks.save != NULL; i = tcp_index_at(&t->index, i)->chain)
		t->conf.hooks.save(t->conf.hooks.ctx, tcp_index_at(&t->index, i), to);
}

static struct tcp_saved_half save_half(const struct tcp_half *h) {
	return (struct tcp_saved_half){
		.next_off = h->next_off,
		.history = h->history,
		.next = h->next,
		.fin = h->fin,
		.far = h->far,
		.wait = h->wait,
		.flags = h->flags,
		.acks = h->acks,
		.far_count = h->far_count,
	};
}

// Whoever adds to what a flow has adds to what is saved.
static_assert(sizeof(struct tcp_flow) == 192 && sizeof(struct tcp_half) == 56);

void tcp_table_save_flow(
	const struct tcp_table *t, const struct tcp_flow *f, struct tcp_saved *to
) {
	*to = (struct tcp_saved){
		.tuple = f->tuple,
		.queued = f->queued,
		.last_us = f->last_us,
		.half = {save_half(&f->half[0]), save_half(&f->half[1])},
		.origin = t->work.history.save_origin,
		.age = f->age,
		.grown = f->grown,
		.client = f->client,
		.open = f->open,
		.asked = f->asked,
	};
}

static void save_piece(
	const struct tcp_flow *f, uint32_t dir, const struct tcp_block *b, uint32_t from,
	uint32_t len, struct state_writer *to
) {
	struct tcp_saved_piece *p = state_writer_begin(to, (uint32_t)sizeof(*p) + len);
	if (p == NULL)
		return;
	*p = (struct tcp_saved_piece){
		.tuple = f->tuple,
		.dir = dir,
		.offset = b->base + from,
		.time_us = b->time_us,
	};
	memcpy(p->key, &b->key, sizeof(p->key));
	memcpy(p + 1, b->data + from, len);
	state_writer_end(to, MATCH_STATE_HELD, TCP_SAVED_VERSION, (uint32_t)sizeof(*p) + len);
}

static void save_block(
	const struct tcp_flow *f, uint32_t dir, const struct tcp_block *b, struct state_writer *to
) {
	for (uint32_t at = 0; at < TCP_BLOCK_OCTETS;) {
		uint32_t from = tcp_block_run(b, at, TCP_BLOCK_OCTETS, false);
		at = tcp_block_run(b, from, TCP_BLOCK_OCTETS, true);
		if (at > from)
			save_piece(f, dir, b, from, at - from, to);
	}
}

void tcp_table_save_held(
	const struct tcp_table *t, const struct tcp_flow *f, struct state_writer *to
) {
	const struct tcp_pool *p = &t->work.pool;
	for (uint32_t dir = 0; dir < 2; dir++) {
		uint32_t at = f->half[dir].held.first;
		for (; at != 0; at = tcp_pool_at(p, at)->next)
			save_block(f, dir, tcp_pool_at(p, at), to);
	}
}

void tcp_history_save(struct tcp_history *h, uint64_t upto) {
	upto = upto < h->save_end ? upto : h->save_end;
	while (h->save_at < upto) {
		uint64_t in = h->save_at % h->size, len = upto - h->save_at;
		len = len < h->size - in ? len : h->size - in;
		len = len < TCP_SAVED_HISTORY ? len : TCP_SAVED_HISTORY;
		struct tcp_saved_history *s = state_writer_begin(
			h->save_to, (uint32_t)(sizeof(*s) + len)
		);
		if (s != NULL) {
			*s = (struct tcp_saved_history){.at = h->save_at, .origin = h->save_origin};
			memcpy(s + 1, h->ring + in, len);
			state_writer_end(
				h->save_to, MATCH_STATE_HISTORY, TCP_SAVED_VERSION,
				(uint32_t)(sizeof(*s) + len)
			);
		}
		h->save_at += len;
	}
}

void tcp_table_save_begin(struct tcp_table *t, struct state_writer *to, uint32_t origin) {
	struct tcp_history *h = &t->work.history;
	h->save_to = to;
	h->save_origin = origin;
	h->save_end = h->ring != NULL ? h->head : 0;
	h->save_at = h->save_end < 2 * h->size ? h->size : h->save_end - h->size;
	h->save_at = h->ring != NULL ? h->save_at : 0;
	state_sweep_begin(&t->sweep, to);
}

bool tcp_table_save_step(struct tcp_table *t) {
	struct tcp_history *h = &t->work.history;
	if (h->save_at < h->save_end) {
		tcp_history_save(h, h->save_at + STATE_STEP);
		return false;
	}
	return state_sweep_step(&t->sweep, tcp_table_save, t);
}

void tcp_table_save_end(struct tcp_table *t) {
	struct tcp_history *h = &t->work.history;
	h->save_at = h->save_end = 0;
	h->save_to = NULL;
	state_sweep_end(&t->sweep);
}
