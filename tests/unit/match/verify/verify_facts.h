// Facts of the verifier: a rule's options, a payload, and whether it holds.
#pragma once

#include "match/verify/verify.h"

#include "rule_one.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fact {
	const char *options, *payload;
	uint32_t len; // 0: as strlen says
	bool holds;
};

static inline void check_facts(const struct fact *facts, size_t n) {
	struct verify_scratch *scratch = verify_scratch_new(4096);
	for (size_t i = 0; i < n; i++) {
		const struct fact *f = &facts[i];
		struct snort_rules rs = {};
		struct err err = {};
		const struct snort_rule *rule = rule_one(&rs, f->options);
		cr_assert_not_null(
			rule, "%s: %s", f->options, rs.n_refusals > 0 ? rs.refusals[0].reason : ""
		);
		struct verifier *v = verifier_new(rule, &err);
		cr_assert_not_null(v, "%s: %s", f->options, err.text);
		// The verifier keeps nothing of the rule.
		snort_rules_fini(&rs);
		uint32_t len = f->len != 0 ? f->len : (uint32_t)strlen(f->payload);
		bool holds = verifier_run(v, scratch, (const uint8_t *)f->payload, len);
		cr_expect_eq(holds, f->holds, "fact %zu: %s on \"%s\"", i, f->options, f->payload);
		verifier_free(v);
	}
	cr_expect_eq(scratch->limited, 0u);
	verify_scratch_free(scratch);
}

#define CHECK_FACTS(t) check_facts(t, sizeof(t) / sizeof((t)[0]))
