// lib/match/stream/stream_plan.c: which expressions rules become, which rules have no plan and why, and
// when reports make a match. That the expressions are exact is test_stream_plan_random.c's.

#include "match/snort/snort_file.h"
#include "match/stream/stream_plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

// The plan of a TCP rule with these options; NULL with the fault told when it has none.
static struct stream_plan *plan_of(const char *options, struct snort_fault *fault) {
	char text[4096];
	struct snort_rules rs = {};
	struct stream_plan *plan;
	struct err err = {};
	int len = snprintf(
		text, sizeof(text), "alert tcp any any -> any any (%s; sid:1;)\n", options
	);
	cr_assert_lt((size_t)len, sizeof(text));
	int ret = snort_file_read_text("t.rules", text, (uint64_t)len, NULL, &rs, &err);
	cr_assert_eq(ret, 0, "%s", err.text);
	cr_assert_eq(
		rs.n_rules, 1u, "%s: %s", options, rs.n_refusals > 0 ? rs.refusals[0].reason : ""
	);
	ret = stream_plan_from_rule(&rs.rules[0], &plan, fault);
	cr_assert_eq(ret == 0, plan != NULL);
	snort_rules_fini(&rs);
	return plan;
}

static void add(char *all, size_t size, const char *text) {
	cr_assert_lt(strlen(all) + strlen(text), size);
	strcat(all, text);
}

// "0 \x61\x62; !1 \x63": each piece with its term.
static void describe(const struct stream_plan *plan, char *text, size_t size) {
	char number[32];
	text[0] = '\0';
	for (uint32_t i = 0; i < plan->n_pieces; i++) {
		uint32_t term = plan->pieces[i].term;
		snprintf(
			number, sizeof(number), "%s%s%u ", i > 0 ? "; " : "",
			plan->unwanted >> term & 1 ? "!" : "", term
		);
		add(text, size, number);
		add(text, size, plan->pieces[i].pattern.regex);
	}
}

Test(stream_plan, rules_become_expressions) {
	static const struct {
		const char *options, *pieces;
	} t[] = {
		// Contents.
		{"content:\"ab\"", "0 \\x61\\x62"},
		{"content:\"a1\"; nocase", "0 [\\x41\\x61]\\x31"},
		{"content:\"a\"; content:\"b\"", "0 \\x61; 1 \\x62"},
		{"content:\"a\"; content:!\"b\"", "!0 \\x62; 1 \\x61"},
		{"content:!\"b\"", "!0 \\x62"},
		{"content:\"|00|;\\;\"; nocase", "0 \\x00\\x3b\\x3b"},
		{"content:\"a\"; fast_pattern:only; content:\"b\"", "0 \\x61; 1 \\x62"},
		// Chains.
		{"content:\"a\"; content:\"b\"; distance:0", "0 \\x61.*\\x62"},
		{"content:\"a\"; content:\"b\"; distance:100", "0 \\x61.{100,}\\x62"},
		{"content:\"a\"; content:\"bc\"; within:5", "0 \\x61.{0,3}\\x62\\x63"},
		{"content:\"a\"; content:\"b\"; distance:3; within:1", "0 \\x61...\\x62"},
		{"content:\"a\"; content:\"b\"; distance:2; within:4", "0 \\x61.{2,5}\\x62"},
		{"content:\"a\"; content:\"b\"; content:\"c\"; distance:1",
		 "0 \\x61; 1 \\x62.+\\x63"},
		{"content:\"a\"; content:!\"n\"; content:\"b\"; distance:1",
		 "!0 \\x6e; 1 \\x61.+\\x62"},
		{"content:\"a\"; fast_pattern:only; content:\"b\"; distance:1",
		 "0 \\x61; 1 ^.+\\x62"},
		// With nothing ahead, relative is from the start.
		{"content:\"a\"; distance:2", "0 ^.{2,}\\x61"},
		{"content:\"a\"; distance:-2; within:3", "0 ^\\x61"},
		// Overlaps.
		{"content:\"ab\"; content:\"bc\"; distance:-1; within:2", "0 \\x61\\x62\\x63"},
		{"content:\"ab\"; content:\"b\"; distance:-2", "0 \\x61\\x62|\\x61\\x62.*\\x62"},
		{"content:\"b\"; content:\"a\"; distance:-3; within:1", "0 \\x61.\\x62"},
		{"content:\"abc\"; content:\"a\"; distance:-3; within:1; content:\"bcd\"; within:3",
		 "0 \\x61\\x62\\x63\\x64"},
		// isdataat and endswith.
		{"isdataat:9", "0 ^.{10}"},
		{"isdataat:!9", "!0 ^.{10}"},
		{"content:\"a\"; isdataat:9,relative", "0 \\x61.{9}"},
		{"content:\"a\"; isdataat:!1,relative", "0 \\x61\\z"},
		{"content:\"a\"; isdataat:!3,relative", "0 \\x61.{0,2}\\z"},
		{"content:\"a\"; isdataat:9,relative; content:\"b\"; distance:8",
		 "0 \\x61.{8,}\\x62"},
		{"content:\"a\"; isdataat:9,relative; content:\"b\"; distance:2",
		 "0 \\x61.{9}; 1 \\x61.{2,}\\x62"},
		{"content:\"abc\"; content:\"a\"; distance:-3; within:1; isdataat:!3,relative",
		 "0 \\x61\\x62\\x63\\z"},
		// Negated contents among others.
		{"content:!\"b\"; within:3", "0 ^[^\\x62]{3}|^[^\\x62]{1,2}\\z"},
		{"content:\"a\"; content:!\"b\"; within:1", "0 \\x61[^\\x62]|\\x61\\z"},
		{"content:\"a\"; content:!\"b\"; distance:1; within:2",
		 "0 \\x61.[^\\x62]{2}|\\x61\\z|\\x61.[^\\x62]?\\z"},
		{"content:\"a\"; content:!\"b\"; distance:1", "0 \\x61\\z|\\x61.[^\\x62]*\\z"},
		{"content:\"a\"; isdataat:2,relative; content:!\"b\"; within:2",
		 "0 \\x61[^\\x62]{2}"},
		{"content:\"a\"; content:!\"bc\"; within:2",
		 "0 \\x61[^\\x62]|\\x61\\z|\\x61\\x62[^\\x63]|\\x61\\x62\\z"},
		{"content:\"a\"; content:!\"b\"; within:1; content:\"c\"; distance:0",
		 "0 \\x61\\x63|\\x61[^\\x62].*\\x63"},
		{"content:\"a\"; content:!\"b\"; distance:-1; within:1; content:\"c\"",
		 "0 \\x61; 1 \\x63"},
		// Expressions.
		{"pcre:\"/^a.b$/\"", "0 ^\\x61[^\\x0a]\\x62$"},
		{"pcre:\"/^a.b$/smiE\"", "0 (?m:^)[\\x41\\x61].[\\x42\\x62](?m:$)"},
		{"pcre:\"/a$/E\"", "0 \\x61\\z"},
		{"pcre:\"/b/A\"", "0 ^\\x62"},
		{"content:\"a\"; pcre:\"/b/R\"", "0 \\x61.*\\x62"},
		{"content:\"a\"; pcre:\"/^b/R\"", "0 \\x61\\x62"},
		{"content:\"a\"; pcre:\"/b/RA\"", "0 \\x61\\x62"},
		{"content:\"a\"; pcre:\"/^b|^c/Rm\"", "0 \\x61(?:.*\\x0a)?(?:\\x62|\\x63)"},
		{"content:\"a\"; pcre:\"/b/\"; content:\"c\"; distance:0",
		 "0 \\x61; 1 \\x62.*\\x63"},
		{"content:\"a\"; pcre:!\"/b/\"; content:\"c\"; distance:0",
		 "!0 \\x62; 1 \\x61.*\\x63"},
		{"content:\"a\"; pcre:\"/^[^x]+/R\"; content:\"b\"; within:3",
		 "0 \\x61[^\\x78]+\\x78.?\\x62"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		char text[1024];
		struct snort_fault fault = {};
		struct stream_plan *plan = plan_of(t[i].options, &fault);
		cr_expect_not_null(plan, "%s: %s", t[i].options, fault.reason.text);
		if (plan == NULL)
			continue;
		describe(plan, text, sizeof(text));
		cr_expect_str_eq(text, t[i].pieces, "%s:\n%s\n%s", t[i].options, text, t[i].pieces);
		stream_plan_free(plan);
	}
}

Test(stream_plan, what_a_stream_cannot_tell_is_refused_by_name) {
	static const struct {
		const char *options, *group;
	} t[] = {
		{"dsize:>5; content:\"a\"", "stream: dsize"},
		{"bsize:5; content:\"a\"", "stream: bsize"},
		{"flags:S; content:\"a\"", "stream: flags"},
		{"content:\"a\"; offset:1", "stream: offset"},
		{"content:\"a\"; depth:5", "stream: depth"},
		{"content:\"a\"; startswith", "stream: startswith"},
		{"content:\"a\"; byte_test:1,>,5,0,relative", "stream: byte_test"},
		{"content:\"a\"; byte_jump:1,0,relative", "stream: byte_jump"},
		{"flow:established", "stream: no content"},
		{"content:\"a\"; pcre:!\"/b/R\"", "stream: negated relative pcre"},
		{"content:\"a\"; pcre:\"/b*/\"", "pcre: empty match"},
		{"content:\"a\"; content:!\"bc\"; distance:0",
		 "stream: negated content among others"},
		{"content:\"a\"; content:!\"b\"; within:99; content:\"c\"; distance:1",
		 "stream: negated content among others"},
		{"content:\"a\"; isdataat:5,relative; content:!\"b\"; distance:1; within:1;"
		 "pcre:\"/c/R\"",
		 "stream: relative pcre"},
		{"content:\"a\"; pcre:\"/^b|c/R\"", "stream: relative pcre"},
		{"content:\"a\"; pcre:\"/\\bc/R\"", "stream: relative pcre"},
		{"content:\"a\"; pcre:\"/b.*c/\"; content:\"d\"; distance:1",
		 "stream: relative to a pcre without a certain end"},
		{"content:\"a\"; pcre:\"/b+?/\"; isdataat:1,relative",
		 "stream: relative to a pcre without a certain end"},
		{"content:\"a\"; content:\"b\"; distance:1; content:\"c\"; distance:-9",
		 "stream: distance back over a gap"},
		{"content:\"a\"; content:\"b\"; distance:-99; within:99", "stream: too many ways"},
		{"content:\"a\"; content:\"b\"; distance:-100000", "stream: too many ways"},
		{"content:\"a\"; content:\"b\"; distance:5000", "stream: too far apart"},
		{"content:\"a\"; isdataat:5000,relative", "stream: too far apart"},
		{"content:\"a\"; isdataat:!1,relative; content:\"b\"; distance:0",
		 "stream: can never match"},
		{"content:\"a\"; isdataat:!0,relative", "stream: can never match"},
		{"content:\"abc\"; content:\"a\"; distance:-3; within:1; isdataat:!2,relative",
		 "stream: can never match"},
		{"content:\"a\"; isdataat:9,relative; pcre:\"/^b/Rm\"",
		 "stream: isdataat among others"},
		{"content:\"ab\"; content:\"x\"; distance:-1; within:1", "stream: can never match"},
		{"content:\"ab\"; content:!\"b\"; distance:-1; within:1",
		 "stream: can never match"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct snort_fault fault = {};
		struct stream_plan *plan = plan_of(t[i].options, &fault);
		cr_expect_null(plan, "%s", t[i].options);
		if (plan == NULL)
			cr_expect_str_eq(
				fault.group, t[i].group, "%s: %s: %s", t[i].options, fault.group,
				fault.reason.text
			);
		stream_plan_free(plan);
	}
}

// A rule of `n` contents that are not relative.
static struct stream_plan *contents(unsigned n, struct snort_fault *fault) {
	char options[2048] = "content:\"0\"";
	for (unsigned i = 1; i < n; i++)
		snprintf(
			options + strlen(options), sizeof(options) - strlen(options),
			"; content:\"%u\"", i
		);
	return plan_of(options, fault);
}

Test(stream_plan, terms_are_limited) {
	struct snort_fault fault = {};
	struct stream_plan *plan = contents(STREAM_TERMS_MAX, &fault);
	cr_assert_not_null(plan, "%s", fault.reason.text);
	cr_assert_eq(plan->wanted, UINT32_MAX);
	stream_plan_free(plan);
	cr_assert_null(contents(STREAM_TERMS_MAX + 1, &fault));
	cr_assert_str_eq(fault.group, "stream: too many terms");
}

Test(stream_plan, a_rule_matches_once_all_wanted_terms_are_met_and_then_again) {
	struct snort_fault fault = {};
	struct stream_state state = {};
	struct stream_plan *plan = contents(3, &fault);
	cr_assert(!stream_plan_is_plain(plan));
	cr_assert(!stream_plan_event(plan, &state, 2));
	cr_assert(!stream_plan_event(plan, &state, 0));
	cr_assert(!stream_plan_event(plan, &state, 2));
	cr_assert(stream_plan_event(plan, &state, 1));
	cr_assert(stream_plan_event(plan, &state, 2));
	cr_assert(!stream_plan_end(plan, &state), "it matched where it was met");
	stream_plan_free(plan);
}

Test(stream_plan, a_rule_with_negated_terms_matches_at_the_end_or_never) {
	struct snort_fault fault = {};
	struct stream_state state = {};
	struct stream_plan *plan = plan_of("content:\"a\"; content:!\"n\"", &fault);
	cr_assert_eq(plan->n_pieces, 2u);
	cr_assert_eq(
		plan->pieces[0].pattern.flags, (uint32_t)(PATTERN_DOTALL | PATTERN_SINGLEMATCH)
	);
	cr_assert_eq(plan->pieces[1].pattern.flags, (uint32_t)PATTERN_DOTALL);
	cr_assert(!stream_plan_end(plan, &state), "nothing was met");
	cr_assert(!stream_plan_event(plan, &state, 1));
	cr_assert(stream_plan_end(plan, &state));
	cr_assert(!stream_plan_event(plan, &state, 0));
	cr_assert(!stream_plan_event(plan, &state, 1));
	cr_assert(!stream_plan_end(plan, &state), "the negated one was there");
	stream_plan_free(plan);
}

Test(stream_plan, pieces_know_their_rule) {
	struct snort_fault fault = {};
	struct stream_plan *plan = contents(2, &fault);
	for (uint32_t i = 0; i < plan->n_pieces; i++) {
		cr_assert_eq(plan->pieces[i].pattern.id, i);
		cr_assert_eq(plan->pieces[i].pattern.line, 1u);
	}
	stream_plan_free(plan);
}

Test(stream_plan, a_pattern_is_one_plain_piece) {
	char regex[] = "a(b|c)";
	const struct pattern p = {
		.id = 77,
		.file = 1,
		.line = 12,
		.regex = regex,
		.flags = PATTERN_CASELESS,
		.ext = PATTERN_MIN_OFFSET,
		.min_offset = 5,
	};
	struct stream_state state = {};
	struct stream_plan *plan = stream_plan_from_pattern(&p);
	regex[0] = 'x';
	cr_assert_eq(plan->n_pieces, 1u);
	cr_assert(stream_plan_is_plain(plan));
	cr_assert_str_eq(plan->pieces[0].pattern.regex, "a(b|c)");
	cr_assert_eq(plan->pieces[0].pattern.flags, (uint32_t)PATTERN_CASELESS);
	cr_assert_eq(plan->pieces[0].pattern.min_offset, 5u);
	cr_assert_eq(plan->pieces[0].pattern.line, 12u);
	cr_assert(stream_plan_event(plan, &state, 0));
	cr_assert(!stream_plan_end(plan, &state));
	stream_plan_free(plan);
	stream_plan_free(NULL);
}

static const struct pattern *find_operand(const void *ctx, uint32_t id) {
	const struct pattern *all = ctx;
	return &all[id / 10 - 1];
}

Test(stream_plan, a_combination_has_a_term_for_each_id) {
	const struct pattern all[] = {
		{.id = 10, .regex = (char[]){"a"}, .flags = PATTERN_QUIET},
		{.id = 20, .regex = (char[]){"b"}},
	};
	const struct stream_operands operands = {find_operand, all};
	struct pattern p = {
		.regex = (char[]){"20 & !10 | 20"},
		.flags = PATTERN_COMBINATION | PATTERN_SINGLEMATCH,
		.ext = PATTERN_MIN_OFFSET,
		.min_offset = 5,
	};
	struct stream_state state = {}, late = {};
	struct err err = {};
	cr_assert_eq(stream_plan_check_combination(&p, &err), 0);
	struct stream_plan *plan = stream_plan_from_combination(&p, &operands);
	cr_assert_eq(plan->n_pieces, 2u);
	cr_assert_eq(plan->n_terms, 2u);
	cr_assert_str_eq(plan->pieces[0].pattern.regex, "b");
	cr_assert_str_eq(plan->pieces[1].pattern.regex, "a");
	cr_assert(!stream_plan_is_plain(plan));
	cr_assert(!stream_plan_end(plan, &state));
	stream_plan_meet(plan, &state, 0);
	cr_assert(!stream_plan_combine(plan, &state, 4));
	cr_assert(stream_plan_combine(plan, &state, 5));
	cr_assert(!stream_plan_combine(plan, &state, 6), "once");
	stream_plan_meet(plan, &late, 1);
	cr_assert(!stream_plan_combine(plan, &late, 9));
	stream_plan_meet(plan, &late, 0);
	cr_assert(stream_plan_combine(plan, &late, UINT64_MAX));
	stream_plan_free(plan);
	p = (struct pattern){.regex = (char[]){"!10"}, .flags = PATTERN_COMBINATION};
	plan = stream_plan_from_combination(&p, &operands);
	state = (struct stream_state){};
	cr_assert(stream_plan_end(plan, &state));
	stream_plan_meet(plan, &state, 0);
	cr_assert(!stream_plan_combine(plan, &state, 1));
	cr_assert(!stream_plan_end(plan, &state));
	stream_plan_free(plan);
	p.flags |= PATTERN_QUIET;
	plan = stream_plan_from_combination(&p, &operands);
	cr_assert_eq(plan->n_pieces, 0u);
	cr_assert(stream_plan_is_plain(plan));
	stream_plan_free(plan);
}

Test(stream_plan, a_rule_that_is_not_about_tcp_has_none) {
	static const char text[] = "alert udp any any -> any any (content:\"a\"; sid:1;)\n";
	struct snort_rules rs = {};
	struct stream_plan *plan;
	struct snort_fault fault = {};
	struct err err = {};
	cr_assert_eq(snort_file_read_text("t", text, strlen(text), NULL, &rs, &err), 0);
	cr_assert_lt(stream_plan_from_rule(&rs.rules[0], &plan, &fault), 0);
	cr_assert_str_eq(fault.group, "stream: not TCP");
	snort_rules_fini(&rs);
}
