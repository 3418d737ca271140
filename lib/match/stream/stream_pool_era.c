// Eras made and freed, and how a rule's number in one is told from its number in the one before.

#include "stream_pool_era.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t count_rules(const struct stream_group *g, uint32_t n_rules) {
	for (uint32_t i = 0; i < g->n_members; i++) {
		uint32_t rule = g->member[i].rule;
		if (rule != STREAM_NO_RULE && rule >= n_rules)
			n_rules = rule + 1;
	}
	return n_rules;
}

struct stream_era *stream_era_new(const struct stream_set *set, hs_scratch_t *scratch) {
	uint32_t n = set != NULL ? stream_set_n_groups(set) : 0;
	struct stream_era *e = calloc(1, sizeof(*e) + n * sizeof(e->group[0]));
	if (e == NULL)
		return NULL;
	e->set = set;
	e->scratch = scratch;
	e->n_groups = n;
	for (uint32_t i = 0; i < n; i++) {
		const struct stream_group *g = stream_set_group(set, i);
		e->group[i].group = g;
		e->group[i].era = e;
		e->group[i].stream_cost = pool_cost(g->stream_octets);
		e->n_rules = count_rules(g, e->n_rules);
		if (stream_combining_init(&e->group[i].combining, g) < 0) {
			stream_era_free(e);
			return NULL;
		}
	}
	return e;
}

void stream_era_free(struct stream_era *e) {
	if (e == NULL)
		return;
	for (uint32_t i = 0; i < e->n_groups; i++) {
		stream_combining_fini(&e->group[i].combining);
		free(e->group[i].negated);
		free(e->group[i].speaks_for);
	}
	free(e->map);
	free(e);
}

// What the next era's number of rules must be for all of `map` to be told of.
static uint32_t reach(const struct stream_era *e, uint32_t n_rules, const uint32_t *map) {
	for (uint32_t i = 0; map != NULL && i < e->n_rules; i++) {
		if (map[i] != STREAM_NO_RULE && map[i] >= n_rules)
			n_rules = map[i] + 1;
	}
	return n_rules;
}

int stream_era_follow(struct stream_era *e, struct stream_era *next, const uint32_t *map) {
	size_t octets = e->n_rules * sizeof(*map);
	if (map != NULL) {
		e->map = malloc(octets + 1);
		if (e->map == NULL)
			return -ENOMEM;
		memcpy(e->map, map, octets);
	}
	next->n_rules = reach(e, next->n_rules, map);
	next->serial = e->serial + 1;
	return 0;
}

void stream_era_skip(struct stream_era *e) {
	const uint32_t *map = e->newer->map;
	for (uint32_t i = 0; e->map != NULL && i < e->n_rules; i++) {
		if (e->map[i] != STREAM_NO_RULE)
			e->map[i] = map != NULL ? map[e->map[i]] : STREAM_NO_RULE;
	}
	e->newer = e->newer->newer;
}

uint32_t stream_era_number_now(const struct stream_era *e, uint32_t rule) {
	for (; rule != STREAM_NO_RULE && e->newer != NULL; e = e->newer)
		rule = e->map != NULL ? e->map[rule] : STREAM_NO_RULE;
	return rule;
}

static bool has_member(const struct pool_group *g, uint32_t rule) {
	for (uint32_t i = 0; i < g->group->n_members; i++) {
		if (stream_era_number_now(g->era, g->group->member[i].rule) == rule)
			return true;
	}
	return false;
}

// The bits of all rules of the newest era that the group has.
static void learn(struct pool_group *g, const struct stream_era *now) {
	free(g->speaks_for);
	g->speaks_in = now->serial;
	g->speaks_for = calloc(now->n_rules / 64 + 1ull, sizeof(*g->speaks_for));
	for (uint32_t i = 0; g->speaks_for != NULL && i < g->group->n_members; i++) {
		uint32_t rule = stream_era_number_now(g->era, g->group->member[i].rule);
		if (rule != STREAM_NO_RULE)
			g->speaks_for[rule / 64] |= (uint64_t)1 << rule % 64;
	}
}

bool stream_era_speaks_for(struct pool_group *g, const struct stream_era *now, uint32_t rule) {
	if (g->speaks_in != now->serial)
		learn(g, now);
	if (g->speaks_for == NULL)
		return has_member(g, rule); // no memory: slow, and right
	return (g->speaks_for[rule / 64] >> rule % 64 & 1) != 0;
}
