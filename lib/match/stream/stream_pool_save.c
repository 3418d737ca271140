// Hyperscan takes what it expands for its own, so the octets have a sum with them: whatever else a record
// may hold, no other octets get there.

#include "stream_pool_save.h"

#include "base/digest.h"
#include "match/match_state.h"
#include "stream_pool_parts.h"
#include "stream_pool_tell.h"

#include <errno.h>

#define VERSION 1

// Compressed, a stream may be larger than open, by a little.
#define PACKED_MORE 256u

struct saved_part {
	uint32_t group;
	uint32_t n_states;
	uint32_t octets; // compressed; the states are ahead of them, and they fill up to 8
	uint32_t zero;
	uint64_t sum; // of the states and the octets, with the group and the set
};
static_assert(sizeof(struct saved_part) == 24);

struct saved_state {
	uint32_t index;
	uint32_t met;
};

static uint32_t padded(uint32_t octets) {
	return (octets + 7) & ~7u;
}

// It looks for the same as what is in use.
static bool is_saved(const struct stream_pool *p, const struct stream_part *part) {
	return part->group != NULL && part->group->era->kind == p->now->kind;
}

static uint64_t room_for(const struct stream_part *part) {
	uint64_t states = part->states != NULL ? part->states->n : 0;
	uint64_t packed = part->packed_octets != 0
		? part->packed_octets
		: part->group->group->stream_octets + PACKED_MORE;
	return sizeof(struct saved_part) + states * sizeof(struct saved_state) + packed + 8;
}

static uint64_t record_room(const struct stream_pool *p, const struct match_stream *s) {
	uint64_t octets = 0;
	for (const struct stream_part *part = &s->part; part != NULL; part = part->next)
		octets += is_saved(p, part) ? room_for(part) : 0;
	return octets;
}

enum stream_saved stream_pool_saves(const struct stream_pool *p, const struct match_stream *s) {
	if (s == stream_nothing(p->now->kind))
		return STREAM_SAVED_NOTHING;
	if (!stream_is_there(s))
		return STREAM_SAVED_NONE;
	uint64_t octets = record_room(p, s);
	if (octets == 0 || octets + sizeof(struct stream_saved_head) > STATE_RECORD_MAX)
		return STREAM_SAVED_LOST;
	return STREAM_SAVED_PARTS;
}

static uint64_t sum_of(const struct saved_part *part, uint64_t set) {
	struct digest d;
	digest_init(&d);
	digest_number(&d, set);
	digest_number(&d, part->group);
	digest_add(&d, part + 1, part->n_states * sizeof(struct saved_state) + part->octets);
	return d.sum;
}

static uint32_t save_states(const struct stream_states *t, struct saved_state *to) {
	uint32_t n = 0;
	for (uint32_t i = 0; t != NULL && i < 1u << t->bits; i++) {
		if (t->slot[i].tag != 0)
			to[n++] = (struct saved_state){t->slot[i].tag - 1, t->slot[i].state.met};
	}
	return n;
}

// Returns the octets written, 0 when Hyperscan has no room for them.
static uint32_t save_part(const struct stream_part *part, uint64_t set, struct saved_part *to) {
	*to = (struct saved_part){.group = (uint32_t)(part->group - part->group->era->group)};
	struct saved_state *states = (struct saved_state *)(to + 1);
	to->n_states = save_states(part->states, states);
	char *packed = (char *)(states + to->n_states);
	size_t octets = part->packed_octets;
	if (octets != 0)
		memcpy(packed, part->packed, octets);
	else if (hs_compress_stream(part->live, packed, part->group->group->stream_octets + PACKED_MORE, &octets) != HS_SUCCESS)
		return 0;
	to->octets = (uint32_t)octets;
	memset(packed + octets, 0, padded(to->octets) - to->octets);
	to->sum = sum_of(to, set);
	return (uint32_t)((uint8_t *)packed - (uint8_t *)to) + padded(to->octets);
}

void stream_pool_save(
	const struct stream_pool *p, const struct match_stream *s, const struct flow_tuple *tuple,
	uint32_t dir, uint64_t set, struct state_writer *to
) {
	uint32_t room = (uint32_t)(sizeof(struct stream_saved_head) + record_room(p, s));
	struct stream_saved_head *head = state_writer_begin(to, room);
	if (head == NULL)
		return;
	*head = (struct stream_saved_head){
		.tuple = *tuple,
		.dir = (uint8_t)dir,
		.last_us = s->last_us,
		.set = set,
	};
	uint8_t *at = (uint8_t *)(head + 1);
	for (const struct stream_part *part = &s->part; part != NULL; part = part->next) {
		if (!is_saved(p, part))
			continue;
		uint32_t octets = save_part(part, set, (struct saved_part *)at);
		if (octets == 0)
			return; // the direction begins anew
		at += octets;
		head->parts++;
	}
	state_writer_end(to, MATCH_STATE_STREAM, VERSION, (uint32_t)(at - (uint8_t *)head));
}

void stream_pool_load_mark(
	struct stream_pool *p, struct match_stream **stream, enum stream_saved saved, bool same
) {
	if (saved == STREAM_SAVED_NOTHING && same)
		*stream = stream_nothing(p->now->kind);
	if (saved != STREAM_SAVED_PARTS && saved != STREAM_SAVED_LOST)
		return;
	p->stats.not_restored++;
	p->stats.closed++;
}

int stream_pool_load_head(
	const struct state_record *r, struct stream_saved_head *head, struct err *err
) {
	if (r->version != VERSION || r->len < sizeof(*head))
		return err_set(err, -EBADMSG, "a stream is saved in another way");
	memcpy(head, r->octets, sizeof(*head));
	if (!flow_tuple_is_sound(&head->tuple) || head->dir > 1 || head->parts == 0
	    || head->parts > STREAM_GROUPS_MAX)
		return err_set(err, -EBADMSG, "a saved stream is none");
	return 0;
}

// The part at *at, which is whole, and moves *at behind it. NULL: there is none.
static const struct saved_part *
next_part(const struct state_record *r, uint32_t *at, uint64_t set, const struct stream_era *era) {
	const struct saved_part *part = (const void *)((const uint8_t *)r->octets + *at);
	uint32_t left = r->len - *at;
	if (left < sizeof(*part))
		return NULL;
	uint64_t states = (uint64_t)part->n_states * sizeof(struct saved_state);
	uint64_t octets = sizeof(*part) + states + ((uint64_t)part->octets + 7) / 8 * 8;
	if (octets > left || part->group >= era->n_groups || sum_of(part, set) != part->sum)
		return NULL;
	*at += (uint32_t)octets;
	return part;
}

static bool states_are_sound(const struct saved_part *part, const struct stream_group *g) {
	const struct saved_state *s = (const struct saved_state *)(part + 1);
	for (uint32_t i = 0; i < part->n_states; i++)
		if (s[i].index >= g->n_states)
			return false;
	return true;
}

static bool is_among(uint32_t group, const uint32_t *groups, uint32_t n) {
	for (uint32_t i = 0; i < n; i++)
		if (groups[i] == group)
			return true;
	return false;
}

// False: no room.
static bool
load_part(struct stream_pool *p, struct stream_part *to, const struct saved_part *from) {
	const struct saved_state *s = (const struct saved_state *)(from + 1);
	const char *packed = (const char *)(s + from->n_states);
	struct stream_tell t = {.pool = p, .group = to->group, .states = &to->states};
	if (hs_reset_and_expand_stream(to->live, packed, from->octets, NULL, NULL, NULL)
	    != HS_SUCCESS)
		return false;
	for (uint32_t i = 0; i < from->n_states; i++) {
		struct stream_state *state = stream_tell_state(&t, s[i].index);
		if (state == NULL)
			return false;
		state->met = s[i].met;
	}
	return true;
}

int stream_pool_load(
	struct stream_pool *p, struct match_stream **stream, const struct state_record *r,
	struct err *err
) {
	struct stream_saved_head head;
	const struct saved_part *part[STREAM_GROUPS_MAX];
	uint32_t group[STREAM_GROUPS_MAX], at = sizeof(head);
	if (stream_pool_load_head(r, &head, err) < 0)
		return -EBADMSG;
	for (uint32_t i = 0; i < head.parts; i++) {
		part[i] = next_part(r, &at, head.set, p->now);
		if (part[i] == NULL || is_among(part[i]->group, group, i)
		    || !states_are_sound(part[i], p->now->group[part[i]->group].group))
			return err_set(err, -EBADMSG, "a saved stream is damaged");
		group[i] = part[i]->group;
	}
	struct match_stream *s = stream_parts_new(p, group, head.parts);
	if (s == NULL)
		return 0;
	// It was opened before.
	p->stats.opened--;
	p->pinned = s;
	struct stream_part *to = &s->part;
	bool whole = true;
	for (uint32_t i = 0; i < head.parts && whole; i++, to = to->next)
		whole = load_part(p, to, part[i]);
	p->pinned = NULL;
	p->starved = false;
	if (!whole) {
		stream_parts_free(p, s);
		p->stats.closed--;
		return 0;
	}
	s->last_us = head.last_us;
	p->stats.not_restored--;
	p->stats.closed--;
	*stream = s;
	return 0;
}
