// Reports about a ruleset: text, JSON, log.

#include "rule_report.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int rule_report_json(const struct ruleset *rs, FILE *to) {
	uint32_t n = rs->n_refusals;
	const char **groups = calloc((size_t)n + 1, sizeof(*groups));
	if (groups == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		groups[i] = rs->refusals[i].group;
	qsort(groups, n, sizeof(*groups), by_name);
	fprintf(to, "{\"accepted\":%u,\"refused\":%u,\"reasons\":{", rs->n_patterns, n);
	for (uint32_t i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n && strcmp(groups[i + same], groups[i]) == 0;)
			same++;
		fprintf(to, "%s\"%s\":%u", i > 0 ? "," : "", groups[i], same);
	}
	fprintf(to, "}}\n");
	free(groups);
	return 0;
}

struct totals {
	uint32_t accepted, refused;
};

static void print_summary(const char *name, int name_width, struct totals t, FILE *to) {
	fprintf(to, "%-*s  %7u accepted  %7u refused\n", name_width, name, t.accepted, t.refused);
}

static void print_refusal(const struct ruleset *rs, const struct refusal *r, FILE *to) {
	fprintf(to, "%s:%u: %s%s%s\n", rs->files[r->file], r->line, r->rule,
		r->rule[0] != '\0' ? ": " : "", r->reason);
}

int rule_report_text(const struct ruleset *rs, uint32_t most, FILE *to) {
	struct totals all = {.accepted = rs->n_patterns, .refused = rs->n_refusals};
	struct totals *by_file = calloc((size_t)rs->n_files + 1, sizeof(*by_file));
	int width = strlen("total");
	if (by_file == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < rs->n_patterns; i++)
		by_file[rs->patterns[i].file].accepted++;
	for (uint32_t i = 0; i < rs->n_refusals; i++)
		by_file[rs->refusals[i].file].refused++;
	for (uint32_t i = 0; i < rs->n_files; i++) {
		if ((int)strlen(rs->files[i]) > width)
			width = (int)strlen(rs->files[i]);
	}
	for (uint32_t i = 0; i < rs->n_files; i++)
		print_summary(rs->files[i], width, by_file[i], to);
	if (rs->n_files > 1)
		print_summary("total", width, all, to);
	if (rs->n_refusals > 0)
		fputc('\n', to);
	for (uint32_t i = 0; i < rs->n_refusals && i < most; i++)
		print_refusal(rs, &rs->refusals[i], to);
	if (rs->n_refusals > most)
		fprintf(to, "and %u more; sluice rules FILE lists them\n", rs->n_refusals - most);
	free(by_file);
	return 0;
}

#define LOGGED 10

void rule_report_log(const struct ruleset *rs) {
	for (uint32_t i = 0; i < rs->n_refusals && i < LOGGED; i++) {
		const struct refusal *r = &rs->refusals[i];
		log_warn(
			"%s:%u: rule%s%s refused: %s", rs->files[r->file], r->line,
			r->rule[0] != '\0' ? " " : "", r->rule, r->reason
		);
	}
	if (rs->n_refusals > LOGGED)
		log_warn(
			"%u further rules refused; sluice rules FILE lists them",
			rs->n_refusals - LOGGED
		);
}

// Groups of refusals that are somebody's slip. All others stand for what cannot be had here, which a
// rule file from elsewhere may well ask for.
static const char *const faults[] = {
	"bad option", "combination", "compile", "duplicate_id", "extension", "flags", "syntax",
};

bool rule_report_has_faults(const struct ruleset *rs) {
	for (uint32_t i = 0; i < rs->n_refusals; i++)
		for (size_t f = 0; f < sizeof(faults) / sizeof(faults[0]); f++)
			if (strcmp(rs->refusals[i].group, faults[f]) == 0)
				return true;
	return false;
}
