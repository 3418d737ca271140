// Prints the plan's tables as lines: protocol, direction and ports that lead to a group, and what the
// group holds.

#include "detect_explain.h"

#include "detect_priv.h"

#define SHOWN_RANGES 8u
#define SHOWN_RULES 20u

static const char *const protos[DETECT_PROTOS] = {"tcp", "udp", "icmp", "icmpv6", "sctp", "other"};
static const char *const dirs[DETECT_DIRS] = {"unknown", "to_server", "to_client"};

// The ports of a class, the first of their ranges.
static void print_ports(const struct detect_classes *c, uint32_t class, FILE *to) {
	uint32_t shown = 0;
	if (c->n == 1) {
		fputs(" any", to);
		return;
	}
	for (uint32_t lo = 0; lo < DETECT_PORTS; lo++) {
		uint32_t hi = lo;
		if (c->of[lo] != class)
			continue;
		while (hi + 1 < DETECT_PORTS && c->of[hi + 1] == class)
			hi++;
		if (shown++ == SHOWN_RANGES) {
			fputs(" ...", to);
			return;
		}
		fprintf(to, hi > lo ? " %u:%u" : " %u", lo, hi);
		lo = hi;
	}
}

static void print_table(const struct detect *d, uint32_t proto, uint32_t dir, int side, FILE *to) {
	const struct detect_table *t = &d->plan.tables[proto][dir][side];
	for (uint32_t c = 0; t->group != NULL && c < t->classes.n; c++) {
		if (t->group[c] == DETECT_NO_GROUP)
			continue;
		fprintf(to, "  %-6s  %-9s  %s  group %3u ", protos[proto], dirs[dir],
			side == DETECT_BY_DST ? "to  " : "from", t->group[c]);
		print_ports(&t->classes, c, to);
		if (c == t->merged)
			fputs(" (merged)", to);
		fputc('\n', to);
	}
}

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
		"%u rules, %u of them without a gate; %u gates, %u tried in a process of their own\n"
		"%u groups, %u from the cache; %u classes of ports merged\n"
		"%lu octets of databases, %lu of tables; %.1f s to compile\n",
		s->scanned, s->without_gate, s->gates, s->probed, s->groups, s->from_cache,
		s->merged, (unsigned long)s->database_octets, (unsigned long)s->table_octets,
		(double)s->compile_us / 1e6);
	fputs("\na packet is scanned for the group of its destination port, then for that of its\n"
	      "source port\n",
	      to);
	for (uint32_t i = 0; i < DETECT_PROTOS * DETECT_DIRS; i++) {
		print_table(d, i / DETECT_DIRS, i % DETECT_DIRS, DETECT_BY_DST, to);
		print_table(d, i / DETECT_DIRS, i % DETECT_DIRS, DETECT_BY_SRC, to);
	}
	print_groups(d, to);
	print_open(d, to);
}
