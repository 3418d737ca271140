// Hyperscan reports what can be combined in order of end offsets, so what waits is of one offset.

#include "stream_pool_combine.h"

#include "stream_pool_tell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int stream_combining_init(struct stream_combining *c, const struct stream_group *g) {
	*c = (struct stream_combining){};
	if (g->n_combinations == 0)
		return 0;
	c->member = calloc(g->n_combinations, sizeof(*c->member));
	c->listed = calloc(g->n_states / 64 + 1ull, sizeof(*c->listed));
	return c->member != NULL && c->listed != NULL ? 0 : -ENOMEM;
}

void stream_combining_fini(struct stream_combining *c) {
	free(c->member);
	free(c->listed);
	*c = (struct stream_combining){};
}

static void list(struct stream_combining *c, uint32_t member, uint32_t state) {
	uint64_t bit = (uint64_t)1 << state % 64;
	if ((c->listed[state / 64] & bit) != 0)
		return;
	c->listed[state / 64] |= bit;
	c->member[c->n++] = member;
}

void stream_combine(struct stream_tell *t, uint32_t member, uint32_t piece, uint64_t offset) {
	struct stream_combining *c = &t->group->combining;
	const struct stream_member *m = &t->group->group->member[member];
	if (c->n > 0 && offset > c->offset)
		stream_combine_settle(t);
	if (m->rule == STREAM_NO_RULE)
		return;
	struct stream_state *state = stream_tell_state(t, m->state);
	if (state == NULL)
		return;
	stream_plan_meet(m->plan, state, piece);
	c->offset = offset;
	list(c, member, m->state);
}

void stream_combine_settle(struct stream_tell *t) {
	struct stream_combining *c = &t->group->combining;
	for (uint32_t i = 0; i < c->n; i++) {
		const struct stream_member *m = &t->group->group->member[c->member[i]];
		struct stream_state *state = stream_states_find(*t->states, m->state);
		c->listed[m->state / 64] &= ~((uint64_t)1 << m->state % 64);
		if (stream_plan_combine(m->plan, state, c->offset))
			stream_tell_found(t, m->rule);
	}
	c->n = 0;
}
