// Reports about a ruleset: text, JSON, log.

#include "rule_report.h"

#include "rule_list.h"

#include "base/log.h"

#include <string.h>

int rule_report_json(const struct ruleset *rs, FILE *to) {
	struct rule_list list;
	int ret = rule_list_of_patterns(&list, rs);
	if (ret == 0)
		ret = rule_lists_json(&list, 1, to);
	rule_list_fini(&list);
	return ret;
}

int rule_report_text(const struct ruleset *rs, uint32_t most, FILE *to) {
	struct rule_list list;
	int ret = rule_list_of_patterns(&list, rs);
	if (ret == 0)
		rule_lists_text(&list, 1, most, to);
	rule_list_fini(&list);
	return ret;
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
