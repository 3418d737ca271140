// A set of rules compiled as a whole: numbers, refusals, what is told of rules, what follows what.

#include "make_engine.h"
#include "match/match_engine.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

static const char patterns[] = "10:/abc/\n20:/(/\n30:/xyz/i\n";
static const char
	rules[] = "alert tcp any any -> any any (msg:\"one\"; content:\"a\"; sid:1;)\n"
		  "alert tcp any any -> any any (msg:\"two\"; content:\"a\"; depth:1; sid:2;)\n"
		  "alert tcp any any -> any any (msg:\"back\"; pcre:\"/(\\w+)\\1/\"; sid:3;)\n"
		  "alert udp any any -> any any (msg:\"four\"; content:\"b\"; noalert; sid:4;)\n";

Test(match_engine, numbers_patterns_first_then_rules) {
	struct match_engine *e = make_engine(patterns, rules, false);
	static const uint32_t sids[] = {10, 30, 1, 2, 3, 4};
	cr_assert_eq(match_engine_rules(e), 6u);
	for (uint32_t i = 0; i < 6; i++)
		cr_expect_eq(match_engine_rule(e, i)->sid, sids[i], "%u", i);
	cr_expect_str_eq(match_engine_rule(e, 2)->signature, "one");
	cr_expect(match_engine_rule(e, 5)->noalert);
	cr_expect_not_null(match_engine_patterns(e));
	cr_expect_not_null(match_engine_detect(e));
	cr_expect_null(match_engine_streams(e), "block mode");
	cr_expect_eq(rule_files_refused(match_engine_files(e)), 1u);
	match_engine_free(e);
}

Test(match_engine, what_no_stream_can_have_is_refused_in_stream_mode) {
	struct match_engine *e = make_engine(patterns, rules, true);
	static const uint32_t sids[] = {10, 30, 1, 2, 4};
	cr_assert_eq(match_engine_rules(e), 5u);
	for (uint32_t i = 0; i < 5; i++)
		cr_expect_eq(match_engine_rule(e, i)->sid, sids[i], "%u", i);
	cr_expect_not_null(match_engine_streams(e));
	const struct snort_rules *rs = &match_engine_files(e)->rules;
	cr_assert_eq(rs->n_refusals, 1u);
	cr_expect_str_eq(rs->refusals[0].rule, "sid 3");
	match_engine_free(e);
}

Test(match_engine, of_nothing_has_no_parts) {
	struct match_engine *e = make_engine("", "", true);
	cr_expect_eq(match_engine_rules(e), 0u);
	cr_expect_null(match_engine_patterns(e));
	cr_expect_null(match_engine_detect(e));
	cr_expect_null(match_engine_streams(e));
	match_engine_free(e);
	match_engine_free(NULL);
}

Test(match_engine, that_is_unloaded_still_tells_its_rules) {
	struct match_engine *e = make_engine(patterns, rules, true);
	match_engine_unload(e);
	match_engine_unload(e);
	cr_expect_eq(match_engine_rules(e), 5u);
	cr_expect_str_eq(match_engine_rule(e, 4)->signature, "four");
	match_engine_free(e);
}

Test(match_engine, maps_its_rules_to_those_of_the_next) {
	struct match_engine *a = make_engine("1:/a/\n2:/b/\n", NULL, true);
	struct match_engine *b = make_engine("3:/c/\n2:/b/\n", NULL, true);
	struct match_engine *block = make_engine("1:/a/\n", NULL, false);
	uint32_t *map;
	bool same;
	cr_assert_eq(match_engine_map(a, b, &map, &same), 0);
	cr_assert_not(same);
	cr_expect_eq(map[0], STREAM_NO_RULE);
	cr_expect_eq(match_engine_rule(b, map[1])->sid, 2u);
	free(map);
	cr_assert_eq(match_engine_map(a, a, &map, &same), 0);
	cr_assert(same);
	free(map);
	cr_assert_eq(match_engine_map(a, block, &map, &same), 0);
	cr_expect_null(map);
	cr_expect_not(same);
	match_engine_free(a);
	match_engine_free(b);
	match_engine_free(block);
}

Test(match_engine, leaves_the_files_where_they_were_when_it_fails_and_empty_when_it_does_not) {
	struct rule_files files;
	struct err err;
	const struct match_engine_config conf = {};
	cr_assert_eq(rule_files_init(&files), 0);
	cr_assert_eq(ruleset_add_text(files.patterns, "t.hs", "1:/a/\n", 6, &err), 0);
	struct match_engine *e = match_engine_new(&files, &conf, &err);
	cr_assert_not_null(e);
	cr_expect_null(files.patterns);
	cr_expect_eq(match_engine_files(e)->patterns->n_patterns, 1u);
	rule_files_fini(&files);
	match_engine_free(e);
}
