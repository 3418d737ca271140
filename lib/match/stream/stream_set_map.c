// Compares two sets: which rules of one are the same in the other, and whether the sets look for the
// same altogether, so that nobody who goes from one to the other sees a difference.

#include "stream_set_priv.h"

#include <stdlib.h>
#include <string.h>

struct comparison {
	const struct stream_set *old, *now;
	const uint32_t *map;
};

// Of files with one name the first of `now` is the first of `old`, and so on.
static bool same_file(const struct comparison *c, uint32_t old, uint32_t *now) {
	const char *name = c->old->files[old];
	uint32_t ahead = 0;
	for (uint32_t i = 0; i < old; i++)
		ahead += strcmp(c->old->files[i], name) == 0;
	for (*now = 0; *now < c->now->n_files; (*now)++) {
		if (strcmp(c->now->files[*now], name) == 0 && ahead-- == 0)
			return true;
	}
	return false;
}

static bool pieces_equal(const struct stream_piece *a, const struct stream_piece *b) {
	const struct pattern *p = &a->pattern, *q = &b->pattern;
	return a->term == b->term && p->flags == q->flags && p->ext == q->ext
		&& p->min_offset == q->min_offset && p->max_offset == q->max_offset
		&& p->min_length == q->min_length && p->edit_distance == q->edit_distance
		&& p->hamming_distance == q->hamming_distance && strcmp(p->regex, q->regex) == 0;
}

static bool
combinations_equal(const struct stream_combination *a, const struct stream_combination *b) {
	if (a == NULL || b == NULL)
		return a == b;
	return a->min_offset == b->min_offset && a->max_offset == b->max_offset
		&& a->once == b->once && combination_code_equal(a->code, b->code);
}

// What a combination is about is in its pieces.
static bool plans_equal(const struct stream_plan *a, const struct stream_plan *b) {
	if (a->n_pieces != b->n_pieces || a->n_terms != b->n_terms || a->wanted != b->wanted
	    || a->unwanted != b->unwanted || !combinations_equal(a->combination, b->combination))
		return false;
	for (uint32_t i = 0; i < a->n_pieces; i++) {
		if (!pieces_equal(&a->pieces[i], &b->pieces[i]))
			return false;
	}
	return true;
}

// The rule that is the same in `now`, or NULL.
static const struct stream_set_rule *same_rule(const struct comparison *c, uint32_t i) {
	const struct stream_set_rule *old = &c->old->rules[i], *now;
	uint32_t file;
	if (old->number == STREAM_NO_RULE)
		return NULL;
	if (i >= c->old->n_patterns) {
		now = stream_set_find_rule(c->now, old->scope, old->id);
	} else {
		if (!same_file(c, old->scope, &file))
			return NULL;
		now = stream_set_find_pattern(c->now, file, old->id);
	}
	if (now == NULL || now->number == STREAM_NO_RULE || !plans_equal(old->plan, now->plan))
		return NULL;
	return now;
}

static bool databases_equal(const hs_database_t *a, const hs_database_t *b) {
	char *x = NULL, *y = NULL;
	size_t x_len = 0, y_len = 0;
	bool equal = hs_serialize_database(a, &x, &x_len) == HS_SUCCESS
		&& hs_serialize_database(b, &y, &y_len) == HS_SUCCESS && x_len == y_len
		&& memcmp(x, y, x_len) == 0;
	free(x);
	free(y);
	return equal;
}

static bool members_equal(
	const struct comparison *c, const struct stream_set_group *old,
	const struct stream_set_group *now, uint32_t i
) {
	const struct stream_member *a = &old->members[i], *b = &now->members[i];
	const struct snort_rule *r = c->old->rules[old->rules[i]].rule;
	const struct snort_rule *q = c->now->rules[now->rules[i]].rule;
	if (a->state != b->state)
		return false;
	// What both have refused is not looked at.
	if (a->rule == STREAM_NO_RULE || b->rule == STREAM_NO_RULE)
		return a->rule == b->rule;
	if (c->map[a->rule] != b->rule)
		return false;
	return (r == NULL && q == NULL) || (r != NULL && q != NULL && stream_heads_equal(r, q));
}

static bool
targets_equal(const struct stream_target *a, const struct stream_target *b, uint32_t n) {
	for (uint32_t i = 0; i < n; i++) {
		if (a[i].member != b[i].member || a[i].piece != b[i].piece
		    || a[i].seen != b[i].seen)
			return false;
	}
	return true;
}

static bool groups_equal(const struct comparison *c, uint32_t group) {
	const struct stream_set_group *old = &c->old->groups[group], *now = &c->now->groups[group];
	const struct stream_group *a = &old->shown, *b = &now->shown;
	if (a->n_members != b->n_members || a->n_states != b->n_states
	    || a->n_targets != b->n_targets || a->n_shared != b->n_shared
	    || a->stream_octets != b->stream_octets)
		return false;
	for (uint32_t i = 0; i < a->n_members; i++) {
		if (!members_equal(c, old, now, i))
			return false;
	}
	return targets_equal(a->target, b->target, a->n_targets)
		&& targets_equal(a->shared, b->shared, a->n_shared)
		&& databases_equal(a->db, b->db);
}

// A direction with a port has the same groups in both.
static bool ports_equal(const struct comparison *c) {
	for (uint32_t i = 0; i < DETECT_DIRS * 2; i++) {
		for (uint32_t port = 0; port < DETECT_PORTS; port++) {
			if (stream_set_group_by_port(c->old, i / 2, i % 2, (uint16_t)port)
			    != stream_set_group_by_port(c->now, i / 2, i % 2, (uint16_t)port))
				return false;
		}
	}
	return true;
}

bool stream_set_map(
	const struct stream_set *old, const struct stream_set *now, uint32_t *map, uint32_t n_old
) {
	struct comparison c = {.old = old, .now = now, .map = map};
	bool all = old->stats.rules == now->stats.rules && old->n_groups == now->n_groups
		&& old->n_patterns == now->n_patterns;
	for (uint32_t i = 0; i < n_old; i++)
		map[i] = STREAM_NO_RULE;
	for (uint32_t i = 0; i < old->n_rules; i++) {
		uint32_t number = old->rules[i].number;
		if (number >= n_old) {
			all = all && number == STREAM_NO_RULE;
			continue;
		}
		const struct stream_set_rule *same = same_rule(&c, i);
		map[number] = same != NULL ? same->number : STREAM_NO_RULE;
		all = all && same != NULL;
	}
	all = all && ports_equal(&c);
	for (uint32_t i = 0; all && i < old->n_groups; i++)
		all = groups_equal(&c, i);
	return all;
}
