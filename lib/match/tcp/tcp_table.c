// The table: finds a packet's flow, or makes one, lets it take the packet, and sees what has become of
// the flow then.

#include "tcp_table.h"

#include "tcp_header.h"
#include "tcp_reader.h"
#include "tcp_table_priv.h"

#include <errno.h>
#include <stdlib.h>

// Longer payloads than this are cut: no packet of a common link has as much, and sequence numbers
// keep their meaning.
#define LENGTH_MAX (1u << 20)

#define YEAR_US (365 * 86400 * 1000000ll)

// Flows whose held octets may make room for a packet's.
#define RECLAIM_TRIES 4

static const char *fault(const struct tcp_table_config *c) {
	if (c->flows_max < 1 || c->flows_max > 1u << 30)
		return "flows_max: 1 to 1073741824 are accepted";
	if (c->hold_flow < sizeof(struct tcp_block) || c->hold_flow > 16u << 20)
		return "hold_flow: 1K to 16M are accepted";
	if (c->hold_memory < c->hold_flow || c->hold_memory / sizeof(struct tcp_block) > 1u << 31)
		return "hold_memory: at least hold_flow and at most 2T are accepted";
	if (c->hold_segments < 1 || c->hold_segments > 16384)
		return "hold_segments: 1 to 16384 are accepted";
	if (c->patience < 1 || c->patience > 255)
		return "patience: 1 to 255 are accepted";
	const int64_t times[] = {c->idle_us, c->young_us, c->done_us, c->evict_us};
	for (int i = 0; i < 4; i++) {
		if (times[i] < 0 || times[i] > YEAR_US)
			return "timeouts: 0 to 365 days are accepted";
	}
	return NULL;
}

struct tcp_table *tcp_table_new(const struct tcp_table_config *conf, struct err *err) {
	const char *wrong = fault(conf);
	if (wrong != NULL) {
		err_set(err, -EINVAL, "TCP streams: %s", wrong);
		return NULL;
	}
	struct tcp_table *t = calloc(1, sizeof(*t));
	if (t == NULL)
		goto none;
	t->conf = *conf;
	struct tcp_work *w = &t->work;
	w->hold_blocks = conf->hold_flow / (uint32_t)sizeof(struct tcp_block);
	w->hold_segments = conf->hold_segments;
	w->patience = conf->patience;
	w->spans_max = tcp_work_spans(w->hold_blocks, w->hold_segments);
	t->span = calloc(w->spans_max, sizeof(*t->span));
	t->aside_span = calloc(w->spans_max, sizeof(*t->aside_span));
	t->out.span = t->span;
	t->aside.span = t->aside_span;
	uint32_t blocks = (uint32_t)(conf->hold_memory / sizeof(struct tcp_block));
	if (t->span == NULL || t->aside_span == NULL || tcp_pool_init(&w->pool, blocks, conf->mem)
	    || tcp_history_init(&w->history, conf->history, conf->mem)
	    || tcp_index_init(&t->index, conf->flows_max, &conf->seed, conf->mem)
	    || state_sweep_init(&t->sweep, t->index.mask + 1))
		goto none;
	return t;

none:
	tcp_table_free(t);
	err_set(err, -ENOMEM, "TCP streams: out of memory for %u flows", conf->flows_max);
	return NULL;
}

void tcp_table_free(struct tcp_table *t) {
	if (t == NULL)
		return;
	if (t->index.flow != NULL && t->index.bucket != NULL) {
		tcp_table_load_leave(t);
		t->conf.hooks.deliver = NULL;
		tcp_table_drain(t, UINT32_MAX);
	}
	state_sweep_fini(&t->sweep);
	tcp_index_fini(&t->index);
	tcp_history_fini(&t->work.history);
	tcp_pool_fini(&t->work.pool);
	free(t->aside_span);
	free(t->span);
	free(t);
}

// A new flow for the packet, NULL if it does not deserve or cannot have one.
static struct tcp_flow *open_flow(
	struct tcp_table *t, uint32_t *bucket, const struct flow_tuple *tuple,
	const struct tcp_packet *in, bool reused, uint32_t *events
) {
	struct tcp_stats *st = &t->work.stats;
	bool syn = in->flags & TCP_SYN;
	*events = TCP_NOT_TAKEN;
	if (in->flags & TCP_RST || (!syn && in->length == 0)) {
		st->octets[TCP_OF_RST] += in->captured;
		return NULL;
	}
	enum tcp_fate fate = TCP_NO_START;
	if (!syn && !reused && !t->conf.midstream)
		goto none;
	fate = TCP_NO_ROOM;
	if (t->index.flows == t->index.flows_max && !tcp_table_evict(t, in->time_us))
		goto none;
	struct tcp_flow *f = tcp_index_insert(&t->index, bucket, tuple);
	f->last_us = in->time_us;
	tcp_table_queue(t, f, TCP_AGE_YOUNG, in->time_us);
	st->opened++;
	st->picked_up += !syn;
	*events = TCP_OPENED | (syn ? 0 : TCP_PICKED_UP);
	return f;

none:
	st->octets[fate] += in->captured;
	if (in->captured > 0)
		*events |= TCP_SCAN_ALONE;
	return NULL;
}

// Takes blocks from those who have held them longest, if this packet might have to be held.
static void
reclaim(struct tcp_table *t, const struct tcp_flow *own, uint32_t dir,
	const struct tcp_packet *in) {
	uint32_t need = in->captured / TCP_BLOCK_OCTETS + 2;
	if (LIKELY(tcp_pool_free(&t->work.pool) >= need) || in->captured == 0)
		return;
	if (in->seq == own->half[dir].next && !(in->flags & TCP_SYN))
		return;
	for (int i = 0; i < RECLAIM_TRIES && tcp_pool_free(&t->work.pool) < need; i++) {
		struct tcp_flow *f = tcp_index_at(&t->index, t->index.hold.first);
		if (f == NULL || f == own)
			return;
		tcp_table_flush(t, f, TCP_GAP_MEMORY);
	}
}

static bool both_seen(const struct tcp_flow *f) {
	return f->half[0].flags & f->half[1].flags & TCP_HALF_SEEN;
}

// Where a flow belongs now.
static void sort(struct tcp_table *t, struct tcp_flow *f, const struct tcp_packet *in) {
	if (in->time_us > f->last_us)
		f->last_us = in->time_us;
	bool holds = tcp_flow_holds(f);
	if (UNLIKELY(holds != f->holds)) {
		f->holds = holds;
		if (holds)
			tcp_index_append(&t->index, &t->index.hold, TCP_LIST_HOLD, f);
		else
			tcp_index_unlink(&t->index, &t->index.hold, TCP_LIST_HOLD, f);
	}
	if (UNLIKELY(!f->grown) && in->length > 0 && !(t->out.events & TCP_OPENED))
		f->grown = true;
	uint8_t age = !f->grown ? TCP_AGE_YOUNG
		: both_seen(f)  ? TCP_AGE_SETTLED
				: TCP_AGE_ONE_SIDED;
	if (UNLIKELY((f->half[0].flags | f->half[1].flags) & TCP_HALF_ENDED) && tcp_flow_done(f))
		age = TCP_AGE_DONE;
	if (UNLIKELY(age != f->age))
		tcp_table_requeue(t, f, age, in->time_us);
}

static void look(const struct tcp_table *t, const struct flow_key *key, struct tcp_place *place) {
	flow_side_of(&place->side, key, &t->index.seed);
	place->bucket = tcp_index_bucket(&t->index, place->side.hash);
}

// What most packets are: what the rest of the way would do with them, without looking for more. False:
// it has to be gone, and nothing has changed.
static bool
take_usual(struct tcp_table *t, struct tcp_flow *f, uint32_t dir, const struct tcp_packet *in) {
	if (UNLIKELY(
		    !tcp_flow_is_usual(f, dir, in)
		    || tcp_age_us(in->time_us, f->last_us) > tcp_table_timeout_us(t, f->age)
	    ))
		return false;
	tcp_table_begin(t, &t->out, f, dir);
	if (in->length > 0)
		tcp_reader_emit(&t->work, &f->half[dir], dir, in->payload, in->length);
	if (in->time_us > f->last_us)
		f->last_us = in->time_us;
	return true;
}

// The whole way; kept out of the usual one, which has little to save and restore.
[[gnu::noinline]] static void
take(struct tcp_table *t, struct tcp_flow *f, const struct tcp_place *place,
     const struct tcp_packet *in) {
	uint32_t events = 0, dir = place->side.dir;
	if (f != NULL && tcp_table_expire(t, f, in->time_us))
		f = NULL;
	bool reused = f != NULL && tcp_flow_reused(f, dir, in);
	if (reused) {
		tcp_table_close(t, f, TCP_CLOSE_REUSED);
		f = NULL;
	}
	if (f == NULL) {
		f = open_flow(t, place->bucket, &place->side.tuple, in, reused, &events);
		events |= reused ? TCP_REUSED : 0;
	}
	if (f != NULL)
		reclaim(t, f, dir, in);
	tcp_table_begin(t, &t->out, f, dir);
	t->out.events = events;
	if (f != NULL) {
		tcp_flow_packet(&t->work, f, dir, in);
		sort(t, f, in);
	}
}

// One whose flags no receiver looks at.
static void refuse(struct tcp_table *t, uint32_t dir, const struct tcp_packet *in) {
	tcp_table_begin(t, &t->out, NULL, dir);
	t->out.events = TCP_NOT_TAKEN;
	tcp_work_fate(&t->work, TCP_BAD_FLAGS, in->captured);
}

const struct tcp_delivery *tcp_table_packet(struct tcp_table *t, const struct tcp_packet *in) {
	struct tcp_packet cut;
	struct tcp_place own;
	const struct tcp_place *place = in->place;
	if (UNLIKELY(in->length > LENGTH_MAX || in->captured > in->length)) {
		cut = *in;
		cut.length = cut.length < LENGTH_MAX ? cut.length : LENGTH_MAX;
		cut.captured = cut.captured < cut.length ? cut.captured : cut.length;
		in = &cut;
	}
	tcp_table_give_back(t);
	t->work.stats.packets++;
	t->work.stats.octets_in += in->captured;
	if (UNLIKELY(place == NULL)) {
		look(t, in->key, &own);
		place = &own;
	}
	if (UNLIKELY(!tcp_flags_sane(in->flags))) {
		refuse(t, place->side.dir, in);
		return &t->out;
	}
	tcp_table_change(t, place->bucket);
	struct tcp_flow *f = tcp_index_find(&t->index, place->bucket, &place->side.tuple);
	if (f == NULL || !take_usual(t, f, place->side.dir, in))
		take(t, f, place, in);
	return &t->out;
}

void tcp_table_prefetch(
	const struct tcp_table *t, const struct flow_key *key, struct tcp_place *place
) {
	look(t, key, place);
	__builtin_prefetch(place->bucket); // the index of the chain's first flow
}

void tcp_table_prefetch_flow(const struct tcp_table *t, const struct tcp_place *place) {
	const struct tcp_flow *f = &t->index.flow[*place->bucket];
	__builtin_prefetch(f); // tuple, chain and time
	__builtin_prefetch((const char *)f + CACHE_LINE); // both directions
	__builtin_prefetch((const char *)f + 2 * CACHE_LINE);
}

void *tcp_table_user(const struct tcp_table *t, const struct tcp_place *place) {
	return t->index.flow[*place->bucket].half[place->side.dir].user;
}

const struct tcp_stats *tcp_table_stats(const struct tcp_table *t) {
	return &t->work.stats;
}

struct tcp_usage tcp_table_usage(const struct tcp_table *t) {
	const struct tcp_index *x = &t->index;
	return (struct tcp_usage
	){.flows = x->flows,
	  .held_octets = (uint64_t)t->work.pool.taken * sizeof(struct tcp_block),
	  .fixed_octets = (uint64_t)x->flows_max * sizeof(struct tcp_flow)
		  + ((uint64_t)x->mask + 1) * sizeof(*x->bucket)
		  + (uint64_t)t->work.pool.blocks * sizeof(struct tcp_block)
		  + t->work.history.size};
}
