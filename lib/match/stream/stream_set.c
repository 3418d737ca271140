// What a finished set tells: numbers once all refusals are made, and which groups a direction is
// scanned for.

#include "stream_set.h"

#include "stream_set_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_id(const void *a, const void *b, void *ctx) {
	const struct stream_set_rule *rules = ctx;
	const struct stream_set_rule *x = &rules[*(const uint32_t *)a];
	const struct stream_set_rule *y = &rules[*(const uint32_t *)b];
	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

void stream_set_sort(struct stream_set *s, uint32_t first) {
	for (uint32_t i = first; i < s->n_rules; i++)
		s->by_id[i] = i;
	qsort_r(s->by_id + first, s->n_rules - first, sizeof(*s->by_id), by_id, s->rules);
}

static struct stream_set_rule *
find(const struct stream_set *s, uint32_t lo, uint32_t end, uint32_t scope, uint32_t id) {
	uint32_t hi = end;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct stream_set_rule *r = &s->rules[s->by_id[mid]];
		if (r->scope < scope || (r->scope == scope && r->id < id))
			lo = mid + 1;
		else
			hi = mid;
	}
	struct stream_set_rule *r = lo < end ? &s->rules[s->by_id[lo]] : NULL;
	return r != NULL && r->scope == scope && r->id == id ? r : NULL;
}

struct stream_set_rule *
stream_set_find_pattern(const struct stream_set *s, uint32_t file, uint32_t id) {
	return find(s, 0, s->n_patterns, file, id);
}

struct stream_set_rule *
stream_set_find_rule(const struct stream_set *s, uint32_t gid, uint32_t sid) {
	return find(s, s->n_patterns, s->n_rules, gid, sid);
}

static void
number(struct stream_set *s, const struct ruleset *patterns, const struct snort_rules *rules) {
	uint32_t n = patterns != NULL ? patterns->n_patterns : 0;
	struct stream_set_rule *r;
	for (uint32_t i = 0; i < s->n_rules; i++) {
		s->rules[i].number = STREAM_NO_RULE;
		s->rules[i].rule = NULL;
	}
	for (uint32_t i = 0; i < n; i++) {
		r = stream_set_find_pattern(
			s, patterns->patterns[i].file, patterns->patterns[i].id
		);
		if (r != NULL)
			r->number = i;
	}
	for (uint32_t i = 0; rules != NULL && i < rules->n_rules; i++) {
		r = stream_set_find_rule(s, rules->rules[i].gid, rules->rules[i].sid);
		if (r == NULL)
			continue;
		r->number = n + i;
		r->rule = &rules->rules[i];
	}
}

static int
settle_group(struct stream_set *s, struct stream_set_group *g, const struct snort_rule **rules) {
	g->live = false;
	for (uint32_t i = 0; i < g->shown.n_members; i++) {
		const struct stream_set_rule *r = &s->rules[g->rules[i]];
		g->members[i].rule = r->number;
		g->live |= r->number != STREAM_NO_RULE;
		rules[i] = r->rule;
	}
	stream_heads_fini(&g->heads);
	return stream_heads_init(&g->heads, rules, g->shown.n_members);
}

int stream_set_settle(
	struct stream_set *s, const struct ruleset *patterns, const struct snort_rules *rules
) {
	int ret = 0;
	const struct snort_rule **of_group = calloc((size_t)s->n_rules + 1, sizeof(*of_group));
	if (of_group == NULL)
		return -ENOMEM;
	number(s, patterns, rules);
	for (uint32_t i = 0; i < s->n_groups && ret == 0; i++)
		ret = settle_group(s, &s->groups[i], of_group);
	s->stats.rules = 0;
	for (uint32_t i = 0; i < s->n_rules; i++)
		s->stats.rules += s->rules[i].number != STREAM_NO_RULE;
	free(of_group);
	return ret;
}

uint32_t stream_set_n_groups(const struct stream_set *s) {
	return s->n_groups;
}

const struct stream_group *stream_set_group(const struct stream_set *s, uint32_t group) {
	return &s->groups[group].shown;
}

uint32_t stream_set_groups_of(
	const struct stream_set *s, const struct flow_key *key, enum detect_dir dir, uint32_t *group
) {
	struct stream_ends ends;
	uint32_t n = 0;
	if (s->n_patterns > 0 && s->groups[0].live)
		group[n++] = 0;
	uint32_t by_dst = stream_set_group_by_port(s, dir, DETECT_BY_DST, key->dst_port);
	uint32_t by_src = stream_set_group_by_port(s, dir, DETECT_BY_SRC, key->src_port);
	if (by_dst == STREAM_NO_GROUP && by_src == STREAM_NO_GROUP)
		return n;
	stream_ends_init(&ends, key, dir);
	if (by_dst != STREAM_NO_GROUP && stream_heads_hold(&s->groups[by_dst].heads, &ends))
		group[n++] = by_dst;
	if (by_src != STREAM_NO_GROUP && by_src != by_dst
	    && stream_heads_hold(&s->groups[by_src].heads, &ends))
		group[n++] = by_src;
	return n;
}

int stream_set_scratch(const struct stream_set *s, hs_scratch_t **scratch) {
	for (uint32_t i = 0; i < s->n_groups; i++) {
		if (hs_alloc_scratch(s->groups[i].shown.db, scratch) != HS_SUCCESS)
			return -ENOMEM;
	}
	return 0;
}

void stream_set_stats(const struct stream_set *s, struct stream_set_stats *stats) {
	*stats = s->stats;
}

void stream_set_free(struct stream_set *s) {
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->n_groups; i++)
		stream_set_group_fini(&s->groups[i]);
	for (uint32_t i = 0; i < s->n_rules; i++)
		stream_plan_free(s->rules[i].plan);
	for (uint32_t i = 0; i < s->n_files; i++)
		free(s->files[i]);
	detect_plan_fini(&s->plan);
	free(s->groups);
	free(s->group_of);
	free(s->rules);
	free(s->by_id);
	free(s->files);
	free(s);
}
