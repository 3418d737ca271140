// Rule files of any octets: reading one never faults, every line is accounted for once, and what is
// accepted can be laid out for the compiler.

#include "match/compile_set.h"
#include "match/rules/ruleset.h"

#include "fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_order(const struct ruleset *rs) {
	for (uint32_t i = 0; i < rs->n_patterns; i++) {
		const struct pattern *p = &rs->patterns[i];
		check(p->regex != NULL && p->file < rs->n_files && p->line > 0);
		check(i == 0 || p[-1].file < p->file || p[-1].line < p->line);
	}
	for (uint32_t i = 0; i < rs->n_refusals; i++) {
		const struct refusal *r = &rs->refusals[i];
		check(r->file < rs->n_files && r->line > 0 && r->group[0] != '\0');
		check(r->reason[0] != '\0' && strlen(r->rule) <= 10);
		check(i == 0 || r[-1].file < r->file || r[-1].line < r->line);
	}
}

static void check_layout(const struct ruleset *rs) {
	struct compile_set set;
	struct compile_verdict *v = calloc((size_t)rs->n_patterns + 1, sizeof(*v));
	check(v != NULL && compile_set_init(&set, rs, MATCHER_BLOCK, v) == 0);
	check(compile_set_lay_out(&set) == 0 && set.n == rs->n_patterns);
	// Ids are unique in a file.
	for (uint32_t i = 1; i < rs->n_patterns; i++) {
		const struct pattern *a = &rs->patterns[set.by_id[i - 1]];
		const struct pattern *b = &rs->patterns[set.by_id[i]];
		check(a->file < b->file || a->id < b->id);
	}
	compile_set_fini(&set);
	compile_verdicts_free(v, rs->n_patterns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct ruleset *rs = ruleset_new();
	struct err err = {};
	check(rs != NULL);
	// Twice, as two files: one id may stand in both.
	for (int i = 0; i < 2; i++)
		check(ruleset_add_text(rs, "fuzz", (const char *)data, size, &err) == 0);
	check((uint64_t)rs->n_patterns + rs->n_refusals <= 2 * count_lines(data, size));
	check(rs->n_patterns % 2 == 0 && rs->n_refusals % 2 == 0);
	check_order(rs);
	check_layout(rs);
	// Every third pattern leaves.
	for (uint32_t i = 0; i < rs->n_patterns; i += 2)
		check(ruleset_refuse(rs, i, "compile", "fuzz") == 0);
	check_order(rs);
	ruleset_free(rs);
	return 0;
}
