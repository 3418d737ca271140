// The way in: every record is taken for what it is, input. A connection that no table ever had is refused;
// what follows from the rest (blocks, lists, runs) is worked out again.

#include "match/match_state.h"
#include "tcp_load_priv.h"
#include "tcp_save.h"
#include "tcp_save_priv.h"
#include "tcp_table_priv.h"

#include <errno.h>
#include <stdlib.h>

#define KNOWN_FLAGS                                                                          \
	(TCP_HALF_SEEN | TCP_HALF_STARTED | TCP_HALF_HINTED | TCP_HALF_SYN | TCP_HALF_AGREED \
	 | TCP_HALF_SYN_DATA | TCP_HALF_FIN | TCP_HALF_FIN_ACKED | TCP_HALF_ENDED            \
	 | TCP_HALF_FAR_SYN | TCP_HALF_FAR_ACKED)

// Streams are shorter, and sums with them do not overflow.
#define OFFSET_MAX (1ull << 62)

// As far as held octets, and a FIN, may be ahead.
#define AHEAD_MAX (TCP_REACH + (2u << 20))

#define TCP_PROTO 6

static uint64_t fin_offset(const struct tcp_half *h) {
	return h->next_off + (uint32_t)(h->fin - h->next);
}

static bool half_is_sound(const struct tcp_saved_half *s) {
	uint32_t flags = s->flags;
	if ((flags & ~(uint32_t)KNOWN_FLAGS) != 0 || s->next_off > OFFSET_MAX)
		return false;
	if (!(flags & TCP_HALF_STARTED))
		return s->next_off == 0 && !(flags & ~(TCP_HALF_SEEN | TCP_HALF_HINTED));
	if ((flags & TCP_HALF_HINTED) || ((flags & TCP_HALF_SYN_DATA) && s->next_off != 0))
		return false;
	if (!(flags & TCP_HALF_FIN))
		return true;
	uint32_t ahead = s->fin - s->next;
	return ahead <= AHEAD_MAX && (!(flags & TCP_HALF_ENDED) || ahead == 0);
}

static bool flow_is_sound(const struct tcp_saved *s) {
	return flow_tuple_is_sound(&s->tuple) && s->tuple.proto == TCP_PROTO && s->age < TCP_AGES
		&& s->grown <= 1 && s->client <= 1 && s->open <= 1 && s->asked <= 3
		&& half_is_sound(&s->half[0]) && half_is_sound(&s->half[1]);
}

static struct tcp_half half_of(const struct tcp_work *w, const struct tcp_saved_half *s) {
	return (struct tcp_half){
		.next_off = s->next_off,
		.next = s->next,
		.fin = s->fin,
		.far = s->far,
		.wait = s->wait < w->hold_segments ? s->wait : (uint16_t)w->hold_segments,
		.flags = s->flags,
		.acks = s->acks,
		.far_count = s->far_count,
	};
}

static struct tcp_loading *loading_of(struct tcp_table *t) {
	if (t->loading == NULL)
		t->loading = calloc(1, sizeof(*t->loading));
	return t->loading;
}

static void loading_free(struct tcp_loading *l) {
	for (uint32_t i = 0; i < l->n_images; i++)
		free(l->image[i].octets);
	free(l->image);
	free(l->link);
	free(l);
}

int tcp_table_load_seed(struct tcp_table *t, const struct hash_seed *seed, struct err *err) {
	if (memcmp(&t->index.seed, seed, sizeof(*seed)) == 0)
		return 0;
	if (t->index.flows > 0)
		return err_set(err, -EBADMSG, "a saved seed comes behind connections");
	t->index.seed = *seed;
	return 0;
}

int tcp_table_load_flow(
	struct tcp_table *t, const struct tcp_saved *s, struct tcp_flow **flow, struct err *err
) {
	*flow = NULL;
	struct tcp_loading *l = loading_of(t);
	if (l == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	if (!flow_is_sound(s))
		return err_set(err, -EBADMSG, "a saved connection is none");
	uint32_t *bucket = tcp_index_bucket_of(&t->index, &s->tuple);
	if (t->index.flows == t->index.flows_max
	    || tcp_index_find(&t->index, bucket, &s->tuple) != NULL) {
		t->work.stats.closed[TCP_CLOSE_EVICTED_IDLE]++;
		return 0;
	}
	struct tcp_flow *f = tcp_index_insert(&t->index, bucket, &s->tuple);
	f->last_us = s->last_us;
	f->grown = s->grown;
	f->client = s->client & 1;
	f->open = s->open;
	f->asked = s->asked & 3;
	f->age = s->age & 3;
	f->queued = s->queued;
	tcp_index_append(&t->index, &t->index.age[f->age], TCP_LIST_AGE, f);
	for (uint32_t dir = 0; dir < 2; dir++) {
		f->half[dir] = half_of(&t->work, &s->half[dir]);
		if (s->half[dir].history != 0
		    && tcp_loading_link(
			       l, s->origin, s->half[dir].history, (uint32_t)(f - t->index.flow),
			       dir
		       ) < 0)
			return err_set(err, -ENOMEM, "out of memory");
	}
	*flow = f;
	return 0;
}

struct tcp_flow *tcp_table_load_find(struct tcp_table *t, const struct flow_tuple *tuple) {
	return tcp_index_find(&t->index, tcp_index_bucket_of(&t->index, tuple), tuple);
}

// Whether the half may hold [begin, end) beside what it holds by now, which lies ahead of it.
static bool
may_hold(const struct tcp_work *w, const struct tcp_half *h, uint64_t begin, uint64_t end) {
	bool syn_data = h->flags & TCP_HALF_SYN_DATA;
	uint64_t held = tcp_held_end(&h->held, &w->pool);
	if (!(h->flags & TCP_HALF_STARTED))
		return false;
	// From the first octet on, all of what came with a SYN; else there is a hole.
	if (syn_data ? begin != (h->held.first != 0 ? held : 0) : begin <= h->next_off)
		return false;
	if ((h->flags & TCP_HALF_FIN) && end > fin_offset(h))
		return false;
	return end <= h->next_off + AHEAD_MAX && (h->held.first == 0 || held <= begin);
}

// What came with a SYN stays in one piece, or is a hole like any other.
static void no_room(struct tcp_work *w, struct tcp_half *h, uint32_t len) {
	w->stats.octets[TCP_NO_ROOM] += len;
	if (!(h->flags & TCP_HALF_SYN_DATA))
		return;
	uint32_t held = tcp_held_drop(&h->held, &w->pool);
	w->stats.octets[TCP_HELD_NOW] -= held;
	w->stats.octets[TCP_NO_ROOM] += held;
	h->flags &= (uint16_t)~TCP_HALF_SYN_DATA;
}

// The key of a packet of that direction.
static bool is_key_of(const struct flow_key *key, const struct tcp_saved_piece *p) {
	struct flow_tuple tuple;
	return !(key->flags & KEY_REST) && flow_tuple_of(&tuple, key) == p->dir
		&& flow_tuple_equal(&tuple, &p->tuple);
}

static int load_piece(struct tcp_table *t, const struct state_record *r, struct err *err) {
	const struct tcp_saved_piece *p = r->octets;
	struct tcp_work *w = &t->work;
	if (r->len <= sizeof(*p) || r->len - sizeof(*p) > TCP_BLOCK_OCTETS || p->dir > 1)
		return err_set(err, -EBADMSG, "held octets are saved in another way");
	uint32_t len = r->len - (uint32_t)sizeof(*p);
	struct flow_key key;
	memcpy(&key, p->key, sizeof(key));
	if (!is_key_of(&key, p))
		return err_set(err, -EBADMSG, "held octets are of another connection");
	struct tcp_flow *f = tcp_table_load_find(t, &p->tuple);
	if (f == NULL)
		return 0; // another worker's, or it found no room
	struct tcp_half *h = &f->half[p->dir];
	uint64_t begin = p->offset, end = begin + len;
	if (begin > OFFSET_MAX + AHEAD_MAX || !may_hold(w, h, begin, end))
		return err_set(err, -EBADMSG, "octets are said to be held that cannot be");
	uint32_t lacks = tcp_held_lacks(&h->held, &w->pool, begin, end);
	if (h->held.blocks + lacks > w->hold_blocks || lacks > tcp_pool_free(&w->pool)
	    || h->held.runs >= w->hold_segments) {
		no_room(w, h, len);
		return 0;
	}
	struct tcp_compare c = {0};
	const struct tcp_packet from = {
		.key = &key,
		.own_us = p->time_us,
		.number = key.hash,
	};
	tcp_held_put(&h->held, &w->pool, begin, (const uint8_t *)(p + 1), len, &from, &c);
	w->stats.octets[TCP_HELD_NOW] += c.fresh;
	return 0;
}

int tcp_table_load(struct tcp_table *t, const struct state_record *r, struct err *err) {
	if (r->kind != MATCH_STATE_HELD && r->kind != MATCH_STATE_HISTORY)
		return 0;
	if (r->version != TCP_SAVED_VERSION)
		return err_set(err, -EBADMSG, "connections are saved in another way");
	if (r->kind == MATCH_STATE_HELD)
		return load_piece(t, r, err);
	struct tcp_loading *l = loading_of(t);
	if (l == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	return tcp_loading_image(l, r, err);
}

struct place {
	int64_t turn;
	uint32_t flow;
};

static int by_turn(const void *a, const void *b) {
	const struct place *p = a, *q = b;
	return (p->turn > q->turn) - (p->turn < q->turn);
}

// What had to be dropped of it, or never was there, cannot be waited for.
static void check_syn_data(struct tcp_half *h) {
	if ((h->flags & TCP_HALF_SYN_DATA) && h->held.first == 0)
		h->flags &= (uint16_t)~TCP_HALF_SYN_DATA;
}

// Brings a list in order.
static int
sort_list(struct tcp_table *t, struct tcp_list *list, enum tcp_flow_list which, uint32_t n) {
	struct tcp_index *x = &t->index;
	struct place *place = malloc((n + 1ull) * sizeof(*place));
	uint32_t i = 0;
	if (place == NULL)
		return -ENOMEM;
	for (uint32_t at = list->first; at != 0; at = tcp_index_at(x, at)->link[which].behind) {
		const struct tcp_flow *f = tcp_index_at(x, at);
		int64_t turn = which == TCP_LIST_HOLD
			? f->last_us
			: (int32_t)(f->queued - tcp_index_at(x, list->first)->queued);
		place[i++] = (struct place){turn, at};
	}
	qsort(place, i, sizeof(*place), by_turn);
	*list = (struct tcp_list){};
	for (uint32_t k = 0; k < i; k++)
		tcp_index_append(x, list, which, tcp_index_at(x, place[k].flow));
	free(place);
	return 0;
}

void tcp_table_load_leave(struct tcp_table *t) {
	struct tcp_index *x = &t->index;
	if (t->loading == NULL)
		return;
	for (uint32_t age = 0; age < TCP_AGES; age++) {
		for (uint32_t i = x->age[age].first; i != 0;) {
			struct tcp_flow *f = tcp_index_at(x, i);
			check_syn_data(&f->half[0]);
			check_syn_data(&f->half[1]);
			i = f->link[TCP_LIST_AGE].behind;
		}
	}
	loading_free(t->loading);
	t->loading = NULL;
}

static int settle(struct tcp_table *t) {
	struct tcp_index *x = &t->index;
	int ret = 0;
	for (uint32_t age = 0; age < TCP_AGES && ret == 0; age++) {
		for (uint32_t i = x->age[age].first; i != 0;) {
			struct tcp_flow *f = tcp_index_at(x, i);
			f->holds = tcp_flow_holds(f);
			if (f->holds)
				tcp_index_append(x, &x->hold, TCP_LIST_HOLD, f);
			i = f->link[TCP_LIST_AGE].behind;
		}
		ret = sort_list(t, &x->age[age], TCP_LIST_AGE, x->flows);
	}
	return ret < 0 ? ret : sort_list(t, &x->hold, TCP_LIST_HOLD, x->flows);
}

int tcp_table_load_end(struct tcp_table *t, struct err *err) {
	if (t->loading == NULL)
		return 0;
	int ret = tcp_loading_lay(t->loading, &t->work.history, &t->index);
	tcp_table_load_leave(t);
	if (ret == 0)
		ret = settle(t);
	if (ret == -EBADMSG)
		return err_set(err, ret, "the saved history of connections is damaged");
	return ret < 0 ? err_set(err, ret, "out of memory") : 0;
}
