// All that stream_set_map compares, put into one number, so that streams that were saved know whether the
// set that they come back to looks for the same.

#include "base/digest.h"
#include "stream_set_priv.h"

#include <stdlib.h>

static void add_pieces(struct digest *d, const struct stream_plan *plan) {
	digest_number(d, plan->n_pieces);
	for (uint32_t i = 0; i < plan->n_pieces; i++) {
		const struct pattern *p = &plan->pieces[i].pattern;
		const uint64_t n[] = {
			plan->pieces[i].term, p->flags,      p->ext,           p->min_offset,
			p->max_offset,        p->min_length, p->edit_distance, p->hamming_distance,
		};
		digest_add(d, n, sizeof(n));
		digest_text(d, p->regex);
	}
}

static void add_combination(struct digest *d, const struct stream_combination *c) {
	digest_number(d, c != NULL);
	if (c == NULL)
		return;
	const uint64_t n[] = {c->min_offset, c->max_offset, c->once, c->code->n_ids};
	digest_add(d, n, sizeof(n));
	digest_add(d, c->code->ids, c->code->n_ids * sizeof(c->code->ids[0]));
	digest_add(d, c->code->steps, c->code->n_steps);
}

static void add_rule(struct digest *d, const struct stream_set *s, uint32_t i) {
	const struct stream_set_rule *r = &s->rules[i];
	digest_number(d, r->number);
	if (r->number == STREAM_NO_RULE)
		return;
	const struct stream_plan *plan = r->plan;
	digest_text(d, i < s->n_patterns ? s->files[r->scope] : NULL);
	const uint64_t n[] = {
		r->scope, r->id, plan->n_terms, plan->wanted, plan->unwanted,
	};
	digest_add(d, n, sizeof(n));
	add_pieces(d, plan);
	add_combination(d, plan->combination);
	if (r->rule != NULL)
		stream_heads_digest(r->rule, d);
}

// Returns whether Hyperscan could say what the database is.
static bool add_database(struct digest *d, const hs_database_t *db) {
	char *octets = NULL;
	size_t len = 0;
	if (hs_serialize_database(db, &octets, &len) != HS_SUCCESS)
		return false;
	digest_add(d, octets, len);
	free(octets);
	return true;
}

static bool add_group(struct digest *d, const struct stream_set_group *set_group) {
	const struct stream_group *g = &set_group->shown;
	const uint64_t n[] = {
		g->stream_octets, g->n_members, g->n_states,
		g->n_targets,     g->n_shared,  g->n_combinations,
	};
	digest_add(d, n, sizeof(n));
	for (uint32_t i = 0; i < g->n_members; i++) {
		digest_number(d, g->member[i].state);
		digest_number(d, g->member[i].rule);
	}
	digest_add(d, g->target, g->n_targets * sizeof(*g->target));
	digest_add(d, g->shared, g->n_shared * sizeof(*g->shared));
	return add_database(d, g->db);
}

static void add_ports(struct digest *d, const struct stream_set *s) {
	for (uint32_t i = 0; i < DETECT_DIRS * 2; i++) {
		uint32_t before = STREAM_NO_GROUP;
		for (uint32_t port = 0; port < DETECT_PORTS; port++) {
			uint32_t group = stream_set_group_by_port(s, i / 2, i % 2, (uint16_t)port);
			if (group == before)
				continue;
			digest_number(d, (uint64_t)port << 32 | group);
			before = group;
		}
		digest_number(d, DETECT_PORTS);
	}
}

uint64_t stream_set_digest(const struct stream_set *s) {
	struct digest d;
	digest_init(&d);
	digest_text(&d, hs_version());
	digest_number(&d, s->n_patterns);
	digest_number(&d, s->n_rules);
	digest_number(&d, s->n_groups);
	for (uint32_t i = 0; i < s->n_rules; i++)
		add_rule(&d, s, i);
	add_ports(&d, s);
	for (uint32_t i = 0; i < s->n_groups; i++) {
		if (!add_group(&d, &s->groups[i]))
			return 0;
	}
	return d.sum != 0 ? d.sum : 1;
}
