// What of a group's members the end of a stream may bring, side by side so that ending a stream is
// one walk through memory.

#include "stream_pool_group.h"

#include <errno.h>
#include <stdlib.h>

bool stream_negated_of(const struct stream_member *m, struct stream_negated *negated) {
	if (m->plan->unwanted == 0 || m->rule == STREAM_NO_RULE)
		return false;
	*negated = (struct stream_negated){
		.rule = m->rule,
		.state = m->state,
		.terms = {.wanted = m->plan->wanted, .unwanted = m->plan->unwanted},
	};
	return true;
}

static uint32_t add(struct pool_group *g, uint32_t n, bool bare) {
	for (uint32_t i = 0; i < g->group->n_members; i++) {
		struct stream_negated m;
		if (!stream_negated_of(&g->group->member[i], &m) || (m.terms.wanted == 0) != bare)
			continue;
		if (g->negated != NULL)
			g->negated[n] = m;
		n++;
	}
	return n;
}

int pool_group_prepare(struct pool_group *g) {
	uint32_t n = add(g, add(g, 0, true), false);
	g->negated = calloc((size_t)n + 1, sizeof(*g->negated));
	if (g->negated == NULL)
		return -ENOMEM;
	g->n_bare = add(g, 0, true);
	g->n_negated = add(g, g->n_bare, false);
	return 0;
}
