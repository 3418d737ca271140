// The parts of streams. A stream leaves its list before what decides on its list changes, and goes
// into one again afterwards.

#include "stream_pool_parts.h"

#include "stream_pool_room.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// Streams whose last octets came within the same tick of 2^18 us, a quarter of a second, stand in any
// order: each move costs two neighbours' cache lines.
#define TICK_BITS 18

static struct stream_list *list_of(struct stream_pool *p, const struct match_stream *s) {
	if (s->part.group == NULL)
		return &p->bare;
	struct stream_era *e = s->part.group->era;
	return s->awake ? &e->awake : &e->resting;
}

static void enter(struct stream_pool *p, struct match_stream *s) {
	struct stream_list *list = list_of(p, s);
	s->link = (struct stream_link){.before = list->last};
	*(list->last != NULL ? &list->last->link.behind : &list->first) = s;
	list->last = s;
}

static void leave(struct stream_pool *p, struct match_stream *s) {
	struct stream_list *list = list_of(p, s);
	*(s->link.before != NULL ? &s->link.before->link.behind : &list->first) = s->link.behind;
	*(s->link.behind != NULL ? &s->link.behind->link.before : &list->last) = s->link.before;
}

static void set_compressed(struct stream_pool *p, struct match_stream *s, bool compressed) {
	*(s->compressed ? &p->stats.compressed : &p->stats.live) -= 1;
	*(compressed ? &p->stats.compressed : &p->stats.live) += 1;
	s->compressed = compressed;
}

static void give_packed(struct stream_pool *p, struct stream_part *part) {
	uint64_t cost = pool_cost(part->packed_octets);
	free(part->packed);
	pool_give(p, cost);
	p->stats.octets_compressed -= cost;
	part->packed_octets = 0;
}

// Gives up what a part holds.
static void part_fini(struct stream_pool *p, struct stream_part *part) {
	struct pool_group *g = part->group;
	if (part->packed_octets != 0)
		give_packed(p, part);
	else
		stream_room_release(p, g, part->live, true);
	if (part->states != NULL)
		pool_give(p, pool_cost(stream_states_octets(part->states)));
	free(part->states);
	g->era->held--;
	if (--g->era->n_parts == 0 && g->era != p->now)
		p->remnants = true;
}

// Gives up the first part.
static void drop_first(struct stream_pool *p, struct match_stream *s) {
	struct stream_part *next = s->part.next;
	part_fini(p, &s->part);
	if (next == NULL) {
		s->part = (struct stream_part){};
		return;
	}
	s->part = *next;
	free(next);
	pool_give(p, pool_cost(sizeof(*next)));
}

static void drop_oldest(struct stream_pool *p, struct match_stream *s) {
	const struct stream_era *e = s->part.group->era;
	while (s->part.group != NULL && s->part.group->era == e)
		drop_first(p, s);
}

void stream_parts_drop(struct stream_pool *p, struct match_stream *s) {
	if (s->part.group == NULL)
		return;
	leave(p, s);
	drop_oldest(p, s);
	if (s->part.group == NULL) {
		s->awake = false;
		set_compressed(p, s, false);
	}
	enter(p, s);
}

// Copies to a stream over the newest era's database, which is equal. False: no room.
static bool move_live(struct stream_pool *p, struct stream_part *part, struct pool_group *to) {
	size_t octets = 0;
	// First, as making room may compress others.
	hs_stream_t *hs = stream_room_open(p, to);
	if (hs == NULL)
		return false;
	if (hs_compress_stream(part->live, p->packing, p->packing_octets, &octets) != HS_SUCCESS) {
		stream_room_release(p, to, hs, true);
		return false;
	}
	hs_error_t rc = hs_reset_and_expand_stream(hs, p->packing, octets, NULL, NULL, NULL);
	assert(rc == HS_SUCCESS);
	(void)rc;
	stream_room_release(p, part->group, part->live, false);
	part->live = hs;
	return true;
}

static bool move_part(struct stream_pool *p, struct stream_part *part) {
	struct pool_group *from = part->group, *to = &p->now->group[from - from->era->group];
	if (part->packed_octets == 0 && !move_live(p, part, to))
		return false;
	part->group = to;
	to->era->held++;
	to->era->n_parts++;
	from->era->held--;
	if (--from->era->n_parts == 0)
		p->remnants = true;
	return true;
}

// Its parts are all of an era like the newest: there is no reason for newer ones.
static void move_parts(struct stream_pool *p, struct match_stream *s) {
	struct stream_part *part = &s->part;
	leave(p, s);
	while (part != NULL && move_part(p, part))
		part = part->next;
	if (part != NULL) {
		for (part = &s->part; part != NULL; part = part->next)
			p->stats.parts_cut++;
		while (s->part.group != NULL)
			drop_first(p, s);
		s->awake = false;
		set_compressed(p, s, false);
	}
	enter(p, s);
}

void stream_parts_cut(struct stream_pool *p, struct match_stream *s) {
	if (s->part.group != NULL && s->part.group->era->moves)
		move_parts(p, s);
	else
		stream_parts_drop(p, s);
}

void stream_parts_free(struct stream_pool *p, struct match_stream *s) {
	leave(p, s);
	while (s->part.group != NULL)
		drop_first(p, s);
	set_compressed(p, s, false);
	p->stats.live--;
	p->stats.closed++;
	free(s);
	pool_give(p, pool_cost(sizeof(*s)));
}

// A part for the group, in memory of its own. NULL: no room.
static struct stream_part *part_new(struct stream_pool *p, struct pool_group *g) {
	uint64_t cost = pool_cost(sizeof(struct stream_part));
	struct stream_part *part = NULL;
	hs_stream_t *hs = stream_room_open(p, g);
	if (hs == NULL)
		return NULL;
	if (stream_room_make(p, cost))
		part = malloc(sizeof(*part));
	if (part == NULL) {
		stream_room_release(p, g, hs, true);
		return NULL;
	}
	pool_take(p, cost);
	hs_reset_stream(hs, 0, NULL, NULL, NULL);
	*part = (struct stream_part){.group = g, .live = hs};
	g->era->n_parts++;
	g->era->held++;
	return part;
}

// Hands a list of parts over to a stream.
static void append(struct stream_pool *p, struct match_stream *s, struct stream_part *parts) {
	struct stream_part *last = &s->part;
	while (last->next != NULL)
		last = last->next;
	if (s->part.group != NULL) {
		last->next = parts;
		return;
	}
	s->part = *parts;
	free(parts);
	pool_give(p, pool_cost(sizeof(*parts)));
}

bool stream_parts_add(
	struct stream_pool *p, struct match_stream *s, const uint32_t *group, uint32_t n
) {
	struct stream_part *parts = NULL, **end = &parts;
	for (uint32_t i = 0; i < n; i++) {
		*end = part_new(p, &p->now->group[group[i]]);
		if (*end == NULL)
			goto fail;
		end = &(*end)->next;
	}
	leave(p, s);
	append(p, s, parts);
	s->awake = true;
	s->kind = p->now->kind;
	enter(p, s);
	return true;
fail:
	while (parts != NULL) {
		struct stream_part *next = parts->next;
		part_fini(p, parts);
		free(parts);
		pool_give(p, pool_cost(sizeof(*parts)));
		parts = next;
	}
	return false;
}

struct match_stream *stream_parts_new(struct stream_pool *p, const uint32_t *group, uint32_t n) {
	uint64_t cost = pool_cost(sizeof(struct match_stream));
	struct match_stream *s = NULL;
	if (stream_room_make(p, cost))
		s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	pool_take(p, cost);
	enter(p, s);
	if (!stream_parts_add(p, s, group, n)) {
		leave(p, s);
		free(s);
		pool_give(p, cost);
		return NULL;
	}
	p->stats.opened++;
	p->stats.live++;
	return s;
}

// Returns whether it takes less memory now.
static bool pack(struct stream_pool *p, struct stream_part *part) {
	size_t octets = 0;
	hs_stream_t *hs = part->live;
	if (part->packed_octets != 0
	    || hs_compress_stream(hs, p->packing, p->packing_octets, &octets) != HS_SUCCESS)
		return false;
	uint64_t cost = pool_cost(octets);
	char *packed = cost < part->group->stream_cost ? malloc(octets) : NULL;
	if (packed == NULL)
		return false;
	memcpy(packed, p->packing, octets);
	// An unused stream counts still: where there is no room for both it goes.
	bool both = p->stats.octets + cost <= p->conf.memory;
	if (both)
		pool_take(p, cost);
	stream_room_release(p, part->group, hs, both);
	if (!both)
		pool_take(p, cost);
	p->stats.octets_compressed += cost;
	part->packed = packed;
	part->packed_octets = (uint32_t)octets;
	return true;
}

void stream_parts_rest(struct stream_pool *p, struct match_stream *s) {
	bool packed = false;
	leave(p, s);
	for (struct stream_part *part = &s->part; part != NULL; part = part->next)
		packed |= pack(p, part);
	s->awake = false;
	enter(p, s);
	if (!packed)
		return;
	p->stats.compressions++;
	set_compressed(p, s, true);
}

static bool unpack(struct stream_pool *p, struct stream_part *part) {
	hs_stream_t *hs = stream_room_open(p, part->group);
	if (hs == NULL)
		return false;
	hs_error_t rc = hs_reset_and_expand_stream(
		hs, part->packed, part->packed_octets, NULL, NULL, NULL
	);
	assert(rc == HS_SUCCESS);
	(void)rc;
	give_packed(p, part);
	part->live = hs;
	return true;
}

bool stream_parts_wake(struct stream_pool *p, struct match_stream *s) {
	for (struct stream_part *part = &s->part; part != NULL; part = part->next) {
		if (part->packed_octets != 0 && !unpack(p, part))
			return false;
	}
	leave(p, s);
	s->awake = true;
	enter(p, s);
	if (s->compressed) {
		p->stats.expansions++;
		set_compressed(p, s, false);
	}
	return true;
}

void stream_parts_touch(struct stream_pool *p, struct match_stream *s, int64_t now_us) {
	bool same_tick = now_us >> TICK_BITS == s->last_us >> TICK_BITS;
	s->last_us = now_us;
	if (same_tick || s->link.behind == NULL)
		return;
	leave(p, s);
	enter(p, s);
}
