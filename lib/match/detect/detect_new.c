// Makes an engine of a set of rules: compiles what each rule needs by itself and refuses those for
// which that fails, then plans groups for the others and compiles those.

#include "detect.h"

#include "detect_priv.h"
#include "detect_refuse.h"
#include "match/snort/snort_fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// All groups together may cost as much as so many literals, and more where the rules alone do.
#define COST_MIN 30000u
#define COST_TIMES 4u

struct maker {
	struct detect *d;
	struct snort_rules *rs;
	const struct detect_config *conf;
	uint32_t n; // rules that were read
	struct detect_rule *rules; // by index in the set
	struct detect_fault *faults; // the same
	bool *refused; // the same
	struct err *err;
};

static void tell(const struct maker *m, uint32_t done, uint32_t all) {
	if (m->conf->progress != NULL)
		m->conf->progress(m->conf->ctx, done, all);
}

static int fail_memory(struct err *err) {
	return err_set(err, -ENOMEM, "out of memory while compiling rules");
}

static int refuse(struct maker *m, uint32_t i, const char *group, const char *reason) {
	m->refused[i] = true;
	return detect_fault_set(&m->faults[i], group, reason) < 0 ? fail_memory(m->err) : 0;
}

// What a rule needs whatever the others are.
static int compile_rule(struct maker *m, uint32_t i) {
	struct detect_rule *r = &m->rules[i];
	struct err why = {};
	*r = (struct detect_rule){.rule = &m->rs->rules[i], .gate = DETECT_NO_GATE};
	r->verifier = verifier_new(r->rule, &why);
	if (r->verifier == NULL)
		return strncmp(why.text, "pcre", 4) == 0 ? refuse(m, i, "compile", why.text)
							 : fail_memory(m->err);
	int ret = detect_gates_add(&m->d->gates, r->rule, &r->gate, &why);
	if (ret == -E2BIG)
		return refuse(m, i, "too_large", why.text);
	return ret < 0 ? err_set(m->err, ret, "%s", why.text) : 0;
}

static int compile_rules(struct maker *m) {
	for (uint32_t i = 0; i < m->n; i++) {
		int ret = compile_rule(m, i);
		if (ret < 0)
			return ret;
	}
	if (detect_bits_init(&m->d->bits, m->rs, m->refused) < 0)
		return fail_memory(m->err);
	for (uint32_t i = 0; i < m->n; i++) {
		struct err why;
		if (m->refused[i] || detect_bits_fit(&m->d->bits, m->rules[i].rule))
			continue;
		err_set(&why, 0, "flowbits: the rules test more than %u names",
			DETECT_FLOW_BITS_MAX);
		int ret = refuse(m, i, SNORT_LIMIT, why.text);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int by_order(const void *a, const void *b) {
	const struct detect_rule *x = a, *y = b;
	uint32_t s = detect_bits_order(x->rule), t = detect_bits_order(y->rule);
	if (s != t)
		return s < t ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

// Takes refused rules out of the set, and brings the others in the order of deciding.
static int settle_rules(struct maker *m) {
	struct detect *d = m->d;
	if (detect_refuse(m->rs, m->faults) < 0)
		return fail_memory(m->err);
	for (uint32_t i = 0; i < m->n; i++) {
		if (m->refused[i]) {
			verifier_free(m->rules[i].verifier);
			continue;
		}
		d->rules[d->n_rules] = m->rules[i];
		d->rules[d->n_rules].rule = &m->rs->rules[d->n_rules];
		d->rules[d->n_rules].index = d->n_rules;
		d->n_rules++;
	}
	m->n = 0; // none is ours any more
	if (d->n_rules > 1)
		qsort(d->rules, d->n_rules, sizeof(*d->rules), by_order);
	d->place = calloc((size_t)d->n_rules + 1, sizeof(*d->place));
	if (d->place == NULL)
		return fail_memory(m->err);
	for (uint32_t i = 0; i < d->n_rules; i++) {
		d->place[d->rules[i].index] = i;
		d->wants_ttl |= d->rules[i].rule->ttl.given;
	}
	return 0;
}

static int plan_groups(struct maker *m) {
	struct detect *d = m->d;
	uint64_t cost = 0;
	struct detect_planned *planned = calloc((size_t)d->n_rules + 1, sizeof(*planned));
	if (planned == NULL)
		return fail_memory(m->err);
	for (uint32_t i = 0; i < d->n_rules; i++) {
		const struct detect_rule *r = &d->rules[i];
		struct detect_planned *p = &planned[i];
		p->rule = r->rule;
		p->protos = r->rule->protos;
		if (m->conf->streams && !r->rule->per_packet)
			p->protos &= ~(uint32_t)SNORT_TCP;
		p->cost = r->gate != DETECT_NO_GATE ? d->gates.costs[r->gate] : 1;
		cost += p->cost;
		d->stats.scanned += p->protos != 0;
	}
	struct detect_plan_limits limits = {
		.groups = m->conf->groups != 0 ? m->conf->groups : DETECT_GROUPS,
		.cost = cost * COST_TIMES > COST_MIN ? cost * COST_TIMES : COST_MIN,
		.undirected = m->conf->undirected,
	};
	int ret = detect_plan_init(&d->plan, planned, d->n_rules, &limits);
	free(planned);
	return ret < 0 ? fail_memory(m->err) : 0;
}

static int compile_groups(struct maker *m) {
	struct detect *d = m->d;
	size_t n = (size_t)d->n_rules + 1;
	uint32_t *gate = calloc(n, sizeof(*gate));
	bool *bare = calloc(n, sizeof(*bare));
	bool *open = calloc(n, sizeof(*open)); // some group has no gate for it
	d->groups = calloc((size_t)d->plan.n_lists + 1, sizeof(*d->groups));
	int ret = 0;
	if (gate == NULL || bare == NULL || open == NULL || d->groups == NULL)
		ret = fail_memory(m->err);
	for (uint32_t i = 0; i < d->n_rules && ret == 0; i++) {
		gate[i] = d->rules[i].gate;
		bare[i] = d->rules[i].rule->n_tests == 0;
	}
	for (uint32_t i = 0; i < d->plan.n_lists && ret == 0; i++) {
		struct detect_group *g = &d->groups[d->n_groups++];
		const struct detect_group_make make = {
			.gates = &d->gates,
			.gate = gate,
			.bare = bare,
			.rules = d->plan.lists[i].rules,
			.n_rules = d->plan.lists[i].n,
			.cache_dir = m->conf->cache_dir,
		};
		tell(m, i, d->plan.n_lists);
		ret = detect_group_init(g, &make, m->err);
		d->stats.database_octets += g->octets;
		d->stats.from_cache += g->from_cache;
		for (uint32_t k = 0; k < g->n_always && ret == 0; k++) {
			d->stats.without_gate += !open[g->always[k]];
			open[g->always[k]] = true;
		}
	}
	free(gate);
	free(bare);
	free(open);
	return ret;
}

static uint64_t table_octets(const struct detect *d) {
	uint64_t octets = d->n_rules * sizeof(*d->rules) + sizeof(*d);
	const struct detect_table *t = &d->plan.tables[0][0][0];
	for (uint32_t i = 0; i < DETECT_PROTOS * DETECT_DIRS * 2; i++) {
		if (t[i].group != NULL)
			octets += DETECT_PORTS * sizeof(*t[i].classes.of)
				+ t[i].classes.n * sizeof(*t[i].classes.list);
	}
	for (uint32_t i = 0; i < d->n_groups; i++)
		octets += (uint64_t)d->groups[i].n_rules * 4 * sizeof(uint32_t);
	return octets;
}

static uint64_t now_us(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int make(struct maker *m) {
	struct detect *d = m->d;
	uint64_t start = now_us();
	int ret = compile_rules(m);
	if (ret == 0)
		ret = settle_rules(m);
	if (ret == 0)
		ret = plan_groups(m);
	if (ret == 0)
		ret = compile_groups(m);
	if (ret < 0)
		return ret;
	if (d->bits.xbits)
		d->xbits = m->conf->xbits != 0 ? m->conf->xbits : DETECT_XBITS;
	d->bits_digest = detect_bits_digest(&d->bits, d->rs);
	d->stats.rules = d->n_rules;
	d->stats.gates = d->gates.n;
	d->stats.probed = d->gates.probe.tried;
	d->stats.groups = d->n_groups;
	d->stats.merged = d->plan.n_merged;
	d->stats.table_octets = table_octets(d);
	d->stats.compile_us = now_us() - start;
	return 0;
}

struct detect *
detect_new(struct snort_rules *rs, const struct detect_config *conf, struct err *err) {
	size_t n = (size_t)rs->n_rules + 1;
	struct maker m = {.rs = rs, .conf = conf, .n = rs->n_rules, .err = err};
	int ret = -ENOMEM;
	m.d = calloc(1, sizeof(*m.d));
	m.rules = calloc(n, sizeof(*m.rules));
	m.faults = calloc(n, sizeof(*m.faults));
	m.refused = calloc(n, sizeof(*m.refused));
	uint32_t n_read = m.n;
	if (m.d != NULL && m.rules != NULL && m.faults != NULL && m.refused != NULL) {
		m.d->rs = rs;
		m.d->gates.probe.limit_ms = conf->probe_ms;
		m.d->rules = calloc(n, sizeof(*m.d->rules));
		ret = m.d->rules != NULL ? make(&m) : -ENOMEM;
	}
	if (ret == -ENOMEM)
		fail_memory(err);
	for (uint32_t i = 0; m.rules != NULL && i < m.n; i++)
		verifier_free(m.rules[i].verifier);
	detect_faults_free(m.faults, n_read);
	free(m.rules);
	free(m.refused);
	if (ret == 0)
		return m.d;
	detect_free(m.d);
	return NULL;
}

void detect_free(struct detect *d) {
	if (d == NULL)
		return;
	for (uint32_t i = 0; i < d->n_groups; i++)
		detect_group_fini(&d->groups[i]);
	for (uint32_t i = 0; i < d->n_rules; i++)
		verifier_free(d->rules[i].verifier);
	free(d->groups);
	free(d->rules);
	free(d->place);
	detect_plan_fini(&d->plan);
	detect_gates_fini(&d->gates);
	detect_bits_fini(&d->bits);
	free(d);
}
