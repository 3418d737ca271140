// The row of eras: one is pushed when a set comes into use, the ones before lose what nobody needs,
// and those that hold nothing leave the row.

#include "stream_pool_eras.h"

#include "stream_pool_parts.h"
#include "stream_pool_room.h"

#include <errno.h>
#include <stdlib.h>

// Given back at once when a set leaves use; the rest goes bit by bit.
#define DRAIN_AT_ONCE 1024u

// A stream that goes on elsewhere costs about as much as so many that are given up.
#define MOVE_COST 16u

// What looks for the same as the newest goes on there; parts of other eras are lost.
static void cut(struct stream_pool *p, struct stream_era *e) {
	bool moves = e->kind == p->now->kind;
	if (e->cut && (moves || !e->moves))
		return;
	e->cut = true;
	e->moves = moves;
	if (!moves)
		p->stats.parts_cut += e->n_parts;
}

// Cuts what is too old, or, where the newest has no rule of theirs, all that came before. By the number
// of sets, whatever streams there are: who owns them for several pools must not need more.
static void cut_old(struct stream_pool *p) {
	for (struct stream_era *e = p->now->older; e != NULL; e = e->older) {
		if (e->newer->cut || e->map == NULL
		    || p->now->serial - e->serial >= STREAM_PARTS_MAX)
			cut(p, e);
	}
}

int stream_eras_push(struct stream_pool *p, struct stream_era *e, const uint32_t *map, bool same) {
	struct stream_era *before = p->now;
	if (stream_era_follow(before, e, map) < 0)
		return -ENOMEM;
	uint32_t *stamp = calloc(e->n_rules + 1ull, sizeof(*stamp));
	if (stamp == NULL) {
		free(before->map);
		before->map = NULL;
		return -ENOMEM;
	}
	free(p->stamp);
	p->stamp = stamp;
	p->call = 0;
	e->kind = same && map != NULL ? before->kind : e->serial;
	e->older = before;
	before->newer = e;
	p->now = e;
	cut_old(p);
	p->remnants = true;
	stream_eras_drain(p, DRAIN_AT_ONCE);
	return 0;
}

static uint32_t
drain_list(struct stream_pool *p, struct stream_list *list, uint32_t cost, uint32_t budget) {
	while (list->first != NULL && budget > 0) {
		stream_parts_cut(p, list->first);
		budget -= cost < budget ? cost : budget;
	}
	return budget;
}

static uint32_t drain_unused(struct stream_pool *p, struct stream_era *e, uint32_t budget) {
	for (uint32_t i = 0; i < e->n_groups && e->held > e->n_parts; i++) {
		struct pool_group *g = &e->group[i];
		for (; g->n_unused > 0 && budget > 0; budget--)
			stream_room_close(p, g);
		if (g->n_unused == 0 && e->n_parts == 0)
			stream_room_close_all(p, g);
	}
	return budget;
}

static void reap(struct stream_pool *p) {
	struct stream_era *next;
	for (struct stream_era *e = p->oldest; e != p->now; e = next) {
		next = e->newer;
		if (e->held > 0)
			continue;
		if (e->older != NULL)
			stream_era_skip(e->older);
		else
			p->oldest = next;
		next->older = e->older;
		stream_era_free(e);
	}
}

void stream_eras_drain(struct stream_pool *p, uint32_t budget) {
	for (struct stream_era *e = p->oldest; e != p->now; e = e->newer) {
		if (e->cut) {
			uint32_t cost = e->moves ? MOVE_COST : 1;
			budget = drain_list(p, &e->awake, cost, budget);
			budget = drain_list(p, &e->resting, cost, budget);
		}
		budget = drain_unused(p, e, budget);
	}
	// With some left there is nothing more to do.
	p->remnants = budget == 0;
	reap(p);
}
