// What Hyperscan reports of a part. Most members are plain and take the short way: one look at the
// rule's stamp says whether this call told it already.

#include "stream_pool_tell.h"

#include "base/cache.h"
#include "stream_pool_room.h"

#include <assert.h>
#include <string.h>

void stream_tell_begin(struct stream_pool *p) {
	if (UNLIKELY(++p->call == 0)) {
		memset(p->stamp, 0, p->now->n_rules * sizeof(*p->stamp));
		p->call = 1;
	}
}

// The number in the set in use; STREAM_NO_RULE: it is not there, or not for this part to tell.
static uint32_t number_now(const struct stream_tell *t, uint32_t rule) {
	rule = stream_era_number_now(t->group->era, rule);
	if (rule == STREAM_NO_RULE)
		return rule;
	for (const struct stream_part *part = t->older; part != t->until; part = part->next) {
		if (stream_era_speaks_for(part->group, t->pool->now, rule))
			return STREAM_NO_RULE;
	}
	return rule;
}

static void found(const struct stream_tell *t, uint32_t rule) {
	struct stream_pool *p = t->pool;
	if (UNLIKELY(t->older != NULL || t->group->era != p->now))
		rule = number_now(t, rule);
	if (UNLIKELY(rule == STREAM_NO_RULE) || p->stamp[rule] == p->call)
		return;
	p->stamp[rule] = p->call;
	t->report->found(t->report->ctx, rule);
}

// The state, made if need be. NULL: no room.
static struct stream_state *state_at(struct stream_tell *t, uint32_t index) {
	struct stream_pool *p = t->pool;
	struct stream_states **states = t->states;
	struct stream_state *state = stream_states_find(*states, index);
	if (state != NULL)
		return state;
	if (stream_states_full(*states)) {
		bool counts = states != &p->aside;
		uint64_t more = pool_cost(stream_states_octets_grown(*states));
		uint64_t old = *states != NULL ? pool_cost(stream_states_octets(*states)) : 0;
		// The two are there at once for a moment.
		if (counts && !stream_room_make(p, more))
			return NULL;
		struct stream_states *grown = stream_states_grow(*states);
		if (grown == NULL)
			return NULL;
		*states = grown;
		if (counts) {
			pool_take(p, more);
			pool_give(p, old);
		}
	}
	return stream_states_add(*states, index);
}

static void event(struct stream_tell *t, const struct stream_member *m, uint32_t piece) {
	// Hyperscan says once more at the end of a stream that a combination was met.
	if (m->combination && t->at_end && stream_states_find(*t->states, m->state) != NULL)
		return;
	struct stream_state *state = state_at(t, m->state);
	if (state == NULL)
		t->pool->starved = true;
	else if (stream_plan_event(m->plan, state, piece))
		found(t, m->rule);
}

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	struct stream_tell *t = ctx;
	const struct stream_target *target = &t->group->group->target[id];
	const struct stream_member *m = &t->group->group->member[target->member];
	if (LIKELY(m->state == STREAM_NO_STATE))
		found(t, m->rule);
	else
		event(t, m, target->piece);
	return 0;
}

static void tell_if_unmet(const struct stream_tell *t, const struct stream_negated *m) {
	static const struct stream_state nothing;
	const struct stream_state *state = stream_states_find(*t->states, m->state);
	if (stream_plan_end(&m->terms, state != NULL ? state : &nothing))
		found(t, m->rule);
}

static void tell_unmet(struct stream_tell *t) {
	struct pool_group *g = t->group;
	if (g->negated == NULL && pool_group_prepare(g) < 0) {
		// Without memory for the short list, the long one.
		for (uint32_t i = 0; i < g->group->n_members; i++) {
			struct stream_negated m;
			if (stream_negated_of(&g->group->member[i], &m))
				tell_if_unmet(t, &m);
		}
		return;
	}
	bool any_met = *t->states != NULL && (*t->states)->n > 0;
	uint32_t n = any_met ? g->n_negated : g->n_bare;
	for (uint32_t i = 0; i < n; i++)
		tell_if_unmet(t, &g->negated[i]);
}

void stream_tell_scan(struct stream_tell *t, hs_stream_t *hs, const uint8_t *data, uint32_t len) {
	hs_error_t rc = hs_scan_stream(
		hs, (const char *)data, len, 0, t->group->era->scratch, on_match, t
	);
	// Anything else is a scratch of another set or of another thread.
	assert(rc == HS_SUCCESS);
	(void)rc;
}

void stream_tell_end(struct stream_tell *t, hs_stream_t *hs) {
	t->at_end = true;
	hs_reset_stream(hs, 0, t->group->era->scratch, on_match, t);
	tell_unmet(t);
}
