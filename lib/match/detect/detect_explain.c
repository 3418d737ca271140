// Totals, the plan, and what its groups hold.

#include "detect_explain.h"

#include "detect_plan_explain.h"
#include "detect_priv.h"

#include "base/units.h"

#define SHOWN_RULES 20u

static void print_groups(const struct detect *d, FILE *to) {
	fputs("\ngroup    rules    gates  without     octets\n", to);
	for (uint32_t i = 0; i < d->n_groups; i++) {
		const struct detect_group *g = &d->groups[i];
		fprintf(to, "%5u  %7u  %7u  %7u  %9lu%s\n", i, g->n_rules, g->n_gates, g->n_always,
			(unsigned long)g->octets, g->from_cache ? "  from the cache" : "");
	}
}

static void print_open(const struct detect *d, FILE *to) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < d->n_rules; i++) {
		const struct detect_rule *r = &d->rules[i];
		if (r->gate != DETECT_NO_GATE)
			continue;
		if (n == 0)
			fputs("\nrules without a gate are decided for every packet of their groups\n",
			      to);
		if (n++ < SHOWN_RULES)
			fprintf(to, "  %s:%u: sid %u\n", d->rs->files[r->rule->file], r->rule->line,
				r->rule->sid);
	}
	if (n > SHOWN_RULES)
		fprintf(to, "  and %u more\n", n - SHOWN_RULES);
}

void detect_explain(const struct detect *d, FILE *to) {
	const struct detect_stats *s = &d->stats;
	fprintf(to,
		"packets: %u rule%s, %u of them without a gate; %u gate%s, %u tried in a process of their own\n"
		"%u group%s, %u from the cache; classes of ports merged: %u\n"
		"%lu octets of databases, %lu of tables; %.1f s to compile\n",
		s->scanned, units_plural(s->scanned), s->without_gate, s->gates,
		units_plural(s->gates), s->probed, s->groups, units_plural(s->groups),
		s->from_cache, s->merged, (unsigned long)s->database_octets,
		(unsigned long)s->table_octets, (double)s->compile_us / 1e6);
	fputs("\na packet is scanned for the group of its destination port, then for that of its\n"
	      "source port\n",
	      to);
	detect_plan_explain(&d->plan, NULL, to);
	print_groups(d, to);
	print_open(d, to);
}
