// A pool over sets that tests write down as text, and what it tells as text: the ids of patterns and
// the sids of rules, in rising order.
#pragma once

#include "match/snort/snort_file.h"
#include "match/stream/stream_pool.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_SETS_MAX 16u
#define POOL_TEXT_MAX 4096u

struct pool_set {
	struct ruleset *patterns;
	struct snort_rules rules;
	struct stream_set *set;
	hs_scratch_t *scratch;
	uint32_t n; // numbers of rules
};

// Takes the patterns and rules as they were read.
static inline void pool_set_make(struct pool_set *s) {
	static const struct stream_set_config conf = {};
	struct err err = {};
	s->set = stream_set_new(s->patterns, &s->rules, &conf, &err);
	cr_assert_not_null(s->set, "%s", err.text);
	cr_assert_eq(stream_set_settle(s->set, s->patterns, &s->rules), 0);
	cr_assert_eq(stream_set_scratch(s->set, &s->scratch), 0);
	s->n = s->patterns->n_patterns + s->rules.n_rules;
}

static inline void pool_set_open(struct pool_set *s, const char *patterns, const char *rules) {
	struct err err = {};
	*s = (struct pool_set){.patterns = ruleset_new()};
	cr_assert_eq(ruleset_add_text(s->patterns, "t.hs", patterns, strlen(patterns), &err), 0);
	cr_assert_eq(
		snort_file_read_text("t.rules", rules, strlen(rules), NULL, &s->rules, &err), 0
	);
	pool_set_make(s);
	for (uint32_t i = 0; i < s->patterns->n_refusals; i++)
		cr_assert_fail("%s", s->patterns->refusals[i].reason);
	for (uint32_t i = 0; i < s->rules.n_refusals; i++)
		cr_assert_fail("%s", s->rules.refusals[i].reason);
}

static inline void pool_set_close(struct pool_set *s) {
	hs_free_scratch(s->scratch);
	stream_set_free(s->set);
	snort_rules_fini(&s->rules);
	ruleset_free(s->patterns);
}

static inline uint32_t pool_set_id(const struct pool_set *s, uint32_t number) {
	cr_assert_lt(number, s->n, "a number that no rule has");
	return number < s->patterns->n_patterns
		? s->patterns->patterns[number].id
		: s->rules.rules[number - s->patterns->n_patterns].sid;
}

struct pool_rig {
	struct stream_pool *p;
	struct stream_pool_config conf;
	const struct pool_set *set; // in use
	struct flow_key key;
	enum detect_dir dir;
	int64_t now_us;
	// Of the last call.
	uint32_t ids[256];
	uint32_t n;
	char text[POOL_TEXT_MAX];
};

static inline void pool_rig_use(struct pool_rig *r, const struct pool_set *set) {
	uint32_t *map = NULL;
	bool same = false;
	if (r->set != NULL && set != NULL) {
		map = malloc((r->set->n + 1) * sizeof(*map));
		same = stream_set_map(r->set->set, set->set, map, r->set->n);
	}
	int ret = set != NULL ? stream_pool_use(r->p, set->set, set->scratch, map, same)
			      : stream_pool_use(r->p, NULL, NULL, NULL, false);
	cr_assert_eq(ret, 0);
	free(map);
	r->set = set;
}

static inline void pool_rig_open(struct pool_rig *r, const struct pool_set *set, uint64_t memory) {
	*r = (struct pool_rig){
		.conf = {.memory = memory, .idle_us = 10000000},
		.key = {.flags = KEY_V4, .proto = 6, .src_port = 40000, .dst_port = 80},
		.dir = DETECT_TO_SERVER,
		.now_us = 1700000000000000,
	};
	r->p = stream_pool_new(&r->conf);
	cr_assert_not_null(r->p);
	pool_rig_use(r, set);
}

static inline void pool_rig_close(struct pool_rig *r) {
	stream_pool_free(r->p);
}

static inline void pool_rig_found(void *ctx, uint32_t rule) {
	struct pool_rig *r = ctx;
	uint32_t id = pool_set_id(r->set, rule), i;
	cr_assert_lt(r->n, 256u);
	for (i = r->n; i > 0 && r->ids[i - 1] >= id; i--) {
		cr_assert_neq(r->ids[i - 1], id, "rule %u is told twice in a call", id);
		r->ids[i] = r->ids[i - 1];
	}
	r->ids[i] = id;
	r->n++;
}

static inline const char *pool_rig_told(struct pool_rig *r) {
	size_t len = 0;
	r->text[0] = '\0';
	for (uint32_t i = 0; i < r->n; i++)
		len += (size_t)snprintf(
			r->text + len, sizeof(r->text) - len, "%s%u", i > 0 ? " " : "", r->ids[i]
		);
	return r->text;
}

static inline void pool_rig_checked(const struct pool_rig *r) {
	const struct stream_pool_stats *s = stream_pool_stats(r->p);
	cr_assert_leq(s->octets, r->conf.memory);
	cr_assert_leq(s->octets_compressed, s->octets);
	cr_assert_eq(s->opened, s->live + s->compressed + s->closed);
}

// At the rig's time, `budget` streams. Returns how many were compressed.
static inline uint32_t pool_rig_advance(struct pool_rig *r, uint32_t budget) {
	uint32_t n = stream_pool_advance(r->p, r->now_us, budget);
	pool_rig_checked(r);
	return n;
}

static inline void pool_rig_scan_octets(
	struct pool_rig *r, struct match_stream **s, const void *octets, uint32_t len
) {
	struct stream_where where = {.key = &r->key, .dir = r->dir, .now_us = r->now_us};
	struct stream_report report = {pool_rig_found, r};
	r->n = 0;
	stream_pool_scan(r->p, s, &where, octets, len, &report);
	pool_rig_checked(r);
}

static inline const char *
pool_rig_scan(struct pool_rig *r, struct match_stream **s, const char *text) {
	pool_rig_scan_octets(r, s, text, (uint32_t)strlen(text));
	return pool_rig_told(r);
}

static inline const char *pool_rig_end(struct pool_rig *r, struct match_stream **s) {
	struct stream_report report = {pool_rig_found, r};
	r->n = 0;
	stream_pool_end(r->p, s, &report);
	pool_rig_checked(r);
	return pool_rig_told(r);
}

static inline void pool_rig_alone_octets(struct pool_rig *r, const void *octets, uint32_t len) {
	struct stream_where where = {.key = &r->key, .dir = r->dir, .now_us = r->now_us};
	struct stream_report report = {pool_rig_found, r};
	r->n = 0;
	stream_pool_alone(r->p, &where, octets, len, &report);
	pool_rig_checked(r);
}

static inline const char *pool_rig_alone(struct pool_rig *r, const char *text) {
	pool_rig_alone_octets(r, text, (uint32_t)strlen(text));
	return pool_rig_told(r);
}

// A call is made once, whatever the assertion does with its argument.
#define assert_told(call, ids)                                                            \
	do {                                                                              \
		const char *told_ = (call);                                               \
		cr_assert_str_eq(told_, ids, "told \"%s\", expected \"%s\"", told_, ids); \
	} while (0)
