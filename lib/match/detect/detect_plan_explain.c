// A line for each class of ports that leads to a group.

#include "detect_plan_explain.h"

#define SHOWN_RANGES 8u

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

static void print_table(
	const struct detect_plan *plan, uint32_t proto, uint32_t dir, int side,
	const uint32_t *name, FILE *to
) {
	const struct detect_table *t = &plan->tables[proto][dir][side];
	for (uint32_t c = 0; t->group != NULL && c < t->classes.n; c++) {
		if (t->group[c] == DETECT_NO_GROUP
		    || (name != NULL && name[t->group[c]] == DETECT_NO_GROUP))
			continue;
		fprintf(to, "  %-6s  %-9s  %s  group %3u ", protos[proto], dirs[dir],
			side == DETECT_BY_DST ? "to  " : "from",
			name != NULL ? name[t->group[c]] : t->group[c]);
		print_ports(&t->classes, c, to);
		if (c == t->merged)
			fputs(" (merged)", to);
		fputc('\n', to);
	}
}

void detect_plan_explain(const struct detect_plan *plan, const uint32_t *name, FILE *to) {
	for (uint32_t i = 0; i < DETECT_PROTOS * DETECT_DIRS; i++) {
		print_table(plan, i / DETECT_DIRS, i % DETECT_DIRS, DETECT_BY_DST, name, to);
		print_table(plan, i / DETECT_DIRS, i % DETECT_DIRS, DETECT_BY_SRC, name, to);
	}
}
