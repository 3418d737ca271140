// Sorts the names of all refusals, counts those that are the same, and sorts again by the counts.

#include "rule_reasons.h"

#include "match/rules/rule_group.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b) {
	const struct rule_reason *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static int by_count(const void *a, const void *b) {
	const struct rule_reason *x = a, *y = b;
	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->name, y->name);
}

static bool counts(const char *group, enum rule_reasons_of which) {
	return which == RULE_REASONS_ALL
		|| rule_group_is_fault(group) == (which == RULE_REASONS_FAULTS);
}

int rule_reasons_init(
	struct rule_reasons *r, const struct rule_files *f, enum rule_reasons_of which
) {
	*r = (struct rule_reasons){};
	r->item = calloc((size_t)rule_files_refused(f) + 1, sizeof(*r->item));
	if (r->item == NULL)
		return -ENOMEM;
	for (uint32_t i = 0, n; i < f->n_files; i++) {
		const struct refusal *list = rule_files_refusals(f, i, &n);
		for (uint32_t k = 0; k < n; k++)
			if (counts(list[k].group, which))
				r->item[r->refused++] = (struct rule_reason){list[k].group, 1};
	}
	qsort(r->item, r->refused, sizeof(*r->item), by_name);
	for (uint32_t i = 0; i < r->refused; i++) {
		if (r->n > 0 && strcmp(r->item[r->n - 1].name, r->item[i].name) == 0)
			r->item[r->n - 1].n++;
		else
			r->item[r->n++] = r->item[i];
	}
	qsort(r->item, r->n, sizeof(*r->item), by_count);
	return 0;
}

void rule_reasons_fini(struct rule_reasons *r) {
	free(r->item);
	*r = (struct rule_reasons){};
}

void rule_reasons_line(const struct rule_reasons *r, uint32_t most, FILE *to) {
	uint32_t left = r->refused;
	// One that is left over is named as well.
	uint32_t shown = r->n <= most + 1 ? r->n : most;
	for (uint32_t i = 0; i < shown; i++) {
		fprintf(to, "%s%u %s", i > 0 ? ", " : "", r->item[i].n, r->item[i].name);
		left -= r->item[i].n;
	}
	if (left > 0)
		fprintf(to, ", %u for %u other reasons", left, r->n - shown);
}

void rule_reasons_table(const struct rule_reasons *r, FILE *to) {
	for (uint32_t i = 0; i < r->n; i++)
		fprintf(to, "%8u  %s\n", r->item[i].n, r->item[i].name);
}
