// Counts what was accepted by file, and prints lists as text and as JSON.

#include "rule_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int rule_list_of_patterns(struct rule_list *l, const struct ruleset *rs) {
	*l = (struct rule_list){
		.files = rs->files,
		.n_files = rs->n_files,
		.refusals = rs->refusals,
		.n_refusals = rs->n_refusals,
		.accepted = calloc((size_t)rs->n_files + 1, sizeof(*l->accepted)),
		.n_accepted = rs->n_patterns,
	};
	for (uint32_t i = 0; l->accepted != NULL && i < rs->n_patterns; i++)
		l->accepted[rs->patterns[i].file]++;
	return l->accepted != NULL ? 0 : -ENOMEM;
}

int rule_list_of_rules(struct rule_list *l, const struct snort_rules *rs) {
	*l = (struct rule_list){
		.files = rs->files,
		.n_files = rs->n_files,
		.refusals = rs->refusals,
		.n_refusals = rs->n_refusals,
		.accepted = calloc((size_t)rs->n_files + 1, sizeof(*l->accepted)),
		.n_accepted = rs->n_rules,
	};
	for (uint32_t i = 0; l->accepted != NULL && i < rs->n_rules; i++)
		l->accepted[rs->rules[i].file]++;
	return l->accepted != NULL ? 0 : -ENOMEM;
}

void rule_list_fini(struct rule_list *l) {
	free(l->accepted);
	l->accepted = NULL;
}

static void
print_counts(const char *name, int width, uint32_t accepted, uint32_t refused, FILE *to) {
	fprintf(to, "%-*s  %7u accepted  %7u refused\n", width, name, accepted, refused);
}

// Refusals lie in order of files: those of one are in a row. Returns behind them.
static uint32_t refused_until(const struct rule_list *l, uint32_t file, uint32_t from) {
	while (from < l->n_refusals && l->refusals[from].file == file)
		from++;
	return from;
}

static void print_files(const struct rule_list *l, int width, FILE *to) {
	for (uint32_t file = 0, from = 0, until; file < l->n_files; file++, from = until) {
		until = refused_until(l, file, from);
		print_counts(l->files[file], width, l->accepted[file], until - from, to);
	}
}

static void print_refusal(const struct rule_list *l, const struct refusal *r, FILE *to) {
	fprintf(to, "%s:%u: %s%s%s\n", l->files[r->file], r->line, r->rule,
		r->rule[0] != '\0' ? ": " : "", r->reason);
}

void rule_lists_text(const struct rule_list *lists, uint32_t n, uint32_t most, FILE *to) {
	int width = (int)strlen("total");
	uint32_t accepted = 0, refused = 0, n_files = 0, shown = 0;
	for (uint32_t i = 0; i < n; i++) {
		accepted += lists[i].n_accepted;
		refused += lists[i].n_refusals;
		n_files += lists[i].n_files;
		for (uint32_t f = 0; f < lists[i].n_files; f++) {
			if ((int)strlen(lists[i].files[f]) > width)
				width = (int)strlen(lists[i].files[f]);
		}
	}
	for (uint32_t i = 0; i < n; i++)
		print_files(&lists[i], width, to);
	if (n_files > 1)
		print_counts("total", width, accepted, refused, to);
	if (refused > 0)
		fputc('\n', to);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < lists[i].n_refusals && shown < most; k++, shown++)
			print_refusal(&lists[i], &lists[i].refusals[k], to);
	}
	if (refused > most)
		fprintf(to, "and %u more; sluice rules FILE lists them\n", refused - most);
}

static int by_name(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int rule_lists_json(const struct rule_list *lists, uint32_t n, FILE *to) {
	uint32_t accepted = 0, refused = 0, at = 0;
	for (uint32_t i = 0; i < n; i++) {
		accepted += lists[i].n_accepted;
		refused += lists[i].n_refusals;
	}
	const char **groups = calloc((size_t)refused + 1, sizeof(*groups));
	if (groups == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < lists[i].n_refusals; k++)
			groups[at++] = lists[i].refusals[k].group;
	}
	if (refused > 1)
		qsort(groups, refused, sizeof(*groups), by_name);
	fprintf(to, "{\"accepted\":%u,\"refused\":%u,\"reasons\":{", accepted, refused);
	for (uint32_t i = 0, same; i < refused; i += same) {
		for (same = 1; i + same < refused && strcmp(groups[i + same], groups[i]) == 0;)
			same++;
		fprintf(to, "%s\"%s\":%u", i > 0 ? "," : "", groups[i], same);
	}
	fprintf(to, "}}\n");
	free(groups);
	return 0;
}
