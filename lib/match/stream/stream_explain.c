// Totals, the plan, and what its groups hold.

#include "stream_explain.h"

#include "match/detect/detect_plan_explain.h"
#include "stream_set_priv.h"

#include "base/units.h"

void stream_explain(const struct stream_set *s, FILE *to) {
	struct stream_set_stats t;
	stream_set_stats(s, &t);
	fprintf(to, "streams: %u %s; %u group%s, %u from the cache; %lu octets of databases\n",
		t.rules, t.rules == 1 ? "rule or pattern" : "rules and patterns", t.groups,
		units_plural(t.groups), t.from_cache, (unsigned long)t.database_octets);
	fputs("\na direction of a connection is scanned for the group of its destination port, and for\n"
	      "that of its source port",
	      to);
	fputs(s->n_patterns > 0 ? "; patterns are group 0, for all\n" : "\n", to);
	detect_plan_explain(&s->plan, s->group_of, to);
	fputs("\ngroup    rules  pieces  with state  octets a stream\n", to);
	for (uint32_t i = 0; i < s->n_groups; i++) {
		const struct stream_group *g = stream_set_group(s, i);
		fprintf(to, "%5u  %7u  %6u  %10u  %15u\n", i, g->n_members, g->n_targets,
			g->n_states, g->stream_octets);
	}
}
