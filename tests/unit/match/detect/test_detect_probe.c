// lib/match/detect/detect_probe.c: expressions that would keep Hyperscan's compiler busy are stopped, and cost
// the rule and nothing else.

#include "match/detect/detect_probe.h"

#include "match/detect/detect.h"
#include "match/snort/snort_file.h"

#include "repeat.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

// Takes Hyperscan seconds and a hundred megabytes.
#define DEAR "([^\\n]{1,900}a[^x]{1,900}b){20}([^y]{1,900}c[^z]{1,900}d){20}"

Test(detect_probe, only_what_is_long_or_repeats_much_is_tried) {
	static const struct {
		const char *regex;
		bool wanted;
	} t[] = {
		{"abc", false},
		{"a{3}b{2,5}", false},
		{"^GET [^\\r\\n]{200}", false},
		{"[^\\n]{500}", true},
		{"(a{1,90}b){1,90}", true},
		{"a{99999999999999999999}", true},
		{"a{2,}", false},
		{"a{", false},
		{"a{,}", false},
		{"{1000}{1000}", true},
		{"\\x{1000}b{9}", true},
	};
	for (unsigned i = 0; i < COUNT(t); i++)
		cr_expect_eq(detect_probe_is_wanted(t[i].regex), t[i].wanted, "%s", t[i].regex);
	char *text = repeat("ab", 1000);
	cr_expect(detect_probe_is_wanted(text));
	free(text);
}

Test(detect_probe, says_what_became_of_an_expression, .timeout = 60) {
	const unsigned flags = HS_FLAG_PREFILTER | HS_FLAG_ALLOWEMPTY;
	struct detect_probe p = {};
	struct err err = {};
	cr_expect_eq(detect_probe_run(&p, "ab{1,500}c", flags, &err), 0);
	cr_expect_eq(detect_probe_run(&p, "(ab", flags, &err), 1);
	cr_expect_eq(detect_probe_run(&p, "a{30000}", flags, &err), 1, "too large, at once");
	p.limit_ms = 20;
	cr_expect_eq(detect_probe_run(&p, DEAR, flags, &err), -E2BIG);
	cr_expect_not_null(strstr(err.text, "20 ms of processor time"), "%s", err.text);
	cr_expect_eq(p.tried, 4u);
	cr_expect_geq(p.spent_ms, 20u);
	p.limit_ms = 60000;
	p.limit_octets = 4u << 20;
	cr_expect_eq(detect_probe_run(&p, DEAR, flags, &err), -E2BIG);
	cr_expect_not_null(strstr(err.text, "4 MiB of memory"), "%s", err.text);
	p.spent_ms = DETECT_PROBE_MS_ALL;
	cr_expect_eq(detect_probe_run(&p, "a", flags, &err), -E2BIG);
	cr_expect_not_null(strstr(err.text, "in all"), "%s", err.text);
	cr_expect_eq(p.tried, 5u);
}

Test(detect_probe, a_rule_that_explodes_is_refused_by_its_sid_and_the_others_stay, .timeout = 120) {
	char *text = NULL;
	struct snort_rules rs = {};
	struct err err = {};
	const struct detect_config conf = {.probe_ms = 20};
	int len = asprintf(
		&text,
		"alert tcp any any -> any any (content:\"a\"; sid:1;)\n"
		"alert tcp any any -> any any (pcre:\"/%s/\"; sid:2;)\n"
		"alert tcp any any -> any any (pcre:\"/%s/\"; content:\"x\"; sid:3;)\n",
		DEAR, DEAR
	);
	cr_assert_gt(len, 0);
	cr_assert_eq(snort_file_read_text("t", text, (uint64_t)len, NULL, &rs, &err), 0);
	cr_assert_eq(rs.n_rules, 3u);
	struct detect *d = detect_new(&rs, &conf, &err);
	cr_assert_not_null(d, "%s", err.text);
	cr_assert_eq(rs.n_rules, 2u);
	cr_expect_eq(
		rs.rules[1].sid, 3u, "its content is its gate: the pcre never meets Hyperscan"
	);
	cr_assert_eq(rs.n_refusals, 1u);
	cr_expect_str_eq(rs.refusals[0].rule, "sid 2");
	cr_expect_str_eq(rs.refusals[0].group, "too_large");
	detect_free(d);
	snort_rules_fini(&rs);
	free(text);
}

// Hostile expressions short enough not to be tried apart: they must be cheap then.
Test(detect_probe, what_is_not_tried_compiles_soon, .timeout = 120) {
	static const char *const units[] = {"a?b+c*", ".*a",     "(a|b.)*",  "[ab]?.",
					    "(.?a)?", "a|b.*c|", "(?:a.b)+", "x{9}"};
	for (unsigned i = 0; i < COUNT(units); i++) {
		uint32_t n = 1;
		char *text = repeat(units[i], 1);
		for (;;) {
			char *longer = repeat(units[i], n + 1);
			if (detect_probe_is_wanted(longer)) {
				free(longer);
				break;
			}
			free(text);
			text = longer;
			n++;
		}
		struct detect_probe p = {};
		struct err err = {};
		cr_expect_geq(
			detect_probe_run(&p, text, HS_FLAG_PREFILTER | HS_FLAG_ALLOWEMPTY, &err), 0,
			"%s: %s", text, err.text
		);
		free(text);
	}
}
