// What Hyperscan reports of a part. Most members are plain and take the short way: one look at the
// rule's stamp says whether this call told it already.

#include "stream_pool_tell.h"

#include "base/cache.h"
#include "stream_pool_combine.h"
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

void stream_tell_found(const struct stream_tell *t, uint32_t rule) {
	struct stream_pool *p = t->pool;
	if (UNLIKELY(t->older != NULL || t->group->era != p->now))
		rule = number_now(t, rule);
	if (UNLIKELY(rule == STREAM_NO_RULE) || p->stamp[rule] == p->call)
		return;
	p->stamp[rule] = p->call;
	t->report->found(t->report->ctx, rule);
}

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

struct stream_state *stream_tell_state(struct stream_tell *t, uint32_t index) {
	struct stream_state *state = state_at(t, index);
	if (state == NULL)
		t->pool->starved = true;
	return state;
}

static void event(struct stream_tell *t, const struct stream_target *target, uint64_t to) {
	const struct stream_member *m = &t->group->group->member[target->member];
	struct stream_state *state;
	if (m->state == STREAM_NO_STATE)
		stream_tell_found(t, m->rule);
	else if (m->plan->combination != NULL)
		stream_combine(t, target->member, target->piece, to);
	else if ((state = stream_tell_state(t, m->state)) != NULL && stream_plan_event(m->plan, state, target->piece))
		stream_tell_found(t, m->rule);
}

static void shared_event(struct stream_tell *t, const struct stream_target *list, uint64_t to) {
	for (; list->member != STREAM_NO_MEMBER; list++)
		event(t, list, to);
}

// Whether this was told: by the octet ahead of a newline, before the end tells it again. Without room for
// the state it may be told twice.
static bool is_known(struct stream_tell *t, uint32_t index, uint64_t to) {
	struct stream_state *state = t->ending ? stream_states_find(*t->states, index)
					       : state_at(t, index);
	if (state == NULL)
		return false;
	return t->ending ? stream_plan_saw(state, to) : !stream_plan_see(state, to);
}

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	struct stream_tell *t = ctx;
	const struct stream_group *g = t->group->group;
	const struct stream_target *target = &g->target[id];
	const struct stream_member *m = &g->member[target->member];
	if (UNLIKELY(target->seen != STREAM_NO_STATE) && is_known(t, target->seen, to))
		return 0;
	if (LIKELY(m->state == STREAM_NO_STATE))
		stream_tell_found(t, m->rule);
	else if (UNLIKELY(m->state == STREAM_SHARED))
		shared_event(t, &g->shared[target->piece], to);
	else
		event(t, target, to);
	return 0;
}

static void tell_if_unmet(const struct stream_tell *t, const struct stream_negated *m) {
	static const struct stream_state nothing;
	const struct stream_state *state = stream_states_find(*t->states, m->state);
	if (stream_plan_end(&m->terms, state != NULL ? state : &nothing))
		stream_tell_found(t, m->rule);
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
	if (UNLIKELY(t->group->combining.n > 0))
		stream_combine_settle(t);
}

void stream_tell_end(struct stream_tell *t, hs_stream_t *hs) {
	t->ending = true;
	hs_reset_stream(hs, 0, t->group->era->scratch, on_match, t);
	stream_combine_settle(t);
	tell_unmet(t);
	t->ending = false;
}
