// Compiles a group's gates, or takes them from the cache, and sorts its rules by gate.

#include "detect_group.h"

#include "base/log.h"
#include "match/matcher_cache.h"
#include "match/matcher_compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A rule of the group and its gate.
struct pair {
	uint32_t gate, rule;
};

static int by_gate(const void *a, const void *b) {
	const struct pair *x = a, *y = b;
	if (x->gate != y->gate)
		return x->gate < y->gate ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

struct builder {
	struct detect_group *g;
	const struct detect_group_make *make;
	struct pair *pairs;
	uint32_t n_pairs;
	struct ruleset rs; // the gates, with the expressions of make->gates
	struct compile_verdict *verdicts; // by pattern of rs
};

static void add_always(struct builder *b, bool bare) {
	const struct detect_group_make *m = b->make;
	for (uint32_t i = 0; i < m->n_rules; i++) {
		uint32_t rule = m->rules[i];
		if (m->gate[rule] == DETECT_NO_GATE && m->bare[rule] == bare)
			b->g->always[b->g->n_always++] = rule;
	}
}

static int sort_rules(struct builder *b) {
	const struct detect_group_make *m = b->make;
	struct detect_group *g = b->g;
	size_t n = (size_t)m->n_rules + 1;
	g->n_rules = m->n_rules;
	g->first = calloc(n, sizeof(*g->first));
	g->gated = calloc(n, sizeof(*g->gated));
	g->always = calloc(n, sizeof(*g->always));
	b->pairs = calloc(n, sizeof(*b->pairs));
	b->rs.patterns = calloc(n, sizeof(*b->rs.patterns));
	b->verdicts = calloc(n, sizeof(*b->verdicts));
	if (g->first == NULL || g->gated == NULL || g->always == NULL || b->pairs == NULL
	    || b->rs.patterns == NULL || b->verdicts == NULL)
		return -ENOMEM;
	add_always(b, true);
	g->n_bare = g->n_always;
	add_always(b, false);
	for (uint32_t i = 0; i < m->n_rules; i++) {
		uint32_t gate = m->gate[m->rules[i]];
		if (gate != DETECT_NO_GATE)
			b->pairs[b->n_pairs++] = (struct pair){gate, m->rules[i]};
	}
	if (b->n_pairs > 1)
		qsort(b->pairs, b->n_pairs, sizeof(*b->pairs), by_gate);
	for (uint32_t i = 0; i < b->n_pairs; i++) {
		if (i > 0 && b->pairs[i].gate == b->pairs[i - 1].gate)
			continue;
		struct pattern *p = &b->rs.patterns[b->rs.n_patterns];
		*p = m->gates->patterns[b->pairs[i].gate];
		p->id = b->rs.n_patterns++;
	}
	return 0;
}

static int compile_fresh(struct builder *b, struct err *err) {
	int ret = matcher_compile(&b->rs, MATCHER_BLOCK, b->verdicts, &b->g->db, err);
	if (ret != -E2BIG)
		return ret;
	// Each can be had alone but not all together: then expressions are no gates here.
	for (uint32_t i = 0; i < b->rs.n_patterns; i++) {
		struct compile_verdict *v = &b->verdicts[i];
		if (v->group == NULL && (b->rs.patterns[i].flags & PATTERN_PREFILTER)
		    && compile_verdict_set(v, "too_large", err->text) < 0)
			return err_set(err, -ENOMEM, "out of memory");
	}
	return matcher_compile(&b->rs, MATCHER_BLOCK, b->verdicts, &b->g->db, err);
}

static int compile(struct builder *b, struct err *err) {
	struct matcher_key key = {};
	const char *dir = b->make->cache_dir;
	struct err why = {};
	b->g->from_cache = b->rs.n_patterns == 0 && dir != NULL; // nothing is to be compiled
	if (b->rs.n_patterns == 0)
		return 0;
	if (dir != NULL && matcher_key_make(&key, &b->rs, MATCHER_BLOCK) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	int ret = dir == NULL
		? -ENOENT
		: matcher_cache_load(dir, &key, b->verdicts, b->rs.n_patterns, &b->g->db);
	b->g->from_cache = ret == 0;
	if (ret < 0) {
		ret = compile_fresh(b, err);
		if (ret == 0 && dir != NULL
		    && matcher_cache_store(dir, &key, b->verdicts, b->rs.n_patterns, b->g->db, &why)
			    < 0)
			log_debug("a compiled group of rules is not cached: %s", why.text);
	}
	free(key.data);
	return ret;
}

// Hyperscan's ids count the gates that it took; rules of others have none.
static void number_gates(struct builder *b) {
	struct detect_group *g = b->g;
	uint32_t pattern = 0, n = 0;
	for (uint32_t i = 0; i < b->n_pairs; i++) {
		bool next = i > 0 && b->pairs[i].gate != b->pairs[i - 1].gate;
		pattern += next;
		if (b->verdicts[pattern].group != NULL) {
			g->always[g->n_always++] = b->pairs[i].rule;
			continue;
		}
		if (i == 0 || next)
			g->first[g->n_gates++] = n;
		g->gated[n++] = b->pairs[i].rule;
	}
	g->first[g->n_gates] = n;
}

int detect_group_init(
	struct detect_group *g, const struct detect_group_make *make, struct err *err
) {
	struct builder b = {.g = g, .make = make};
	size_t octets = 0;
	*g = (struct detect_group){};
	int ret = sort_rules(&b);
	if (ret < 0)
		err_set(err, ret, "out of memory");
	if (ret == 0)
		ret = compile(&b, err);
	if (ret == 0) {
		number_gates(&b);
		if (g->db != NULL && hs_database_size(g->db, &octets) == HS_SUCCESS)
			g->octets = octets;
	}
	compile_verdicts_free(b.verdicts, b.rs.n_patterns);
	free(b.rs.patterns); // the expressions are not ours
	free(b.pairs);
	return ret;
}

void detect_group_fini(struct detect_group *g) {
	hs_free_database(g->db);
	free(g->first);
	free(g->gated);
	free(g->always);
	*g = (struct detect_group){};
}

struct scan {
	const struct detect_group *g;
	struct detect_set *to;
};

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	const struct scan *s = ctx;
	for (uint32_t i = s->g->first[id]; i < s->g->first[id + 1]; i++)
		detect_set_add(s->to, s->g->gated[i]);
	return 0;
}

void detect_group_scan(
	const struct detect_group *g, hs_scratch_t *scratch, const uint8_t *payload, uint32_t len,
	struct detect_set *to
) {
	struct scan s = {.g = g, .to = to};
	uint32_t n = len > 0 ? g->n_always : g->n_bare;
	for (uint32_t i = 0; i < n; i++)
		detect_set_add(to, g->always[i]);
	if (len > 0 && g->db != NULL)
		hs_scan(g->db, (const char *)payload, len, 0, scratch, on_match, &s);
}
