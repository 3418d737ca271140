// Counts what was accepted by file and what was refused by reason, and prints both as text, JSON and log.

#include "rule_report.h"

#include "app/rule_reasons.h"
#include "base/log.h"
#include "base/units.h"
#include "match/rules/rule_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 10 // of a file, where they are not asked for one by one
#define REASONS 6 // in a line of the log

static void
print_counts(const char *name, int width, uint32_t accepted, uint32_t refused, FILE *to) {
	fprintf(to, "%-*s  %7u accepted  %7u refused\n", width, name, accepted, refused);
}

static void print_files(const struct rule_files *f, FILE *to) {
	int width = (int)strlen("total");
	for (uint32_t i = 0; i < f->n_files; i++) {
		int len = (int)strlen(rule_files_name(f, i));
		width = len > width ? len : width;
	}
	for (uint32_t i = 0; i < f->n_files; i++) {
		uint32_t refused;
		rule_files_refusals(f, i, &refused);
		print_counts(
			rule_files_name(f, i), width, rule_files_accepted_of(f, i), refused, to
		);
	}
	if (f->n_files > 1)
		print_counts("total", width, rule_files_accepted(f), rule_files_refused(f), to);
}

static void print_refused(const char *name, const struct refusal *r, FILE *to) {
	fprintf(to, "%s:%u: %s%s%s\n", name, r->line, r->rule, r->rule[0] != '\0' ? ": " : "",
		r->reason);
}

// Of those that are mistakes, or of the others. Returns how many.
static uint32_t print_kind(const struct rule_files *f, bool faults, uint32_t most, FILE *to) {
	uint32_t shown = 0, n;
	for (uint32_t i = 0; i < f->n_files; i++) {
		const struct refusal *r = rule_files_refusals(f, i, &n);
		for (uint32_t k = 0; k < n && shown < most; k++) {
			if (rule_group_is_fault(r[k].group) != faults)
				continue;
			print_refused(rule_files_name(f, i), &r[k], to);
			shown++;
		}
	}
	return shown;
}

static void print_list(const struct rule_files *f, FILE *to) {
	for (uint32_t i = 0, n; i < f->n_files; i++) {
		const struct refusal *r = rule_files_refusals(f, i, &n);
		for (uint32_t k = 0; k < n; k++)
			print_refused(rule_files_name(f, i), &r[k], to);
	}
}

int rule_report_text(const struct rule_files *f, uint32_t most, FILE *to) {
	uint32_t all = rule_files_refused(f);
	struct rule_reasons reasons;
	print_files(f, to);
	if (all == 0)
		return 0;
	fputc('\n', to);
	if (all <= most) {
		print_list(f, to);
	} else {
		uint32_t faults = print_kind(f, true, most, to);
		print_kind(f, false, most - faults, to);
		fprintf(to, "and %u more; sluice rules FILE lists them\n", all - most);
	}
	int ret = rule_reasons_init(&reasons, f, RULE_REASONS_ALL);
	if (ret == 0) {
		fputs("\nrefused, by reason\n", to);
		rule_reasons_table(&reasons, to);
	}
	rule_reasons_fini(&reasons);
	return ret;
}

static int by_name(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Sorts the names and gives each that differs to `print`, with how many times it is there; commas
// between.
static void print_groups(
	const char **groups, uint32_t n, void print(const char *, uint32_t, FILE *), FILE *to
) {
	if (n > 1)
		qsort(groups, n, sizeof(*groups), by_name);
	for (uint32_t i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n && strcmp(groups[i + same], groups[i]) == 0;)
			same++;
		fputs(i > 0 ? "," : "", to);
		print(groups[i], same, to);
	}
}

static void print_json_group(const char *group, uint32_t n, FILE *to) {
	fprintf(to, "\"%s\":%u", group, n);
}

static void print_text_group(const char *group, uint32_t n, FILE *to) {
	fprintf(to, " %u %s", n, group);
}

int rule_report_json(const struct rule_files *f, FILE *to) {
	uint32_t refused = rule_files_refused(f), at = 0, n;
	const char **groups = calloc((size_t)refused + 1, sizeof(*groups));
	if (groups == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < f->n_files; i++) {
		const struct refusal *r = rule_files_refusals(f, i, &n);
		for (uint32_t k = 0; k < n; k++)
			groups[at++] = r[k].group;
	}
	fprintf(to, "{\"accepted\":%u,\"refused\":%u,\"reasons\":{", rule_files_accepted(f),
		refused);
	print_groups(groups, refused, print_json_group, to);
	fprintf(to, "}}\n");
	free(groups);
	return 0;
}

// Of one file.
static int
print_findings(const char *name, const struct refusal *r, uint32_t n, const char *kind, FILE *to) {
	for (uint32_t k = 0; k < n && k < SHOWN; k++)
		fprintf(to, "%s:%u: %s: rule%s%s refused: %s\n", name, r[k].line, kind,
			r[k].rule[0] != '\0' ? " " : "", r[k].rule, r[k].reason);
	if (n <= SHOWN)
		return 0;
	const char **groups = calloc(n - SHOWN, sizeof(*groups));
	if (groups == NULL)
		return -ENOMEM;
	for (uint32_t k = SHOWN; k < n; k++)
		groups[k - SHOWN] = r[k].group;
	fprintf(to, "%s: %s: %u more rule%s refused; sluice rules %s lists them:", name, kind,
		n - SHOWN, units_plural(n - SHOWN), name);
	print_groups(groups, n - SHOWN, print_text_group, to);
	fputc('\n', to);
	free(groups);
	return 0;
}

int rule_report_findings(const struct rule_files *f, const char *kind, FILE *to) {
	int ret = 0;
	for (uint32_t i = 0; ret == 0 && i < f->n_files; i++) {
		uint32_t n;
		const struct refusal *r = rule_files_refusals(f, i, &n);
		ret = print_findings(rule_files_name(f, i), r, n, kind, to);
	}
	return ret;
}

static void log_refused(const char *name, const struct refusal *r) {
	log_warn(
		"%s:%u: rule%s%s refused: %s", name, r->line, r->rule[0] != '\0' ? " " : "",
		r->rule, r->reason
	);
}

static void log_first(const struct rule_files *f, bool faults) {
	uint32_t shown = 0, n;
	for (uint32_t i = 0; i < f->n_files; i++) {
		const struct refusal *r = rule_files_refusals(f, i, &n);
		for (uint32_t k = 0; k < n && shown < SHOWN; k++) {
			if (rule_group_is_fault(r[k].group) != faults)
				continue;
			log_refused(rule_files_name(f, i), &r[k]);
			shown++;
		}
	}
}

// What somebody has to mend is shown one by one; of what rules from elsewhere ask for in their thousands
// it is the reasons that matter.
static void log_kind(const struct rule_files *f, bool faults) {
	struct rule_reasons reasons;
	char *line = NULL;
	size_t len;
	FILE *to = open_memstream(&line, &len);
	int ret = rule_reasons_init(
		&reasons, f, faults ? RULE_REASONS_FAULTS : RULE_REASONS_OTHERS
	);
	if (ret == 0 && to != NULL)
		rule_reasons_line(&reasons, REASONS, to);
	if (to != NULL)
		fclose(to);
	if (faults || reasons.refused <= SHOWN)
		log_first(f, faults);
	if (reasons.refused > SHOWN)
		log_warn(
			"%u rules %s: %s; sluice rules FILE lists them", reasons.refused,
			faults ? "have mistakes and are left out"
			       : "ask for what cannot be had and are left out",
			line != NULL ? line : "(out of memory)"
		);
	rule_reasons_fini(&reasons);
	free(line);
}

void rule_report_log(const struct rule_files *f) {
	log_kind(f, true);
	log_kind(f, false);
}

uint32_t rule_report_faults(const struct rule_files *f, char *first, size_t len) {
	uint32_t faults = 0;
	for (uint32_t i = 0, n; i < f->n_files; i++) {
		const struct refusal *r = rule_files_refusals(f, i, &n);
		for (uint32_t k = 0; k < n; k++) {
			if (!rule_group_is_fault(r[k].group) || faults++ > 0)
				continue;
			snprintf(
				first, len, "%s:%u: %s%s%s", rule_files_name(f, i), r[k].line,
				r[k].rule, r[k].rule[0] != '\0' ? ": " : "", r[k].reason
			);
		}
	}
	return faults;
}
