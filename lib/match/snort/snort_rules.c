// Keeps rules and refusals in arrays that grow by doubling, and settles which of several revisions of
// a rule counts.

#include "snort_rules.h"

#include "match/rules/ruleset_priv.h"
#include "snort_parse.h"
#include "snort_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void snort_rules_truncate(
	struct snort_rules *rs, uint32_t n_files, uint32_t n_rules, uint32_t n_refusals
) {
	while (rs->n_files > n_files)
		free(rs->files[--rs->n_files]);
	while (rs->n_rules > n_rules)
		snort_rule_fini(&rs->rules[--rs->n_rules]);
	while (rs->n_refusals > n_refusals) {
		struct refusal *r = &rs->refusals[--rs->n_refusals];
		free(r->rule);
		free(r->reason);
	}
}

void snort_rules_fini(struct snort_rules *rs) {
	snort_rules_truncate(rs, 0, 0, 0);
	free(rs->files);
	free(rs->rules);
	free(rs->refusals);
	snort_names_fini(&rs->flowbits);
	snort_names_fini(&rs->xbits);
	snort_pool_fini(&rs->pool);
	*rs = (struct snort_rules){};
}

int snort_rules_add_file(struct snort_rules *rs, const char *name) {
	char **bigger = ruleset_grow(rs->files, rs->n_files, sizeof(*rs->files));
	if (bigger == NULL)
		return -ENOMEM;
	rs->files = bigger;
	rs->files[rs->n_files] = strdup(name);
	if (rs->files[rs->n_files] == NULL)
		return -ENOMEM;
	rs->n_files++;
	return 0;
}

static int number_bits(struct snort_rules *rs, const struct snort_bit *b) {
	struct snort_names *names = b->track == SNORT_BIT_FLOW ? &rs->flowbits : &rs->xbits;
	// The rule's own memory, const for everyone else.
	uint32_t *ids = (uint32_t *)(uintptr_t)b->ids;
	for (uint32_t i = 0; i < b->n; i++) {
		const char *name = b->names[i];
		struct snort_text text = {name, name + strlen(name)};
		ids[i] = snort_names_add(names, text);
		if (ids[i] == SNORT_NAME_NONE)
			return -ENOMEM;
	}
	return 0;
}

int snort_rules_add(struct snort_rules *rs, struct snort_rule *rule) {
	void *bigger = ruleset_grow(rs->rules, rs->n_rules, sizeof(*rs->rules));
	if (bigger == NULL)
		return -ENOMEM;
	rs->rules = bigger;
	for (uint32_t i = 0; i < rule->n_bits; i++) {
		if (number_bits(rs, &rule->bits[i]) < 0)
			return -ENOMEM;
	}
	rule->file = rs->n_files - 1;
	rs->rules[rs->n_rules++] = *rule;
	*rule = (struct snort_rule){};
	return 0;
}

static int add_refusal(struct snort_rules *rs, struct refusal r, uint32_t sid, const char *reason) {
	char rule[sizeof("sid 4294967295")] = "";
	void *bigger = ruleset_grow(rs->refusals, rs->n_refusals, sizeof(*rs->refusals));
	if (bigger == NULL)
		return -ENOMEM;
	rs->refusals = bigger;
	if (sid != 0)
		snprintf(rule, sizeof(rule), "sid %u", sid);
	r.rule = strdup(rule);
	r.reason = strdup(reason);
	if (r.rule == NULL || r.reason == NULL) {
		free(r.rule);
		free(r.reason);
		return -ENOMEM;
	}
	rs->refusals[rs->n_refusals++] = r;
	return 0;
}

int snort_rules_refuse(
	struct snort_rules *rs, uint32_t line, uint32_t sid, const char *group, const char *reason
) {
	struct refusal r = {.file = rs->n_files - 1, .line = line, .group = group};
	return add_refusal(rs, r, sid, reason);
}

// A rule's place in the contest of revisions.
struct entry {
	uint32_t gid, sid, rev, index;
};

// Of one (gid, sid) the one that stays comes first.
static int by_id(const void *a, const void *b) {
	const struct entry *x = a, *y = b;
	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	if (x->sid != y->sid)
		return x->sid < y->sid ? -1 : 1;
	if (x->rev != y->rev)
		return x->rev > y->rev ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static int by_place(const void *a, const void *b) {
	const struct refusal *x = a, *y = b;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static int refuse_loser(struct snort_rules *rs, uint32_t loser, uint32_t winner) {
	const struct snort_rule *l = &rs->rules[loser], *w = &rs->rules[winner];
	struct refusal r = {.file = l->file, .line = l->line, .group = "duplicate sid"};
	struct err reason;
	err_set(&reason, 0, "sid %u with rev %u stands in %s:%u; this is rev %u", l->sid, w->rev,
		rs->files[w->file], w->line, l->rev);
	return add_refusal(rs, r, l->sid, reason.text);
}

// Marks losers in `lost`. Returns how many, or -ENOMEM with the refusals as before.
static int64_t
refuse_losers(struct snort_rules *rs, const struct entry *e, uint32_t n, bool *lost) {
	uint32_t before = rs->n_refusals, winner = 0;
	int64_t n_lost = 0;
	for (uint32_t i = 1; i < n; i++) {
		if (e[i].gid != e[winner].gid || e[i].sid != e[winner].sid) {
			winner = i;
			continue;
		}
		if (refuse_loser(rs, e[i].index, e[winner].index) < 0) {
			snort_rules_truncate(rs, rs->n_files, rs->n_rules, before);
			return -ENOMEM;
		}
		lost[e[i].index] = true;
		n_lost++;
	}
	return n_lost;
}

int snort_rules_settle(struct snort_rules *rs) {
	uint32_t n = rs->n_rules;
	struct entry *entries = malloc(((size_t)n + 1) * sizeof(*entries));
	bool *lost = calloc((size_t)n + 1, sizeof(*lost));
	int64_t n_lost = -ENOMEM;
	if (entries != NULL && lost != NULL) {
		for (uint32_t i = 0; i < n; i++) {
			const struct snort_rule *r = &rs->rules[i];
			entries[i] = (struct entry){r->gid, r->sid, r->rev, i};
		}
		qsort(entries, n, sizeof(*entries), by_id);
		n_lost = refuse_losers(rs, entries, n, lost);
	}
	if (n_lost > 0) {
		uint32_t kept = 0;
		for (uint32_t i = 0; i < n; i++) {
			if (lost[i])
				snort_rule_fini(&rs->rules[i]);
			else
				rs->rules[kept++] = rs->rules[i];
		}
		rs->n_rules = kept;
	}
	if (n_lost >= 0 && rs->n_refusals > 0)
		qsort(rs->refusals, rs->n_refusals, sizeof(*rs->refusals), by_place);
	free(entries);
	free(lost);
	return n_lost < 0 ? -ENOMEM : 0;
}
