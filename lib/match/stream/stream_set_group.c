// Compiles a group's pieces, or takes them from the cache, and says what the reports mean: Hyperscan's
// ids count the pieces that it took.

#include "stream_set_group.h"

#include "match/matcher_cache.h"
#include "match/matcher_compile.h"
#include "stream_set_judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int fail_memory(struct err *err) {
	return err_set(err, -ENOMEM, "out of memory while compiling rules for streams");
}

static int measure(struct stream_set_group *g, struct err *err) {
	size_t octets, stream;
	if (g->shown.db == NULL)
		return 0;
	if (hs_database_size(g->shown.db, &octets) != HS_SUCCESS
	    || hs_stream_size(g->shown.db, &stream) != HS_SUCCESS)
		return err_set(err, -EINVAL, "Hyperscan does not know its own database");
	g->octets = octets;
	g->shown.stream_octets = (uint32_t)stream;
	return 0;
}

static int make_room(struct stream_set_group *g, uint32_t members, uint32_t targets) {
	g->members = calloc((size_t)members + 1, sizeof(*g->members));
	g->rules = calloc((size_t)members + 1, sizeof(*g->rules));
	g->targets = calloc((size_t)targets + 1, sizeof(*g->targets));
	g->shown.member = g->members;
	g->shown.target = g->targets;
	return g->members != NULL && g->rules != NULL && g->targets != NULL ? 0 : -ENOMEM;
}

static void
add_member(struct stream_set_group *g, const struct stream_set_rule *rules, uint32_t i) {
	const struct stream_set_rule *r = &rules[i];
	bool plain = stream_plan_is_plain(r->plan);
	g->rules[g->shown.n_members] = i;
	g->shown.n_combinations += r->plan->combination != NULL;
	g->members[g->shown.n_members++] = (struct stream_member){
		.plan = r->plan,
		.rule = STREAM_NO_RULE,
		.state = plain ? STREAM_NO_STATE : g->shown.n_states++,
	};
}

struct builder {
	struct stream_set_group *g;
	const struct stream_set_make *make;
	struct ruleset rs; // the pieces, with the expressions of the plans
	struct compile_verdict *verdicts; // by piece
};

static const struct stream_plan *plan_of(const struct stream_set_make *m, uint32_t i) {
	return m->rules[m->first + m->list[i]].plan;
}

static int lay_out(struct builder *b) {
	const struct stream_set_make *m = b->make;
	struct ruleset *rs = &b->rs;
	uint32_t n = 0;
	for (uint32_t i = 0; i < m->n; i++)
		n += plan_of(m, i)->n_pieces;
	rs->patterns = calloc((size_t)n + 1, sizeof(*rs->patterns));
	b->verdicts = calloc((size_t)n + 1, sizeof(*b->verdicts));
	if (rs->patterns == NULL || b->verdicts == NULL || make_room(b->g, m->n, n) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->n; i++) {
		const struct stream_plan *plan = plan_of(m, i);
		add_member(b->g, m->rules, m->first + m->list[i]);
		for (uint32_t k = 0; k < plan->n_pieces; k++) {
			struct pattern *p = &rs->patterns[rs->n_patterns];
			*p = plan->pieces[k].pattern;
			p->file = 0;
			p->id = rs->n_patterns++;
		}
	}
	return 0;
}

static int compile(struct builder *b, struct err *err) {
	int ret = matcher_cache_compile(
		b->make->cache_dir, &b->rs, MATCHER_STREAM, b->verdicts, &b->g->shown.db,
		&b->g->from_cache, err
	);
	if (ret != -E2BIG)
		return ret;
	// Each can be had alone but not all together: then those that are no literals are too much.
	for (uint32_t i = 0; i < b->rs.n_patterns; i++) {
		struct compile_verdict *v = &b->verdicts[i];
		if (v->group == NULL && !stream_piece_is_literal(b->rs.patterns[i].regex)
		    && compile_verdict_set(v, "too_large", err->text) < 0)
			return fail_memory(err);
	}
	return matcher_compile(&b->rs, MATCHER_STREAM, b->verdicts, &b->g->shown.db, err);
}

static int tell_fault(const struct builder *b, uint32_t member, const struct compile_verdict *v) {
	struct err reason;
	struct detect_fault *f = &b->make->faults[b->g->rules[member]];
	if (f->group != NULL)
		return 0;
	err_set(&reason, 0, "stream: %s", v->reason);
	return detect_fault_set(f, v->group, reason.text);
}

static int number_pieces(struct builder *b) {
	struct stream_group *s = &b->g->shown;
	uint32_t piece = 0;
	int ret = 0;
	for (uint32_t i = 0; i < s->n_members; i++) {
		for (uint32_t k = 0; k < s->member[i].plan->n_pieces && ret == 0; k++, piece++) {
			if (b->verdicts[piece].group != NULL)
				ret = tell_fault(b, i, &b->verdicts[piece]);
			else
				b->g->targets[s->n_targets++] = (struct stream_target
				){i, k, STREAM_NO_STATE};
		}
	}
	return ret;
}

int stream_set_group_of_rules(
	struct stream_set_group *g, const struct stream_set_make *make, struct err *err
) {
	struct builder b = {.g = g, .make = make};
	*g = (struct stream_set_group){};
	int ret = lay_out(&b) < 0 ? fail_memory(err) : compile(&b, err);
	if (ret == 0 && number_pieces(&b) < 0)
		ret = fail_memory(err);
	if (ret == 0)
		ret = measure(g, err);
	compile_verdicts_free(b.verdicts, b.rs.n_patterns);
	free(b.rs.patterns); // the expressions are not ours
	return ret;
}

static int move_refused(struct ruleset *rs, const struct compile_verdict *v) {
	uint32_t n = 0;
	struct pattern_fault *faults = calloc((size_t)rs->n_patterns + 1, sizeof(*faults));
	if (faults == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < rs->n_patterns; i++) {
		if (v[i].group != NULL)
			faults[n++] = (struct pattern_fault){i, v[i].group, v[i].reason};
	}
	int ret = ruleset_refuse_many(rs, faults, n);
	free(faults);
	return ret;
}

int stream_set_group_of_patterns(
	struct stream_set_group *g, struct ruleset *rs, const char *cache_dir, struct err *err
) {
	uint32_t n = rs->n_patterns;
	struct compile_verdict *v = calloc((size_t)n + 1, sizeof(*v));
	*g = (struct stream_set_group){};
	if (v == NULL)
		return fail_memory(err);
	int ret = matcher_cache_compile(
		cache_dir, rs, MATCHER_STREAM, v, &g->shown.db, &g->from_cache, err
	);
	if (ret == 0 && move_refused(rs, v) < 0)
		ret = fail_memory(err);
	if (ret == 0)
		ret = measure(g, err);
	compile_verdicts_free(v, n);
	return ret;
}

static bool is_quiet(const struct stream_plan *plan) {
	return plan->n_pieces > 0 && (plan->pieces[0].pattern.flags & PATTERN_QUIET) != 0;
}

static void share(struct stream_set_group *g, uint32_t member, uint32_t piece) {
	g->shared[g->shown.n_shared++] = (struct stream_target){member, piece, STREAM_NO_STATE};
}

static void
target_pattern(struct stream_set_group *g, uint32_t pattern, uint32_t member, uint32_t piece) {
	bool repeats = stream_plan_may_repeat(g->members[pattern].plan);
	g->targets[g->shown.n_targets++] = (struct stream_target){
		.member = member,
		.piece = piece,
		.seen = repeats ? g->shown.n_states++ : STREAM_NO_STATE,
	};
}

// The report of a pattern that is combined: what it means goes on a list. Returns the uses.
static uint32_t add_shared(
	struct stream_set_group *g, uint32_t pattern, const struct stream_set_use *uses, uint32_t n
) {
	uint32_t i = 0;
	target_pattern(g, pattern, g->shown.n_members, g->shown.n_shared);
	if (!is_quiet(g->members[pattern].plan))
		share(g, pattern, 0);
	for (; i < n && uses[i].pattern == pattern; i++)
		share(g, uses[i].combination, uses[i].piece);
	share(g, STREAM_NO_MEMBER, 0);
	return i;
}

int stream_set_group_show(
	struct stream_set_group *g, const struct stream_set_rule *rules, uint32_t n,
	const struct stream_set_use *uses, uint32_t n_uses
) {
	uint32_t used = 0;
	if (make_room(g, n, n) < 0)
		return -ENOMEM;
	// A pattern that is used is on a list itself, and ends one.
	g->shared = calloc((size_t)n_uses * 3 + 1, sizeof(*g->shared));
	if (g->shared == NULL)
		return -ENOMEM;
	g->shown.shared = g->shared;
	for (uint32_t i = 0; i < n; i++)
		add_member(g, rules, i);
	g->members[n] = (struct stream_member){.rule = STREAM_NO_RULE, .state = STREAM_SHARED};
	for (uint32_t i = 0; i < n; i++) {
		if (used < n_uses && uses[used].pattern == i)
			used += add_shared(g, i, &uses[used], n_uses - used);
		else
			target_pattern(g, i, i, 0);
	}
	return 0;
}

void stream_set_group_fini(struct stream_set_group *g) {
	hs_free_database(g->shown.db);
	free(g->members);
	free(g->targets);
	free(g->shared);
	free(g->rules);
	stream_heads_fini(&g->heads);
	*g = (struct stream_set_group){};
}
