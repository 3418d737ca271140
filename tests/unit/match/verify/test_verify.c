// lib/match/verify/verify.c: what each keyword means, on payloads written for it.

#include "match/verify/verify.h"

#include "rule_one.h"
#include "verify_facts.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(verify, a_content_is_found_anywhere) {
	static const struct fact t[] = {
		{"content:\"abc\";", "xxabcxx", 0, true},
		{"content:\"abc\";", "abc", 0, true},
		{"content:\"abc\";", "xxabxcx", 0, false},
		{"content:\"abc\";", "aBc", 0, false},
		{"content:\"abc\"; nocase;", "xxaBCxx", 0, true},
		{"content:\"a|5b|c\"; nocase;", "A{C", 0, false}, // only letters have a case
		{"content:\"|e4|\"; nocase;", "\xc4", 0, false},
		{"content:\"|00 00|\";", "a\0\0b", 4, true},
		{"content:!\"abc\";", "xxabcxx", 0, false},
		{"content:!\"abc\";", "xxabxcx", 0, true},
		{"content:!\"abc\"; nocase;", "ABC", 0, false},
		{"content:\"one\"; content:\"two\";", "two one", 0, true}, // in any order
		{"content:\"one\"; content:\"two\";", "one twx", 0, false},
		{"content:\"aba\"; content:\"bab\";", "abab", 0, true}, // they may overlap
		{"content:\"abc\"; content:!\"abd\";", "abcabd", 0, false},
	};
	CHECK_FACTS(t);
}

Test(verify, offset_and_depth_count_from_the_start) {
	static const struct fact t[] = {
		{"content:\"abc\"; offset:2;", "xabcx", 0, false},
		{"content:\"abc\"; offset:2;", "xxabc", 0, true},
		{"content:\"abc\"; offset:2;", "abcabc", 0, true},
		{"content:\"abc\"; offset:9;", "abc", 0, false},
		{"content:\"abc\"; depth:4;", "xabcx", 0, true},
		{"content:\"abc\"; depth:4;", "xxabc", 0, false},
		// depth counts from offset
		{"content:\"abc\"; offset:2; depth:3;", "xxabc", 0, true},
		{"content:\"abc\"; offset:2; depth:3;", "xxxabc", 0, false},
		{"content:\"abc\"; offset:2; depth:4;", "xxxabc", 0, true},
		{"content:!\"abc\"; depth:4;", "xxabc", 0, true},
		{"content:!\"abc\"; depth:4;", "xabc", 0, false},
		{"content:!\"abc\"; offset:9;", "abc", 0, true},
		{"content:\"abc\"; startswith;", "abcx", 0, true},
		{"content:\"abc\"; startswith;", "xabc", 0, false},
		{"content:!\"abc\"; startswith;", "xabc", 0, true},
		{"content:!\"abc\"; startswith;", "abcx", 0, false},
		// behind another content too
		{"content:\"xyz\"; content:\"abc\"; depth:3;", "abcxyz", 0, true},
		{"content:\"xyz\"; content:\"abc\"; depth:3;", "xyzabc", 0, false},
	};
	CHECK_FACTS(t);
}

Test(verify, endswith_is_the_payloads_end) {
	static const struct fact t[] = {
		{"content:\"abc\"; endswith;", "xabc", 0, true},
		{"content:\"abc\"; endswith;", "abcx", 0, false},
		{"content:\"abc\"; endswith;", "abcxabc", 0, true},
		{"content:\"abc\"; endswith;", "bc", 0, false},
		{"content:\"aa\"; endswith;", "aaa", 0, true},
		{"content:\"abc\"; startswith; endswith;", "abc", 0, true},
		{"content:\"abc\"; startswith; endswith;", "abcabc", 0, false},
		{"content:!\"abc\"; endswith;", "abcx", 0, true},
		{"content:!\"abc\"; endswith;", "abcabc", 0, false},
		{"content:\"x\"; content:\"abc\"; distance:1; endswith;", "x-abc", 0, true},
		{"content:\"x\"; content:\"abc\"; distance:1; endswith;", "xabc", 0, false},
		{"content:\"x\"; content:\"abc\"; within:4; endswith;", "x--abc", 0, false},
		{"content:\"x\"; content:\"abc\"; within:4; endswith;", "x--xabc", 0, true},
		{"content:\"x\"; content:!\"abc\"; within:4; endswith;", "x--abc", 0, true},
		{"content:\"x\"; content:!\"abc\"; within:4; endswith;", "x-abc", 0, false},
		{"content:\"x\"; isdataat:!1,relative;", "abx", 0, true},
		{"content:\"x\"; isdataat:!1,relative;", "xab", 0, false},
	};
	CHECK_FACTS(t);
}

Test(verify, distance_and_within_count_from_the_last_match) {
	static const struct fact t[] = {
		{"content:\"ab\"; content:\"cd\"; distance:0;", "abcd", 0, true},
		{"content:\"ab\"; content:\"cd\"; distance:0;", "cdab", 0, false},
		{"content:\"ab\"; content:\"cd\"; distance:2;", "abxcd", 0, false},
		{"content:\"ab\"; content:\"cd\"; distance:2;", "abxxcd", 0, true},
		{"content:\"ab\"; content:\"cd\"; distance:2;", "abxxxcd", 0, true},
		// within includes the content's length, and counts from behind the distance
		{"content:\"ab\"; content:\"cd\"; within:2;", "abcd", 0, true},
		{"content:\"ab\"; content:\"cd\"; within:2;", "abxcd", 0, false},
		{"content:\"ab\"; content:\"cd\"; within:3;", "abxcd", 0, true},
		{"content:\"ab\"; content:\"cd\"; distance:1; within:2;", "abxcd", 0, true},
		{"content:\"ab\"; content:\"cd\"; distance:1; within:2;", "abcd", 0, false},
		{"content:\"ab\"; content:\"cd\"; distance:1; within:2;", "abxxcd", 0, false},
		{"content:\"ab\"; content:\"cd\"; distance:1; within:3;", "abxxcd", 0, true},
		// negative distances reach back over the last match
		{"content:\"abcd\"; content:\"bc\"; distance:-3; within:2;", "abcd", 0, true},
		{"content:\"abcd\"; content:\"bc\"; distance:-2;", "abcd", 0, false},
		{"content:\"abcd\"; content:\"ab\"; distance:-9;", "abcd", 0, true},
		{"content:\"cd\"; content:\"ab\"; distance:-4; within:2;", "abcd", 0, true},
		// what ends ahead of the payload's start is nowhere
		{"content:\"cd\"; content:\"cd\"; distance:-9; within:3;", "cdcd", 0, false},
		{"content:\"cd\"; content:\"cd\"; distance:-9; within:9;", "cdcd", 0, true},
		// relative to nothing: from the start
		{"content:\"ab\"; within:3;", "xab", 0, true},
		{"content:\"ab\"; within:3;", "xxab", 0, false},
		{"content:\"ab\"; distance:1;", "ab", 0, false},
		{"content:\"ab\"; distance:1;", "xab", 0, true},
	};
	CHECK_FACTS(t);
}

Test(verify, an_earlier_match_is_tried_further_on) {
	static const struct fact t[] = {
		{"content:\"a\"; content:\"b\"; within:1;", "axab", 0, true},
		{"content:\"a\"; content:\"b\"; within:1; content:\"c\"; within:1;", "abxabc", 0,
		 true},
		{"content:\"a\"; content:\"b\"; within:1; content:\"c\"; within:1;", "abxaxbc", 0,
		 false},
		// the first of three has to move for the last one
		{"content:\"a\"; content:\"b\"; distance:1; within:1; content:\"c\"; distance:1; within:1;",
		 "a-b--a-b-c", 0, true},
		{"content:\"a\"; content:\"b\"; distance:0; content:\"c\"; distance:0; within:1;",
		 "ab-b-bc", 0, true},
		// overlapping occurrences count, too
		{"content:\"aa\"; content:\"b\"; within:1;", "aaab", 0, true},
		{"content:\"abab\"; content:\"c\"; within:1;", "abababc", 0, true},
		// a content that is not relative begins a new chain, wherever the old one ended
		{"content:\"x\"; content:\"a\"; content:\"b\"; within:1;", "abx", 0, true},
		{"content:\"a\"; content:\"x\"; content:\"b\"; within:1;", "abx", 0, false},
		{"content:\"a\"; content:\"x\"; content:\"b\"; within:1;", "axb", 0, true},
		// isdataat and byte_test move what is ahead of them
		{"content:\"a\"; isdataat:!2,relative;", "aaaaa", 0, true},
		{"content:\"a\"; isdataat:!2,relative;", "aaaaxx", 0, false},
		{"content:\"a\"; byte_test:1,=,50,0,relative;", "a1a3a2", 0, true},
		{"content:\"a\"; byte_test:1,=,52,0,relative;", "a1a3a2", 0, false},
		{"content:\"a\"; byte_test:1,>,49,0,relative; content:\"x\"; distance:1; within:1;",
		 "a1xa2ya3x", 0, true},
		{"content:\"a\"; byte_test:1,>,49,0,relative; content:\"x\"; distance:1; within:1;",
		 "a1xa2ya3y", 0, false},
	};
	CHECK_FACTS(t);
}

Test(verify, a_negated_content_looks_at_its_range_and_moves_nothing) {
	static const struct fact t[] = {
		{"content:\"a\"; content:!\"b\"; within:2;", "axb", 0, false},
		{"content:\"a\"; content:!\"b\"; within:2;", "axxb", 0, true},
		{"content:\"a\"; content:!\"b\"; distance:0;", "ba", 0, true},
		{"content:\"a\"; content:!\"b\"; distance:0;", "ab", 0, false},
		{"content:\"a\"; content:!\"b\"; distance:1;", "ab", 0, true},
		{"content:\"a\"; content:!\"bb\"; within:2;", "ab", 0, true},
		// another place of the first one will do
		{"content:\"a\"; content:!\"b\"; within:1;", "abac", 0, true},
		{"content:\"a\"; content:!\"b\"; within:1;", "abab", 0, false},
		{"content:\"a\"; content:!\"b\"; within:1; content:\"c\"; within:1;", "abac", 0,
		 true},
		{"content:\"a\"; content:!\"b\"; within:1; content:\"b\"; distance:1; within:1;",
		 "abbacb", 0, true},
		{"content:\"a\"; content:!\"c\"; within:1; content:\"c\"; within:1;", "acac", 0,
		 false},
		{"content:\"a\"; content:!\"c\"; content:\"b\"; within:1;", "xab", 0, true},
		{"content:\"a\"; content:!\"c\"; content:\"b\"; within:1;", "xabc", 0, false},
		{"content:!\"b\"; within:2;", "xxb", 0, true},
		{"content:!\"b\"; within:2;", "xb", 0, false},
	};
	CHECK_FACTS(t);
}

Test(verify, fast_pattern_only_is_anywhere_and_nothing_counts_from_it) {
	static const struct fact t[] = {
		{"content:\"ab\"; content:\"xy\"; fast_pattern:only; content:\"cd\"; within:2;",
		 "xyabcd", 0, true},
		{"content:\"ab\"; content:\"xy\"; fast_pattern:only; content:\"cd\"; within:2;",
		 "abxycd", 0, false},
		{"content:\"ab\"; content:\"xy\"; fast_pattern:only;", "abx", 0, false},
		{"content:\"abcd\"; fast_pattern:1,2;", "xbcx", 0, false},
		{"content:\"abcd\"; fast_pattern:1,2;", "abcd", 0, true},
	};
	CHECK_FACTS(t);
}

Test(verify, isdataat_asks_for_octets) {
	static const struct fact t[] = {
		{"isdataat:3;", "abcd", 0, true},
		{"isdataat:4;", "abcd", 0, false},
		{"isdataat:!4;", "abcd", 0, true},
		{"isdataat:!3;", "abcd", 0, false},
		{"content:\"ab\"; isdataat:2,relative;", "abcd", 0, true},
		{"content:\"ab\"; isdataat:3,relative;", "abcd", 0, false},
		{"content:\"ab\"; isdataat:!3,relative;", "abcd", 0, true},
		{"content:\"ab\"; isdataat:!2,relative;", "abcd", 0, false},
	};
	CHECK_FACTS(t);
}

Test(verify, dsize_and_bsize_look_at_the_length) {
	static const struct fact t[] = {
		{"dsize:4;", "abcd", 0, true},
		{"dsize:3;", "abcd", 0, false},
		{"dsize:>4;", "abcd", 0, false},
		{"dsize:<5;", "abcd", 0, true},
		{"dsize:3<>5;", "abcd", 0, true},
		{"dsize:4<>6;", "abcd", 0, false},
		{"content:\"b\"; dsize:4;", "abcd", 0, true},
		{"content:\"x\"; dsize:4;", "abcd", 0, false},
		{"content:\"b\"; bsize:5;", "abcd", 0, false},
		{"content:\"b\"; bsize:<5;", "abcd", 0, true},
	};
	CHECK_FACTS(t);
}

Test(verify, no_test_holds_on_nothing) {
	static const struct fact t[] = {
		{"dsize:0;", "", 0, true},
		{"content:!\"a\";", "", 0, false},
		{"pcre:\"/^$/\";", "", 0, false},
		{"isdataat:!1;", "", 0, false},
		{"dsize:0; content:!\"a\";", "", 0, false},
	};
	CHECK_FACTS(t);
}

Test(verify, a_pcre_that_does_not_compile_is_refused_with_a_reason) {
	static const char *const t[] = {
		"pcre:\"/(/\";",
		"pcre:\"/a{2,1}/\";",
		"pcre:\"/(*UTF)a/\";",
		"content:\"a\"; pcre:\"/\\Ga/R\";",
		"content:\"a\"; pcre:\"/ab/\"; pcre:\"/[b/\";",
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct snort_rules rs = {};
		struct err err = {};
		const struct snort_rule *rule = rule_one(&rs, t[i]);
		cr_assert_not_null(rule, "%s", t[i]);
		cr_expect_null(verifier_new(rule, &err), "%s", t[i]);
		cr_expect_eq(strncmp(err.text, "pcre: ", 6), 0, "%s: %s", t[i], err.text);
		snort_rules_fini(&rs);
	}
}
