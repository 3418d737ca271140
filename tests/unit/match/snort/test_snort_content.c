// lib/match/snort/snort_content.c and snort_pcre.c: octets and expressions, and where they must lie.

#include "test_snort_rig.h"

Test(snort_content, text_hex_and_escapes_become_octets) {
	static const struct {
		const char *value;
		const char *octets;
		uint32_t len;
		bool negated;
	} t[] = {
		{"\"abc\"", "abc", 3, false},
		{"!\"abc\"", "abc", 3, true},
		{" ! \"abc\" ", "abc", 3, true},
		{"\"|41 42|c\"", "ABc", 3, false},
		{"\"|4142|\"", "AB", 2, false},
		{"\"|4 1|\"", "A", 1, false},
		{"\"|00|a|fF|\"", "\0a\xff", 3, false},
		{"\"||a\"", "a", 1, false},
		{"\"\\\"\\;\\:\\\\\"", "\";:\\", 4, false},
		{"\"a;b:c)\"", "a;b:c)", 6, false},
		{"\" a \"", " a ", 3, false},
		{"\"!a\"", "!a", 2, false},
		{"\"\xc3\xff\x01\"", "\xc3\xff\x01", 3, false},
	};
	char options[128];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(options, sizeof(options), "content:%s;", t[i].value);
		struct snort_rules rs = accept_options(options);
		const struct snort_test *test = &rs.rules[0].tests[0];
		cr_assert_eq(test->kind, SNORT_TEST_CONTENT);
		cr_expect_eq(test->content.len, t[i].len, "%s", t[i].value);
		cr_expect_arr_eq(test->content.octets, t[i].octets, t[i].len, "%s", t[i].value);
		cr_expect_eq(test->content.flags, t[i].negated ? SNORT_NEGATED : 0u);
		cr_expect_eq(test->content.fast_len, t[i].len);
		snort_rules_fini(&rs);
	}
}

Test(snort_content, bad_text_is_refused) {
	static const struct {
		const char *value, *says;
	} t[] = {
		{"\"\"", "empty"},
		{"\"||\"", "empty"},
		{"abc", "double quotes"},
		{"\"a\"b", "double quotes"},
		{"\"a\" \"b\"", "a quote within"},
		{"\"|4|\"", "odd number"},
		{"\"|41 4|\"", "odd number"},
		{"\"|41\"", "not closed"},
		{"\"a|\"", "not closed"},
		{"\"|zz|\"", "hex digits"},
		{"\"|0x41|\"", "hex digits"},
		{"\"|41,42|\"", "hex digits"},
		{"\"\\n\"", "backslash"},
		{"\"\\x41\"", "backslash"},
	};
	char options[128];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(options, sizeof(options), "content:%s;", t[i].value);
		assert_options_refused(options, "bad option", t[i].says);
	}
}

static const struct snort_content *content(const struct snort_rules *rs, unsigned i) {
	cr_assert_lt(i, rs->rules[0].n_tests);
	cr_assert_eq(rs->rules[0].tests[i].kind, SNORT_TEST_CONTENT);
	return &rs->rules[0].tests[i].content;
}

Test(snort_content, modifiers_belong_to_the_latest_content) {
	struct snort_rules rs = accept_options(
		"content:\"abc\"; offset:5; depth:10; nocase; content:!\"de\"; distance:-3; within:20;"
		" content:\"f\"; isdataat:5; fast_pattern; content:\"gh\"; endswith;"
	);
	const struct snort_content *a = content(&rs, 0), *b = content(&rs, 1);
	cr_assert_eq(a->flags, SNORT_OFFSET | SNORT_DEPTH | SNORT_NOCASE);
	cr_assert_eq(a->offset, 5u);
	cr_assert_eq(a->depth, 10u, "as written: relative to the offset");
	cr_assert_eq(b->flags, SNORT_NEGATED | SNORT_DISTANCE | SNORT_WITHIN);
	cr_assert_eq(b->distance, -3);
	cr_assert_eq(b->within, 20u);
	cr_assert_eq(content(&rs, 2)->flags, SNORT_FAST_PATTERN);
	cr_assert_eq(rs.rules[0].tests[3].kind, SNORT_TEST_ISDATAAT);
	cr_assert_eq(content(&rs, 4)->flags, SNORT_ENDSWITH);
	snort_rules_fini(&rs);
}

Test(snort_content, startswith_is_written_out) {
	struct snort_rules rs = accept_options("content:\"abc\"; startswith; endswith;");
	const struct snort_content *c = content(&rs, 0);
	cr_assert_eq(c->flags, SNORT_STARTSWITH | SNORT_ENDSWITH | SNORT_OFFSET | SNORT_DEPTH);
	cr_assert_eq(c->offset, 0u);
	cr_assert_eq(c->depth, 3u);
	snort_rules_fini(&rs);
}

Test(snort_content, no_data_behind_a_content_is_its_end) {
	struct snort_rules rs = accept_options("content:\"abc\"; isdataat:!1,relative;");
	cr_assert_eq(rs.rules[0].n_tests, 1u);
	cr_assert_eq(content(&rs, 0)->flags, SNORT_ENDSWITH);
	snort_rules_fini(&rs);
	// Of a content that must not be found it is not.
	rs = accept_options("content:!\"abc\"; isdataat:!1,relative;");
	cr_assert_eq(rs.rules[0].n_tests, 2u);
	snort_rules_fini(&rs);
	rs = accept_options("content:\"abc\"; pcre:\"/x/R\"; isdataat:!1,relative;");
	cr_assert_eq(rs.rules[0].n_tests, 3u);
	snort_rules_fini(&rs);
}

Test(snort_content, fast_patterns_are_hints) {
	struct snort_rules rs = accept_options(
		"content:\"abcdef\"; fast_pattern:2,3; content:\"xyz\"; fast_pattern:only;"
	);
	cr_assert_eq(content(&rs, 0)->flags, SNORT_FAST_PATTERN);
	cr_assert_eq(content(&rs, 0)->fast_at, 2u);
	cr_assert_eq(content(&rs, 0)->fast_len, 3u);
	cr_assert_eq(content(&rs, 1)->flags, SNORT_FAST_PATTERN | SNORT_FAST_PATTERN_ONLY);
	snort_rules_fini(&rs);
}

Test(snort_content, places_that_make_no_sense_are_refused) {
	static const struct {
		const char *options, *group, *says;
	} t[] = {
		{"nocase;", "bad option", "nocase: no content"},
		{"pcre:\"/a/\"; depth:5;", "bad option", "depth: no content"},
		{"content:\"abc\"; depth:2;", "bad option", "depth is less"},
		{"content:\"abc\"; within:2;", "bad option", "within is less"},
		{"content:\"a\"; depth:0;", "bad option", "depth: '0'"},
		{"content:\"a\"; within:0;", "bad option", "within: '0'"},
		{"content:\"a\"; offset:-1;", "bad option", "offset: '-1'"},
		{"content:\"a\"; offset:1048577;", "bad option", "offset: '1048577'"},
		{"content:\"a\"; distance:-1048577;", "bad option", "distance:"},
		{"content:\"a\"; distance:99999999999999999999;", "bad option", "distance:"},
		{"content:\"a\"; offset:1; distance:1;", "bad option", "beside distance"},
		{"content:\"a\"; within:5; depth:5;", "bad option", "beside distance"},
		{"content:\"a\"; startswith; depth:5;", "bad option", "startswith beside"},
		{"content:\"a\"; startswith; within:5;", "bad option", "startswith beside"},
		{"content:\"a\"; offset:1; offset:1;", "repeated keyword", "offset is given twice"},
		{"content:\"a\"; nocase; nocase;", "repeated keyword", "nocase is given twice"},
		{"content:\"a\"; fast_pattern:0,2;", "bad option", "fast_pattern: '0,2'"},
		{"content:\"a\"; fast_pattern:0,0;", "bad option", "fast_pattern: '0,0'"},
		{"content:\"a\"; fast_pattern:1;", "bad option", "fast_pattern: '1'"},
		{"content:\"a\"; fast_pattern:0,1,2;", "bad option", "fast_pattern:"},
		{"content:!\"a\"; fast_pattern:only;", "bad option", "fast_pattern:only"},
		{"content:\"a\"; fast_pattern:only; distance:1;", "bad option",
		 "fast_pattern:only"},
	};
	for (unsigned i = 0; i < COUNT(t); i++)
		assert_options_refused(t[i].options, t[i].group, t[i].says);
}

Test(snort_content, expressions_keep_their_text) {
	static const struct {
		const char *value, *regex;
		uint32_t flags;
	} t[] = {
		{"\"/abc/\"", "abc", 0},
		{"\"/a\\/b\\\"c\\;d/\"", "a\\/b\\\"c\\;d", 0},
		{"\"/a/b/i\"", "a/b", SNORT_PCRE_CASELESS},
		{"!\"/a/\"", "a", SNORT_PCRE_NEGATED},
		{"\"!/a/\"", "a", SNORT_PCRE_NEGATED},
		{"\"m#a/b#s\"", "a/b", SNORT_PCRE_DOTALL},
		{"\"/a;b/\"", "a;b", 0},
		{"\"/a/ismxAEGR\"", "a",
		 SNORT_PCRE_CASELESS | SNORT_PCRE_DOTALL | SNORT_PCRE_MULTILINE
			 | SNORT_PCRE_EXTENDED | SNORT_PCRE_ANCHORED | SNORT_PCRE_DOLLAR_ENDONLY
			 | SNORT_PCRE_UNGREEDY | SNORT_PCRE_RELATIVE},
		{"\"/a/OB\"", "a", 0},
	};
	char options[128];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(options, sizeof(options), "pcre:%s;", t[i].value);
		struct snort_rules rs = accept_options(options);
		const struct snort_test *test = &rs.rules[0].tests[0];
		cr_assert_eq(test->kind, SNORT_TEST_PCRE);
		cr_expect_str_eq(test->pcre.regex, t[i].regex);
		cr_expect_eq(test->pcre.len, strlen(t[i].regex));
		cr_expect_eq(test->pcre.flags, t[i].flags, "%s", t[i].value);
		snort_rules_fini(&rs);
	}
}

Test(snort_content, bad_expressions_are_refused) {
	static const struct {
		const char *value, *group, *says;
	} t[] = {
		{"/a/", "bad option", "double quotes"},
		{"\"a\"", "bad option", "/expression/flags"},
		{"\"/a\"", "bad option", "/expression/flags"},
		{"\"//\"", "bad option", "/expression/flags"},
		{"\"/\"", "bad option", "/expression/flags"},
		{"\"m\"", "bad option", "/expression/flags"},
		{"\"\"", "bad option", "/expression/flags"},
		{"\"/a/q\"", "bad option", "unknown modifier 'q'"},
		{"\"/a/\", flow:x", "pcre capture", "capturing"},
	};
	char options[128];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(options, sizeof(options), "pcre:%s;", t[i].value);
		assert_options_refused(options, t[i].group, t[i].says);
	}
}
