// Sets of rules for streams made of texts, and streams that are scanned with a group of one.
#pragma once

#include "match/snort/snort_file.h"
#include "match/stream/stream_set.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIG_RULES 4096u

struct set_rig {
	struct ruleset *patterns;
	struct snort_rules rules;
	struct stream_set *set;
	hs_scratch_t *scratch;
};

static inline struct ruleset *rig_patterns(const char *text) {
	struct ruleset *rs = ruleset_new();
	struct err err = {};
	cr_assert_not_null(rs);
	cr_assert_eq(ruleset_add_text(rs, "a/t.hs", text, strlen(text), &err), 0, "%s", err.text);
	return rs;
}

static inline void rig_rules(struct snort_rules *rs, const char *text) {
	struct err err = {};
	cr_assert_eq(
		snort_file_read_text("t.rules", text, strlen(text), NULL, rs, &err), 0, "%s",
		err.text
	);
}

static inline void rig_make(struct set_rig *g, const struct stream_set_config *conf) {
	const struct stream_set_config plain = {};
	struct err err = {};
	g->set = stream_set_new(g->patterns, &g->rules, conf != NULL ? conf : &plain, &err);
	cr_assert_not_null(g->set, "%s", err.text);
}

static inline void rig_settle(struct set_rig *g) {
	cr_assert_eq(stream_set_settle(g->set, g->patterns, &g->rules), 0);
	cr_assert_eq(stream_set_scratch(g->set, &g->scratch), 0);
}

// Both texts may be empty.
static inline void rig_init(
	struct set_rig *g, const char *patterns, const char *rules,
	const struct stream_set_config *conf
) {
	*g = (struct set_rig){.patterns = rig_patterns(patterns)};
	rig_rules(&g->rules, rules);
	rig_make(g, conf);
	rig_settle(g);
}

static inline void rig_fini(struct set_rig *g) {
	stream_set_free(g->set);
	hs_free_scratch(g->scratch);
	snort_rules_fini(&g->rules);
	ruleset_free(g->patterns);
}

// A direction from 10.0.0.1:1000 to 10.0.0.2:80.
static inline struct flow_key tcp_key(void) {
	return (struct flow_key){
		.flags = KEY_V4,
		.proto = 6,
		.src_port = 1000,
		.dst_port = 80,
		.src4 = {10, 0, 0, 1},
		.dst4 = {10, 0, 0, 2},
	};
}

struct rig_scan {
	const struct stream_group *group;
	struct stream_state *states;
	bool *combining; // by member: has reports at the octet at hand
	bool *found; // by rule
};

static inline void rig_meet(struct rig_scan *s, const struct stream_target *t) {
	cr_assert_lt(t->member, s->group->n_members);
	const struct stream_member *m = &s->group->member[t->member];
	cr_assert_lt(t->piece, m->plan->n_pieces);
	if (m->plan->combination != NULL) {
		stream_plan_meet(m->plan, &s->states[m->state], t->piece);
		s->combining[t->member] = true;
		return;
	}
	bool fires = m->state == STREAM_NO_STATE
		|| stream_plan_event(m->plan, &s->states[m->state], t->piece);
	if (fires && m->rule != STREAM_NO_RULE)
		s->found[m->rule] = true;
}

static inline int
rig_event(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	struct rig_scan *s = ctx;
	cr_assert_lt(id, s->group->n_targets);
	const struct stream_target *t = &s->group->target[id];
	if (s->group->member[t->member].state != STREAM_SHARED) {
		rig_meet(s, t);
		return 0;
	}
	cr_assert_eq(t->member, s->group->n_members);
	for (t = &s->group->shared[t->piece]; t->member != STREAM_NO_MEMBER; t++)
		rig_meet(s, t);
	return 0;
}

// All that ends at the octet was reported.
static inline void rig_combine(struct rig_scan *s, uint32_t octet) {
	for (uint32_t i = 0; i < s->group->n_members; i++) {
		const struct stream_member *m = &s->group->member[i];
		if (s->combining[i] && stream_plan_combine(m->plan, &s->states[m->state], octet)
		    && m->rule != STREAM_NO_RULE)
			s->found[m->rule] = true;
		s->combining[i] = false;
	}
}

// The stream in one group: sets found[rule].
static inline void rig_scan_group(
	const struct set_rig *g, uint32_t group, const uint8_t *data, uint32_t len, bool *found
) {
	struct rig_scan s = {.group = stream_set_group(g->set, group), .found = found};
	hs_stream_t *stream;
	s.states = calloc(s.group->n_states + 1, sizeof(*s.states));
	s.combining = calloc(s.group->n_members + 1, sizeof(*s.combining));
	cr_assert_eq(hs_open_stream(s.group->db, 0, &stream), HS_SUCCESS);
	for (uint32_t at = 0; at < len; at++) {
		hs_scan_stream(stream, (const char *)data + at, 1, 0, g->scratch, rig_event, &s);
		rig_combine(&s, at + 1);
	}
	hs_close_stream(stream, g->scratch, rig_event, &s);
	rig_combine(&s, len);
	for (uint32_t i = 0; i < s.group->n_members; i++) {
		const struct stream_member *m = &s.group->member[i];
		if (m->state != STREAM_NO_STATE && m->rule != STREAM_NO_RULE
		    && stream_plan_end(m->plan, &s.states[m->state]))
			found[m->rule] = true;
	}
	free(s.states);
	free(s.combining);
}

// What is found in a direction, octet by octet, as text: ids of patterns and sids, in order of their
// numbers.
static inline const char *
rig_run(const struct set_rig *g, const struct flow_key *key, enum detect_dir dir,
	const char *data) {
	static char text[4096];
	bool found[RIG_RULES] = {};
	uint32_t group[STREAM_GROUPS_MAX], n_patterns = g->patterns->n_patterns;
	size_t len = 0;
	uint32_t n = stream_set_groups_of(g->set, key, dir, group);
	cr_assert_leq(n, STREAM_GROUPS_MAX);
	for (uint32_t i = 0; i < n; i++)
		rig_scan_group(g, group[i], (const uint8_t *)data, (uint32_t)strlen(data), found);
	text[0] = '\0';
	for (uint32_t i = 0; i < n_patterns + g->rules.n_rules; i++) {
		if (found[i])
			len += (size_t)snprintf(
				&text[len], sizeof(text) - len, "%s%u", len > 0 ? " " : "",
				i < n_patterns ? g->patterns->patterns[i].id
					       : g->rules.rules[i - n_patterns].sid
			);
	}
	return text;
}
