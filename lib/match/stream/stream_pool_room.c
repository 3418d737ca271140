// The budget. Every octet that counts is taken here or by callers that asked for room first, so the
// sum is never above the budget.

#include "stream_pool_room.h"

#include "stream_pool_parts.h"

#include <stdlib.h>
#include <string.h>

#define UNUSED_FIRST 16u

static void listed(struct stream_pool *p, struct pool_group *g) {
	g->before = NULL;
	g->behind = p->unused;
	if (p->unused != NULL)
		p->unused->before = g;
	p->unused = g;
}

static void unlisted(struct stream_pool *p, struct pool_group *g) {
	if (g->before != NULL)
		g->before->behind = g->behind;
	else
		p->unused = g->behind;
	if (g->behind != NULL)
		g->behind->before = g->before;
}

// Whoever empties the array has a stream of the group, and comes by here with it in the end.
static void forget(struct stream_pool *p, struct pool_group *g) {
	if (g->unused_max == 0)
		return;
	pool_give(p, pool_cost(g->unused_max * sizeof(*g->unused)));
	free(g->unused);
	g->unused = NULL;
	g->unused_max = 0;
}

static hs_stream_t *pop(struct stream_pool *p, struct pool_group *g) {
	hs_stream_t *hs = g->unused[--g->n_unused];
	if (g->n_unused == 0)
		unlisted(p, g);
	if (--p->n_unused < p->unused_low)
		p->unused_low = p->n_unused;
	g->era->held--;
	return hs;
}

static void close_stream(struct stream_pool *p, struct pool_group *g, hs_stream_t *hs) {
	hs_close_stream(hs, NULL, NULL, NULL);
	pool_give(p, g->stream_cost);
	if (g->n_unused == 0)
		forget(p, g);
}

void stream_room_close(struct stream_pool *p, struct pool_group *g) {
	close_stream(p, g, pop(p, g));
}

void stream_room_close_all(struct stream_pool *p, struct pool_group *g) {
	while (g->n_unused > 0)
		stream_room_close(p, g);
	if (g->spare == NULL)
		return;
	hs_close_stream(g->spare, NULL, NULL, NULL);
	g->spare = NULL;
	g->era->held--;
}

// Of all awake streams the one that is first in its list and was silent longest; of past eras there
// are few.
static struct match_stream *silent_longest(const struct stream_pool *p) {
	struct match_stream *found = NULL;
	for (struct stream_era *e = p->oldest; e != NULL; e = e->newer) {
		struct match_stream *s = e->awake.first;
		if (s != NULL && s == p->pinned)
			s = s->link.behind;
		if (s != NULL && (found == NULL || s->last_us < found->last_us))
			found = s;
	}
	return found;
}

static bool has_room(const struct stream_pool *p, uint64_t cost) {
	return p->stats.octets + cost <= p->conf.memory;
}

// Until there is room for `cost` octets or, where a group is given, an unused stream of it: what
// compressing others leaves may be one.
static bool make_room(struct stream_pool *p, const struct pool_group *g, uint64_t cost) {
	uint32_t victims = 0;
	while (!has_room(p, cost) && (g == NULL || g->n_unused == 0)) {
		struct match_stream *s;
		if (cost > p->conf.memory)
			return false;
		if (p->unused != NULL) {
			stream_room_close(p, p->unused);
			continue;
		}
		if (victims++ == STREAM_VICTIMS || (s = silent_longest(p)) == NULL)
			return false;
		stream_parts_rest(p, s);
	}
	return true;
}

bool stream_room_make(struct stream_pool *p, uint64_t cost) {
	return make_room(p, NULL, cost);
}

hs_stream_t *stream_room_open(struct stream_pool *p, struct pool_group *g) {
	hs_stream_t *hs = NULL;
	if (g->n_unused == 0 && !make_room(p, g, g->stream_cost))
		return NULL;
	if (g->n_unused > 0)
		return pop(p, g);
	if (hs_open_stream(g->group->db, 0, &hs) != HS_SUCCESS)
		return NULL;
	pool_take(p, g->stream_cost);
	return hs;
}

static bool grow_unused(struct stream_pool *p, struct pool_group *g) {
	uint32_t n = g->unused_max != 0 ? 2 * g->unused_max : UNUSED_FIRST;
	uint64_t old = g->unused_max != 0 ? pool_cost(g->unused_max * sizeof(*g->unused)) : 0;
	uint64_t grown = pool_cost(n * sizeof(*g->unused));
	if (!has_room(p, grown - old))
		return false;
	hs_stream_t **unused = realloc(g->unused, n * sizeof(*unused));
	if (unused == NULL)
		return false;
	pool_take(p, grown - old);
	g->unused = unused;
	g->unused_max = n;
	return true;
}

void stream_room_release(struct stream_pool *p, struct pool_group *g, hs_stream_t *hs, bool keep) {
	keep = keep && g->era == p->now && (g->n_unused < g->unused_max || grow_unused(p, g));
	if (!keep) {
		close_stream(p, g, hs);
		return;
	}
	if (g->n_unused == 0)
		listed(p, g);
	g->unused[g->n_unused++] = hs;
	g->era->held++;
	p->n_unused++;
}

void stream_room_trim(struct stream_pool *p, int64_t now_us, uint32_t budget) {
	uint64_t silent_us = (uint64_t)now_us - (uint64_t)p->trim_us;
	if (silent_us >= (uint64_t)p->conf.idle_us) {
		p->trim_us = now_us;
		p->to_trim = p->unused_low;
		p->unused_low = p->n_unused;
	}
	for (; p->to_trim > 0 && p->unused != NULL && budget > 0; budget--) {
		stream_room_close(p, p->unused);
		p->to_trim--;
	}
	if (p->unused == NULL)
		p->to_trim = 0;
}

hs_stream_t *stream_room_spare(struct pool_group *g) {
	if (g->spare == NULL) {
		if (hs_open_stream(g->group->db, 0, &g->spare) != HS_SUCCESS)
			return NULL;
		g->era->held++;
	}
	return g->spare;
}
