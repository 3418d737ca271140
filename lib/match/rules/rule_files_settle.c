// A rule is known by its gid and sid, and a pattern's are 1 and its id: where a rule of another file has
// the same the pattern is refused, as a rule with a lower rev is, and so is what combines it.

#include "match/combination.h"
#include "rule_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GROUP "duplicate sid"

struct settling {
	struct ruleset *patterns;
	const struct snort_rules *rules;
	const struct snort_rule **rule; // those with gid 1, by sid
	uint32_t n_rules;
	struct pattern_fault *fault; // a pattern has one at most
	uint32_t n_faults;
};

static int by_sid(const void *a, const void *b) {
	const struct snort_rule *const *x = a, *const *y = b;
	return ((*x)->sid > (*y)->sid) - ((*x)->sid < (*y)->sid);
}

static int against_sid(const void *id, const void *rule) {
	const struct snort_rule *const *r = rule;
	uint32_t x = *(const uint32_t *)id;
	return (x > (*r)->sid) - (x < (*r)->sid);
}

static int refuse(struct settling *s, uint32_t pattern, const struct err *reason) {
	char *text = strdup(reason->text);
	if (text == NULL)
		return -ENOMEM;
	s->fault[s->n_faults++] = (struct pattern_fault){pattern, GROUP, text};
	return 0;
}

// What is quiet never tells: nobody can take it for the rule.
static int refuse_duplicates(struct settling *s) {
	int ret = 0;
	for (uint32_t i = 0; ret == 0 && i < s->patterns->n_patterns; i++) {
		const struct pattern *p = &s->patterns->patterns[i];
		const struct snort_rule *const *r = bsearch(
			&p->id, s->rule, s->n_rules, sizeof(*s->rule), against_sid
		);
		struct err reason;
		if (r == NULL || (p->flags & PATTERN_QUIET))
			continue;
		err_set(&reason, 0,
			"id %u is the sid of the rule in %s:%u, which counts (a pattern has gid 1)",
			p->id, s->rules->files[(*r)->file], (*r)->line);
		ret = refuse(s, i, &reason);
	}
	return ret;
}

static int by_file_and_id(const void *a, const void *b, void *patterns) {
	const struct pattern *all = patterns;
	const struct pattern *x = &all[((const struct pattern_fault *)a)->pattern];
	const struct pattern *y = &all[((const struct pattern_fault *)b)->pattern];
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int by_pattern(const void *a, const void *b) {
	const struct pattern_fault *x = a, *y = b;
	return (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

// The fault of the pattern of `file` with this id, of the first `n`, or NULL.
static const struct pattern_fault *
find(const struct settling *s, uint32_t n, uint32_t file, uint32_t id) {
	uint32_t lo = 0, hi = n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct pattern *p = &s->patterns->patterns[s->fault[mid].pattern];
		if (p->file < file || (p->file == file && p->id < id))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == n)
		return NULL;
	const struct pattern *p = &s->patterns->patterns[s->fault[lo].pattern];
	return p->file == file && p->id == id ? &s->fault[lo] : NULL;
}

// No combination is part of another.
static int refuse_combinations(struct settling *s) {
	struct pattern *all = s->patterns->patterns;
	uint32_t n = s->n_faults;
	int ret = 0;
	if (n > 0)
		qsort_r(s->fault, n, sizeof(*s->fault), by_file_and_id, all);
	for (uint32_t i = 0; n > 0 && ret == 0 && i < s->patterns->n_patterns; i++) {
		const struct pattern_fault *part = NULL;
		struct err reason;
		uint32_t id;
		if (!(all[i].flags & PATTERN_COMBINATION) || find(s, n, all[i].file, all[i].id))
			continue;
		for (const char *pos = all[i].regex; part == NULL && combination_next(&pos, &id);)
			part = find(s, n, all[i].file, id);
		if (part == NULL)
			continue;
		err_set(&reason, 0, "combination: %s", part->reason);
		ret = refuse(s, i, &reason);
	}
	return ret;
}

static int settle(struct settling *s) {
	qsort(s->rule, s->n_rules, sizeof(*s->rule), by_sid);
	int ret = refuse_duplicates(s);
	if (ret == 0)
		ret = refuse_combinations(s);
	if (ret < 0 || s->n_faults == 0)
		return ret;
	qsort(s->fault, s->n_faults, sizeof(*s->fault), by_pattern);
	return ruleset_refuse_many(s->patterns, s->fault, s->n_faults);
}

int rule_files_settle(struct rule_files *f) {
	struct settling s = {
		.patterns = f->patterns,
		.rules = &f->rules,
		.rule = calloc(f->rules.n_rules + 1ull, sizeof(*s.rule)),
		.fault = calloc(f->patterns->n_patterns + 1ull, sizeof(*s.fault)),
	};
	int ret = -ENOMEM;
	if (s.rule == NULL || s.fault == NULL)
		goto out;
	for (uint32_t i = 0; i < f->rules.n_rules; i++) {
		if (f->rules.rules[i].gid == 1)
			s.rule[s.n_rules++] = &f->rules.rules[i];
	}
	ret = settle(&s);
out:
	while (s.n_faults > 0)
		free((char *)(uintptr_t)s.fault[--s.n_faults].reason);
	free(s.fault);
	free(s.rule);
	return ret;
}
