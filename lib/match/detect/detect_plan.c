// Gives each table of protocol, direction and side its classes of ports, decides which classes get a
// group of their own, and lists the rules of each group. Groups of equal rules are one.

#include "detect_plan.h"

#include "match/rules/ruleset_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The rules that a table is about.
struct members {
	struct detect_named *named;
	uint32_t n_named;
	uint32_t *every; // those that any port may meet
	uint32_t n_every;
	uint64_t every_cost;
};

struct planner {
	struct detect_plan *plan;
	const struct detect_planned *rules;
	uint32_t n_rules;
	const struct detect_plan_limits *limits;
	struct hash_seed seed;
	struct members m; // of the table at hand; room for all rules
	uint32_t *merged_below; // by port: merged ports that are lower
	uint32_t *list; // the one at hand
	uint64_t *digests; // of the lists
};

static void add(struct members *m, const struct detect_planned *p, uint32_t i, const void *ports) {
	if (ports == NULL) {
		m->every[m->n_every++] = i;
		m->every_cost += p->cost;
	} else {
		m->named[m->n_named++] = (struct detect_named
		){.rule = i, .cost = p->cost, .ports = ports};
	}
}

// A rule is looked for by its destination ports if it names any, else by its source ports; one that
// holds both ways, or for either port, by both.
static void
add_rule(struct members *m, const struct detect_planned *p, uint32_t i, enum detect_side side) {
	const struct snort_rule *r = p->rule;
	bool dst_any = snort_ranges_is_all(r->dst_ports, SNORT_PORT_MAX);
	bool src_any = snort_ranges_is_all(r->src_ports, SNORT_PORT_MAX);
	if (!dst_any && (side == DETECT_BY_DST || r->both_ways))
		add(m, p, i, r->dst_ports);
	else if (dst_any && !src_any && (side == DETECT_BY_SRC || r->both_ways))
		add(m, p, i, r->src_ports);
	else if (dst_any && src_any && r->either_ports != NULL)
		add(m, p, i, r->either_ports);
	else if (dst_any && src_any && side == DETECT_BY_DST)
		add(m, p, i, NULL);
}

static void collect(struct planner *p, uint32_t proto, uint32_t dir, enum detect_side side) {
	struct members *m = &p->m;
	m->n_named = m->n_every = 0;
	m->every_cost = 0;
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct detect_planned *one = &p->rules[i];
		uint32_t flow = one->rule->flow;
		if (!(one->protos >> proto & 1)
		    || ((flow & SNORT_TO_SERVER) && dir == DETECT_TO_CLIENT)
		    || ((flow & SNORT_TO_CLIENT) && dir == DETECT_TO_SERVER))
			continue;
		add_rule(m, one, i, side);
	}
}

// A class of ports that wants a group of its own.
struct wish {
	struct detect_table *table;
	uint32_t class;
	uint32_t n_rules;
	uint64_t cost;
};

// Most rules first.
static int by_rules(const void *a, const void *b) {
	const struct wish *x = a, *y = b;
	if (x->n_rules != y->n_rules)
		return x->n_rules > y->n_rules ? -1 : 1;
	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return (x->class > y->class) - (x->class < y->class);
}

struct wishes {
	struct wish *at;
	uint32_t n;
};

static int make_wishes(struct wishes *w, struct detect_table *t, uint64_t every_cost) {
	for (uint32_t c = 0; c < t->classes.n; c++) {
		const struct detect_class *class = &t->classes.list[c];
		if (class->n_rules == 0)
			continue;
		void *bigger = ruleset_grow(w->at, w->n, sizeof(*w->at));
		if (bigger == NULL)
			return -ENOMEM;
		w->at = bigger;
		w->at[w->n++] = (struct wish){t, c, class->n_rules, class->cost + every_cost};
	}
	return 0;
}

// By table and class: has it a group of its own?
static int grant(struct planner *p, struct wishes *w, bool *keep[]) {
	struct detect_table *first = &p->plan->tables[0][0][0];
	uint32_t granted = 0;
	uint64_t cost = 0;
	if (w->n > 1)
		qsort(w->at, w->n, sizeof(*w->at), by_rules);
	for (uint32_t t = 0; t < DETECT_PROTOS * DETECT_DIRS * 2; t++) {
		const struct detect_classes *c = &first[t].classes;
		keep[t] = calloc((size_t)c->n + 1, sizeof(bool));
		if (keep[t] == NULL)
			return -ENOMEM;
		for (uint32_t i = 0; i < c->n; i++)
			keep[t][i] = c->list[i].n_rules == 0;
	}
	for (uint32_t i = 0; i < w->n; i++) {
		const struct wish *one = &w->at[i];
		bool undirected = (one->table - first) / 2 % DETECT_DIRS == DETECT_DIR_UNKNOWN;
		if (undirected != p->limits->undirected || granted == p->limits->groups
		    || cost + one->cost > p->limits->cost)
			continue;
		keep[one->table - first][one->class] = true;
		granted++;
		cost += one->cost;
	}
	p->plan->n_merged += w->n - granted;
	return 0;
}

// The number of the list at hand, which is added if there is none like it; DETECT_NO_GROUP for one
// without rules. *ret: 0 or -ENOMEM.
static uint32_t intern(struct planner *p, uint32_t n, int *ret) {
	struct detect_plan *plan = p->plan;
	uint64_t digest = hash_bytes(&p->seed, p->list, n * sizeof(*p->list));
	if (n == 0)
		return DETECT_NO_GROUP;
	for (uint32_t i = 0; i < plan->n_lists; i++) {
		struct detect_list *l = &plan->lists[i];
		if (p->digests[i] == digest && l->n == n
		    && memcmp(l->rules, p->list, n * sizeof(*l->rules)) == 0) {
			l->uses++;
			return i;
		}
	}
	void *lists = ruleset_grow(plan->lists, plan->n_lists, sizeof(*plan->lists));
	plan->lists = lists != NULL ? lists : plan->lists;
	void *digests = ruleset_grow(p->digests, plan->n_lists, sizeof(*p->digests));
	p->digests = digests != NULL ? digests : p->digests;
	uint32_t *rules = malloc(n * sizeof(*rules));
	if (lists == NULL || digests == NULL || rules == NULL) {
		free(rules);
		*ret = -ENOMEM;
		return DETECT_NO_GROUP;
	}
	memcpy(rules, p->list, n * sizeof(*rules));
	p->digests[plan->n_lists] = digest;
	plan->lists[plan->n_lists] = (struct detect_list){.rules = rules, .n = n, .uses = 1};
	return plan->n_lists++;
}

static bool names_merged(const struct planner *p, const struct snort_ranges *ports) {
	for (uint32_t i = 0; i < ports->n; i++) {
		if (p->merged_below[ports->at[i].hi + 1] > p->merged_below[ports->at[i].lo])
			return true;
	}
	return false;
}

// The rules of a class, to the list at hand, rising. Returns how many.
static uint32_t list_class(struct planner *p, const struct detect_table *t, uint32_t class) {
	const struct members *m = &p->m;
	uint32_t n = 0, e = 0;
	for (uint32_t i = 0; i < m->n_named; i++) {
		const struct detect_named *one = &m->named[i];
		if (class == t->merged ? !names_merged(p, one->ports)
				       : !snort_ranges_has(one->ports, t->classes.list[class].port))
			continue;
		while (e < m->n_every && m->every[e] < one->rule)
			p->list[n++] = m->every[e++];
		p->list[n++] = one->rule;
	}
	while (e < m->n_every)
		p->list[n++] = m->every[e++];
	return n;
}

static int list_table(struct planner *p, struct detect_table *t, const bool *keep) {
	int ret = detect_classes_merge(&t->classes, keep, &t->merged);
	t->group = ret == 0 ? calloc(t->classes.n, sizeof(*t->group)) : NULL;
	if (t->group == NULL)
		return -ENOMEM;
	p->merged_below[0] = 0;
	for (uint32_t port = 0; port < DETECT_PORTS; port++)
		p->merged_below[port + 1] = p->merged_below[port]
			+ (t->classes.of[port] == t->merged);
	for (uint32_t c = 0; ret == 0 && c < t->classes.n; c++)
		t->group[c] = intern(p, list_class(p, t, c), &ret);
	return ret;
}

static bool has_ports(uint32_t proto) {
	return !(1u << proto & (SNORT_ICMP | SNORT_ICMPV6));
}

static int plan_tables(struct planner *p) {
	struct wishes wishes = {};
	bool *keep[DETECT_PROTOS * DETECT_DIRS * 2] = {};
	struct detect_table *first = &p->plan->tables[0][0][0];
	const uint32_t n = DETECT_PROTOS * DETECT_DIRS * 2;
	int ret = 0;
	for (uint32_t i = 0; i < n && ret == 0; i++) {
		collect(p, i / 2 / DETECT_DIRS, i / 2 % DETECT_DIRS, i % 2);
		if (p->m.n_named + p->m.n_every == 0)
			continue;
		ret = detect_classes_init(
			&first[i].classes, &p->seed, p->m.named, p->m.n_named,
			has_ports(i / 2 / DETECT_DIRS) ? DETECT_PORTS - 1 : 0
		);
		if (ret == 0)
			ret = make_wishes(&wishes, &first[i], p->m.every_cost);
	}
	if (ret == 0)
		ret = grant(p, &wishes, keep);
	for (uint32_t i = 0; i < n && ret == 0; i++) {
		if (first[i].classes.n == 0)
			continue;
		collect(p, i / 2 / DETECT_DIRS, i / 2 % DETECT_DIRS, i % 2);
		ret = list_table(p, &first[i], keep[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		free(keep[i]);
	free(wishes.at);
	return ret;
}

// All packets look for all rules.
static int plan_nothing(struct planner *p) {
	int ret = 0;
	for (uint32_t i = 0; i < p->n_rules; i++)
		p->list[i] = i;
	uint32_t group = intern(p, p->n_rules, &ret);
	for (uint32_t i = 0; i < DETECT_PROTOS * DETECT_DIRS && ret == 0; i++) {
		struct detect_table *t = &p->plan->tables[i / DETECT_DIRS][i % DETECT_DIRS][0];
		ret = detect_classes_init(&t->classes, &p->seed, NULL, 0, DETECT_PORTS - 1);
		t->group = calloc(1, sizeof(*t->group));
		if (t->group == NULL)
			return -ENOMEM;
		t->group[0] = group;
		t->merged = DETECT_NO_CLASS;
	}
	return ret;
}

int detect_plan_init(
	struct detect_plan *plan, const struct detect_planned *rules, uint32_t n,
	const struct detect_plan_limits *limits
) {
	*plan = (struct detect_plan){};
	struct planner p = {
		.plan = plan,
		.rules = rules,
		.n_rules = n,
		.limits = limits,
		.m.named = calloc((size_t)n + 1, sizeof(*p.m.named)),
		.m.every = calloc((size_t)n + 1, sizeof(*p.m.every)),
		.merged_below = calloc(DETECT_PORTS + 1, sizeof(*p.merged_below)),
		.list = calloc((size_t)n + 1, sizeof(*p.list)),
	};
	int ret = -ENOMEM;
	hash_seed_init(&p.seed);
	if (p.m.named != NULL && p.m.every != NULL && p.merged_below != NULL && p.list != NULL)
		ret = limits->groups == 1 ? plan_nothing(&p) : plan_tables(&p);
	free(p.m.named);
	free(p.m.every);
	free(p.merged_below);
	free(p.list);
	free(p.digests);
	return ret;
}

void detect_plan_fini(struct detect_plan *plan) {
	struct detect_table *first = &plan->tables[0][0][0];
	for (uint32_t i = 0; i < DETECT_PROTOS * DETECT_DIRS * 2; i++) {
		detect_classes_fini(&first[i].classes);
		free(first[i].group);
	}
	for (uint32_t i = 0; i < plan->n_lists; i++)
		free(plan->lists[i].rules);
	free(plan->lists);
	*plan = (struct detect_plan){};
}
