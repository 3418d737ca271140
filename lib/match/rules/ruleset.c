// The set of patterns and refusals itself: what is added, moved to the refusals, and freed. Arrays
// grow by doubling whenever their count is a power of two, so a count alone tells their room.

#include "ruleset.h"

#include "rule_text.h"
#include "ruleset_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ruleset *ruleset_new(void) {
	return calloc(1, sizeof(struct ruleset));
}

static void refusal_fini(struct refusal *r) {
	free(r->rule);
	free(r->reason);
}

void ruleset_truncate(
	struct ruleset *rs, uint32_t n_files, uint32_t n_patterns, uint32_t n_refusals
) {
	while (rs->n_files > n_files)
		free(rs->files[--rs->n_files]);
	while (rs->n_patterns > n_patterns)
		free(rs->patterns[--rs->n_patterns].regex);
	while (rs->n_refusals > n_refusals)
		refusal_fini(&rs->refusals[--rs->n_refusals]);
}

void ruleset_free(struct ruleset *rs) {
	if (rs == NULL)
		return;
	ruleset_truncate(rs, 0, 0, 0);
	free(rs->files);
	free(rs->patterns);
	free(rs->refusals);
	free(rs);
}

void *ruleset_grow(void *array, uint32_t n, size_t elem_size) {
	if (n != 0 && (n & (n - 1)) != 0)
		return array;
	return reallocarray(array, n == 0 ? 1 : (size_t)n * 2, elem_size);
}

int ruleset_add_refusal(struct ruleset *rs, const struct refusal *r) {
	void *bigger = ruleset_grow(rs->refusals, rs->n_refusals, sizeof(*rs->refusals));
	if (bigger == NULL)
		return -ENOMEM;
	rs->refusals = bigger;
	struct refusal copy = *r;
	copy.rule = strdup(r->rule);
	copy.reason = strdup(r->reason);
	if (copy.rule == NULL || copy.reason == NULL) {
		refusal_fini(&copy);
		return -ENOMEM;
	}
	rs->refusals[rs->n_refusals++] = copy;
	return 0;
}

static int by_place(const void *a, const void *b) {
	const struct refusal *x = a, *y = b;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

int ruleset_refuse_many(struct ruleset *rs, const struct pattern_fault *faults, uint32_t n) {
	uint32_t before = rs->n_refusals;
	char id[sizeof("4294967295")];
	if (n == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct pattern *p = &rs->patterns[faults[i].pattern];
		snprintf(id, sizeof(id), "%u", p->id);
		struct refusal r = {
			.file = p->file,
			.line = p->line,
			.rule = id,
			.reason = (char *)(uintptr_t)faults[i].reason, // copied
			.group = faults[i].group,
		};
		if (ruleset_add_refusal(rs, &r) < 0) {
			ruleset_truncate(rs, rs->n_files, rs->n_patterns, before);
			return -ENOMEM;
		}
	}
	uint32_t kept = 0, fault = 0;
	for (uint32_t i = 0; i < rs->n_patterns; i++) {
		if (fault < n && faults[fault].pattern == i) {
			free(rs->patterns[i].regex);
			fault++;
		} else {
			rs->patterns[kept++] = rs->patterns[i];
		}
	}
	rs->n_patterns = kept;
	qsort(rs->refusals, rs->n_refusals, sizeof(*rs->refusals), by_place);
	return 0;
}

int ruleset_refuse(struct ruleset *rs, uint32_t i, const char *group, const char *reason) {
	struct pattern_fault fault = {.pattern = i, .group = group, .reason = reason};
	return ruleset_refuse_many(rs, &fault, 1);
}

int ruleset_add_file(struct ruleset *rs, const char *path, struct err *err) {
	char *text;
	uint64_t len;
	int ret = rule_text_read(path, RULESET_FILE_MAX, &text, &len, err);
	if (ret < 0)
		return ret;
	ret = ruleset_add_text(rs, path, text, len, err);
	free(text);
	return ret;
}
