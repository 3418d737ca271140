// Makes a set: the patterns' group, a plan for each rule, and groups of the rules that have one.
// What has no plan or is not taken is refused when all is known.

#include "match/detect/detect_refuse.h"
#include "match/snort/snort_fault.h"
#include "stream_set_judge.h"
#include "stream_set_patterns.h"
#include "stream_set_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// All groups together may cost as much as so many literals, and more where the rules alone do.
#define COST_MIN 30000u
#define COST_TIMES 4u
// What costs more goes into one group: others would be that large too, and compiling takes time that
// grows faster than the number of expressions.
#define COST_ONE_GROUP 500000u

struct maker {
	struct stream_set *s;
	struct ruleset *patterns; // may be NULL
	struct snort_rules *rules; // the same
	const struct stream_set_config *conf;
	struct detect_probe probe;
	uint32_t expressions; // so far
	uint32_t *costs; // by rule of the set
	uint32_t *index; // the same: where it is in `rules`
	struct detect_fault *faults; // by index in `rules`, as they are read
	struct err *err;
};

static int fail_memory(const struct maker *m) {
	return err_set(m->err, -ENOMEM, "out of memory while compiling rules for streams");
}

static void tell(const struct maker *m, uint32_t done, uint32_t all) {
	if (m->conf->progress != NULL)
		m->conf->progress(m->conf->ctx, done, all);
}

static int name_files(struct maker *m) {
	struct stream_set *s = m->s;
	uint32_t n = m->patterns != NULL ? m->patterns->n_files : 0;
	s->files = calloc((size_t)n + 1, sizeof(*s->files));
	for (uint32_t i = 0; s->files != NULL && i < n; i++) {
		const char *path = m->patterns->files[i], *slash = strrchr(path, '/');
		s->files[s->n_files] = strdup(slash != NULL ? slash + 1 : path);
		if (s->files[s->n_files++] == NULL)
			return -ENOMEM;
	}
	return s->files != NULL ? 0 : -ENOMEM;
}

static int take_patterns(struct maker *m) {
	if (m->patterns == NULL || m->patterns->n_patterns == 0)
		return 0;
	tell(m, 0, 1);
	return stream_set_add_patterns(m->s, m->patterns, m->conf->cache_dir, m->err);
}

static int
refuse(struct maker *m, uint32_t index, const char *group, const char *kind, const char *reason) {
	struct err text;
	err_set(&text, 0, "%s%s", kind, reason);
	return detect_fault_set(&m->faults[index], group, text.text) < 0 ? fail_memory(m) : 0;
}

// Returns 0, or -E2BIG with *why.
static int count_expressions(struct maker *m, const struct stream_plan *plan, struct err *why) {
	uint32_t max = m->conf->expressions, n = 0;
	max = max != 0 ? max : STREAM_SET_EXPRESSIONS;
	for (uint32_t i = 0; i < plan->n_pieces; i++)
		n += !stream_piece_is_literal(plan->pieces[i].pattern.regex);
	if (n > max - m->expressions)
		return err_set(
			why, -E2BIG,
			"rules ahead need %u of the %u expressions that may be compiled besides"
			" plain text, and this one %u",
			m->expressions, max, n
		);
	m->expressions += n;
	return 0;
}

// What having the plan in one more group costs. Returns 0, -E2BIG with *why, or -errno.
static int judge(struct maker *m, const struct stream_plan *plan, uint32_t *cost, struct err *why) {
	uint32_t one;
	*cost = 0;
	for (uint32_t i = 0; i < plan->n_pieces; i++) {
		int ret = stream_piece_judge(&m->probe, &plan->pieces[i].pattern, &one, why);
		if (ret < 0)
			return ret;
		*cost += one;
	}
	return 0;
}

static int plan_rule(struct maker *m, uint32_t index) {
	struct stream_set *s = m->s;
	const struct snort_rule *rule = &m->rules->rules[index];
	struct stream_set_rule *r = &s->rules[s->n_rules];
	struct snort_fault fault = {};
	struct err why = {};
	if (!(rule->protos & SNORT_TCP) || rule->per_packet)
		return 0;
	*r = (struct stream_set_rule){
		.scope = rule->gid,
		.id = rule->sid,
		.number = STREAM_NO_RULE,
	};
	int ret = stream_plan_from_rule(rule, &r->plan, &fault);
	if (ret == -EINVAL)
		return refuse(m, index, fault.group, "", fault.reason.text);
	if (ret < 0)
		return fail_memory(m);
	const char *group = SNORT_LIMIT;
	ret = count_expressions(m, r->plan, &why);
	if (ret == 0) {
		group = "too_large";
		ret = judge(m, r->plan, &m->costs[s->n_rules], &why);
	}
	if (ret == 0) {
		m->index[s->n_rules++] = index;
		return 0;
	}
	stream_plan_free(r->plan);
	return ret == -E2BIG ? refuse(m, index, group, "stream: ", why.text)
			     : err_set(m->err, ret, "%s", why.text);
}

static int plan_rules(struct maker *m) {
	uint32_t n = m->rules != NULL ? m->rules->n_rules : 0;
	for (uint32_t i = 0; i < n; i++) {
		int ret = plan_rule(m, i);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int plan_groups(struct maker *m) {
	struct stream_set *s = m->s;
	uint32_t n = s->n_rules - s->n_patterns;
	uint64_t cost = 0;
	if (n == 0)
		return 0;
	struct detect_planned *planned = calloc(n, sizeof(*planned));
	if (planned == NULL)
		return fail_memory(m);
	for (uint32_t i = 0; i < n; i++) {
		planned[i] = (struct detect_planned){
			.rule = &m->rules->rules[m->index[s->n_patterns + i]],
			.protos = SNORT_TCP,
			.cost = m->costs[s->n_patterns + i],
		};
		cost += planned[i].cost;
	}
	struct detect_plan_limits limits = {
		.groups = m->conf->groups != 0 ? m->conf->groups : STREAM_SET_GROUPS,
		.cost = cost * COST_TIMES > COST_MIN ? cost * COST_TIMES : COST_MIN,
	};
	if (cost > COST_ONE_GROUP)
		limits.groups = 1;
	int ret = detect_plan_init(&s->plan, planned, n, &limits);
	free(planned);
	return ret < 0 ? fail_memory(m) : 0;
}

static int compile_groups(struct maker *m, struct detect_fault *faults) {
	struct stream_set *s = m->s;
	uint32_t n = s->plan.n_lists, before = s->n_groups;
	struct stream_set_group *all = realloc(s->groups, ((size_t)before + n + 1) * sizeof(*all));
	s->groups = all != NULL ? all : s->groups;
	s->group_of = calloc((size_t)n + 1, sizeof(*s->group_of));
	if (all == NULL || s->group_of == NULL)
		return fail_memory(m);
	for (uint32_t i = 0; i < n; i++) {
		struct stream_set_group *g = &s->groups[s->n_groups];
		const struct stream_set_make make = {
			.rules = s->rules,
			.first = s->n_patterns,
			.list = s->plan.lists[i].rules,
			.n = s->plan.lists[i].n,
			.cache_dir = m->conf->cache_dir,
			.faults = faults,
		};
		tell(m, before + i, before + n);
		int ret = stream_set_group_of_rules(g, &make, m->err);
		bool some = ret == 0 && g->shown.db != NULL;
		s->group_of[i] = some ? s->n_groups++ : STREAM_NO_GROUP;
		if (!some)
			stream_set_group_fini(g);
		if (ret < 0)
			return ret;
	}
	return 0;
}

// Faults that groups found, by rule of the set, join those by index.
static void join_faults(struct maker *m, struct detect_fault *faults) {
	for (uint32_t i = m->s->n_patterns; i < m->s->n_rules; i++) {
		m->faults[m->index[i]] = faults[i];
		faults[i] = (struct detect_fault){};
	}
}

static void take_stats(struct stream_set *s) {
	s->stats.rules = s->n_rules;
	s->stats.groups = s->n_groups;
	for (uint32_t i = 0; i < s->n_groups; i++) {
		const struct stream_set_group *g = &s->groups[i];
		s->stats.from_cache += g->from_cache;
		s->stats.database_octets += g->octets;
		if (g->shown.stream_octets > s->stats.stream_octets_max)
			s->stats.stream_octets_max = g->shown.stream_octets;
	}
}

static int make_groups(struct maker *m) {
	uint32_t n = m->s->n_rules;
	struct detect_fault *faults = calloc((size_t)n + 1, sizeof(*faults));
	if (faults == NULL)
		return fail_memory(m);
	int ret = plan_groups(m);
	if (ret == 0)
		ret = compile_groups(m, faults);
	if (ret == 0)
		join_faults(m, faults);
	detect_faults_free(faults, n);
	return ret;
}

static int make(struct maker *m) {
	int ret = name_files(m) < 0 ? fail_memory(m) : take_patterns(m);
	if (ret == 0)
		ret = plan_rules(m);
	if (ret == 0)
		ret = make_groups(m);
	if (ret == 0)
		stream_set_sort(m->s, m->s->n_patterns);
	if (ret == 0 && m->rules != NULL && detect_refuse(m->rules, m->faults) < 0)
		ret = fail_memory(m);
	if (ret == 0)
		take_stats(m->s);
	return ret;
}

struct stream_set *stream_set_new(
	struct ruleset *patterns, struct snort_rules *rules, const struct stream_set_config *conf,
	struct err *err
) {
	uint32_t n_rules = rules != NULL ? rules->n_rules : 0;
	size_t n = (size_t)n_rules + (patterns != NULL ? patterns->n_patterns : 0) + 1;
	struct maker m = {
		.s = calloc(1, sizeof(*m.s)),
		.patterns = patterns,
		.rules = rules,
		.conf = conf,
		.probe = {.limit_ms = conf->probe_ms, .stream = true},
		.costs = calloc(n, sizeof(*m.costs)),
		.index = calloc(n, sizeof(*m.index)),
		.faults = calloc((size_t)n_rules + 1, sizeof(*m.faults)),
		.err = err,
	};
	int ret = -ENOMEM;
	if (m.s != NULL) {
		m.s->rules = calloc(n, sizeof(*m.s->rules));
		m.s->by_id = calloc(n, sizeof(*m.s->by_id));
		m.s->groups = calloc(1, sizeof(*m.s->groups));
	}
	if (hs_valid_platform() != HS_SUCCESS)
		ret = err_set(err, -ENOTSUP, "Hyperscan needs a processor with SSSE3");
	else if (m.s == NULL || m.s->rules == NULL || m.s->by_id == NULL || m.s->groups == NULL || m.costs == NULL || m.index == NULL || m.faults == NULL)
		ret = fail_memory(&m);
	else
		ret = make(&m);
	detect_faults_free(m.faults, n_rules);
	free(m.costs);
	free(m.index);
	if (ret == 0)
		return m.s;
	stream_set_free(m.s);
	return NULL;
}
