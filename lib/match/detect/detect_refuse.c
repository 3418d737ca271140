// Makes all refusals before it takes any rule away, so that a failure leaves the set whole.

#include "detect_refuse.h"

#include "match/rules/ruleset_priv.h"
#include "match/snort/snort_parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int detect_fault_set(struct detect_fault *f, const char *group, const char *reason) {
	f->reason = strdup(reason);
	if (f->reason == NULL)
		return -ENOMEM;
	f->group = group;
	return 0;
}

void detect_faults_free(struct detect_fault *faults, uint32_t n) {
	for (uint32_t i = 0; faults != NULL && i < n; i++)
		free(faults[i].reason);
	free(faults);
}

static int by_place(const void *a, const void *b) {
	const struct refusal *x = a, *y = b;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static int add(struct snort_rules *rs, const struct snort_rule *r, const struct detect_fault *f) {
	char sid[sizeof("sid 4294967295")];
	void *bigger = ruleset_grow(rs->refusals, rs->n_refusals, sizeof(*rs->refusals));
	if (bigger == NULL)
		return -ENOMEM;
	rs->refusals = bigger;
	snprintf(sid, sizeof(sid), "sid %u", r->sid);
	struct refusal one = {
		.file = r->file,
		.line = r->line,
		.rule = strdup(sid),
		.reason = strdup(f->reason),
		.group = f->group,
	};
	rs->refusals[rs->n_refusals++] = one;
	return one.rule != NULL && one.reason != NULL ? 0 : -ENOMEM;
}

int detect_refuse(struct snort_rules *rs, const struct detect_fault *faults) {
	uint32_t before = rs->n_refusals, kept = 0;
	for (uint32_t i = 0; i < rs->n_rules; i++) {
		if (faults[i].group != NULL && add(rs, &rs->rules[i], &faults[i]) < 0) {
			snort_rules_truncate(rs, rs->n_files, rs->n_rules, before);
			return -ENOMEM;
		}
	}
	if (rs->n_refusals == before)
		return 0;
	for (uint32_t i = 0; i < rs->n_rules; i++) {
		if (faults[i].group != NULL)
			snort_rule_fini(&rs->rules[i]);
		else
			rs->rules[kept++] = rs->rules[i];
	}
	rs->n_rules = kept;
	qsort(rs->refusals, rs->n_refusals, sizeof(*rs->refusals), by_place);
	return 0;
}
