// lib/match/verify/verify_gate.c: which content or pcre a rule is searched by, and that no payload which the
// rule matches is kept from the verifier.

#include "match/verify/verify_gate.h"

#include "dice.h"
#include "match/rules/ruleset.h"
#include "match/verify/verify.h"
#include "rule_one.h"

#include <criterion/criterion.h>
#include <hs.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(verify_gate, a_content_that_must_be_there_is_the_gate) {
	static const struct {
		const char *options, *literal;
		bool nocase;
		uint32_t start_min, end_max;
	} t[] = {
		{"content:\"ab\";", "ab", false, 0, UINT32_MAX},
		{"content:\"ab\"; nocase;", "ab", true, 0, UINT32_MAX},
		{"content:\"ab\"; content:\"cde\";", "cde", false, 0, UINT32_MAX},
		{"content:\"abc\"; content:\"cde\";", "abc", false, 0, UINT32_MAX},
		{"content:\"abc\"; content:!\"abcdef\";", "abc", false, 0, UINT32_MAX},
		{"content:\"abc\"; content:\"x\"; fast_pattern;", "x", false, 0, UINT32_MAX},
		{"content:\"abc\"; content:\"x\"; fast_pattern:only;", "x", false, 0, UINT32_MAX},
		{"content:\"abcdef\"; fast_pattern:2,3; content:\"abcdefgh\";", "cde", false, 2,
		 UINT32_MAX},
		{"content:\"abc\"; offset:4;", "abc", false, 4, UINT32_MAX},
		{"content:\"abc\"; depth:7;", "abc", false, 0, 7},
		{"content:\"abc\"; offset:4; depth:7;", "abc", false, 4, 11},
		{"content:\"abcde\"; offset:4; depth:7; fast_pattern:1,3;", "bcd", false, 5, 10},
		{"content:\"abc\"; startswith;", "abc", false, 0, 3},
		{"content:\"abc\"; distance:4; within:5;", "abc", false, 0, UINT32_MAX},
		{"pcre:\"/abcdef/\"; content:\"abc\"; distance:4;", "abc", false, 0, UINT32_MAX},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct snort_rules rs = {};
		struct verify_gate g;
		const struct snort_rule *rule = rule_one(&rs, t[i].options);
		cr_assert_not_null(rule, "%s", t[i].options);
		cr_assert_eq(verifier_gate(rule, &g), 0);
		cr_assert_eq(g.kind, VERIFY_GATE_LITERAL, "%s", t[i].options);
		cr_expect_eq(g.len, strlen(t[i].literal), "%s", t[i].options);
		cr_expect_eq(memcmp(g.octets, t[i].literal, g.len), 0, "%s", t[i].options);
		cr_expect_eq(g.nocase, t[i].nocase, "%s", t[i].options);
		cr_expect_eq(g.start_min, t[i].start_min, "%s", t[i].options);
		cr_expect_eq(g.end_max, t[i].end_max, "%s", t[i].options);
		verify_gate_fini(&g);
		snort_rules_fini(&rs);
	}
}

Test(verify_gate, a_long_content_is_cut_and_still_ends_in_its_depth) {
	char options[2048];
	struct snort_rules rs = {};
	struct verify_gate g;
	int at = snprintf(options, sizeof(options), "content:\"");
	memset(&options[at], 'a', 1000);
	snprintf(&options[at + 1000], sizeof(options) - 1000 - (size_t)at, "\"; depth:1010;");
	const struct snort_rule *rule = rule_one(&rs, options);
	cr_assert_not_null(rule);
	cr_assert_eq(verifier_gate(rule, &g), 0);
	cr_assert_eq(g.len, VERIFY_GATE_LEN_MAX);
	cr_assert_eq(g.end_max, 10 + VERIFY_GATE_LEN_MAX);
	snort_rules_fini(&rs);
}

Test(verify_gate, without_a_content_a_pcre_is_the_gate) {
	static const struct {
		const char *options, *regex;
		uint32_t flags;
	} t[] = {
		{"pcre:\"/a|b/\";", "(?:a|b)", 0},
		{"content:!\"x\"; pcre:\"/a|b/ism\";", "(?:a|b)",
		 PATTERN_CASELESS | PATTERN_DOTALL | PATTERN_MULTILINE},
		{"pcre:\"/a|b/A\";", "\\A(?:a|b)", 0},
		{"pcre:\"/a # b/x\";", "(?x:a # b\n)", 0},
		{"pcre:!\"/a/\"; pcre:\"/b/R\"; pcre:\"/c/\";", "(?:c)", 0},
		// always
		{"pcre:!\"/a/\";", NULL, 0},
		{"byte_jump:1,0; pcre:\"/^a/R\";", NULL, 0},
		{"content:!\"a\";", NULL, 0},
		{"dsize:>4;", NULL, 0},
		{"isdataat:10; byte_test:1,>,5,0;", NULL, 0},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct snort_rules rs = {};
		struct verify_gate g;
		const struct snort_rule *rule = rule_one(&rs, t[i].options);
		cr_assert_not_null(rule, "%s", t[i].options);
		cr_assert_eq(verifier_gate(rule, &g), 0);
		if (t[i].regex == NULL) {
			cr_expect_eq(g.kind, VERIFY_GATE_ALWAYS, "%s", t[i].options);
			cr_expect_null(g.regex);
		} else {
			cr_assert_eq(g.kind, VERIFY_GATE_PCRE, "%s", t[i].options);
			cr_expect_str_eq(g.regex, t[i].regex);
			cr_expect_eq(g.flags, t[i].flags);
		}
		verify_gate_fini(&g);
		snort_rules_fini(&rs);
	}
}

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	*(bool *)ctx = true;
	return 0;
}

// Random expressions with what Hyperscan cannot do exactly: groups that are remembered, lookaround,
// atomic groups, word boundaries.
static void draw_options(uint64_t *seed, char *out, size_t size) {
	static const char *const atoms[] = {
		"a",   "b",   "(a|b)\\1", "[^a]",  ".",     "a*",       "b+?", "^",
		"$",   "\\b", "(?<=a)",   "(?!b)", "(?=b)", "(?>a|ab)", "a++", "(?:ab|c)+",
		"\\s", "\\W", "c{2}",     "(?i)c", "\\Z",   "a # \\n",
	};
	static const char *const modifiers[] = {"", "i", "s", "m", "x", "A", "E", "sm", "Am", "xi"};
	int n = snprintf(out, size, "pcre:\"/");
	for (uint32_t left = 1 + dice_draw(seed, 4); left > 0; left--)
		n += snprintf(
			&out[n], size - (size_t)n, "%s", atoms[dice_draw(seed, COUNT(atoms))]
		);
	snprintf(&out[n], size - (size_t)n, "/%s\";", modifiers[dice_draw(seed, COUNT(modifiers))]);
}

struct tally {
	uint32_t compiled, held;
};

static void check_options(
	const char *options, uint64_t *seed, struct verify_scratch *scratch, struct tally *tally
) {
	struct snort_rules rs = {};
	struct verify_gate g;
	hs_database_t *db = NULL;
	hs_scratch_t *hs = NULL;
	hs_compile_error_t *why = NULL;
	const struct snort_rule *rule = rule_one(&rs, options);
	struct verifier *v = rule != NULL ? verifier_new(rule, NULL) : NULL;
	if (v == NULL) {
		snort_rules_fini(&rs);
		return;
	}
	cr_assert_eq(verifier_gate(rule, &g), 0);
	cr_assert_eq(g.kind, VERIFY_GATE_PCRE);
	unsigned flags = g.flags | HS_FLAG_PREFILTER | HS_FLAG_ALLOWEMPTY | HS_FLAG_SINGLEMATCH;
	if (hs_compile(g.regex, flags, HS_MODE_BLOCK, NULL, &db, &why) == HS_SUCCESS) {
		cr_assert_eq(hs_alloc_scratch(db, &hs), HS_SUCCESS);
		tally->compiled++;
	}
	for (unsigned i = 0; db != NULL && i < 40; i++) {
		char payload[12];
		uint32_t len = 1 + dice_draw(seed, sizeof(payload));
		bool seen = false;
		for (uint32_t k = 0; k < len; k++)
			payload[k] = "aaabbbcC \n-"[dice_draw(seed, 11)];
		if (!verifier_run(v, scratch, (const uint8_t *)payload, len))
			continue;
		tally->held++;
		cr_assert_eq(hs_scan(db, payload, len, 0, hs, on_match, &seen), HS_SUCCESS);
		cr_assert(seen, "%s (%s) on \"%.*s\"", options, g.regex, (int)len, payload);
	}
	hs_free_compile_error(why);
	hs_free_scratch(hs);
	hs_free_database(db);
	verify_gate_fini(&g);
	verifier_free(v);
	snort_rules_fini(&rs);
}

Test(verify_gate, hyperscan_sees_every_payload_that_a_pcre_matches, .timeout = 250) {
	struct verify_scratch *scratch = verify_scratch_new(64);
	struct tally tally = {};
	char options[256];
	uint64_t seed = 11;
	for (unsigned n = 0; n < 1000; n++) {
		draw_options(&seed, options, sizeof(options));
		check_options(options, &seed, scratch, &tally);
	}
	cr_log_info("%u compiled, %u held", tally.compiled, tally.held);
	cr_assert_gt(tally.compiled, 500u);
	cr_assert_gt(tally.held, 2000u);
	verify_scratch_free(scratch);
}
