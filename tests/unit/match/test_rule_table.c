// What rules are called: by their number, in the order of the set, with texts of any length.

#include "match/rule_table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct rule_table make(const char *text) {
	struct rule_table t;
	struct err err = {0};
	struct ruleset *rs = ruleset_new();
	cr_assert_eq(ruleset_add_text(rs, "t.hs", text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_eq(rule_table_init(&t, rs), 0);
	// The table has texts of its own.
	ruleset_free(rs);
	return t;
}

Test(rule_table, a_pattern_is_a_rule_with_its_text_for_signature) {
	struct rule_table t = make(
		"4000000000:/a\"b/\n7:/x{2}/smi\n9:/foo/HV8WP\n10:/7&3/C\n3:/q/Q\n"
	);
	static const struct {
		uint32_t sid;
		const char *signature;
	} want[] = {
		{4000000000, "/a\"b/"},
		{7, "/x{2}/ism"},
		{9, "/foo/HV8WP"},
		{10, "/7&3/C"},
		{3, "/q/Q"}};
	cr_assert_eq(t.n, sizeof(want) / sizeof(want[0]));
	for (uint32_t i = 0; i < t.n; i++) {
		cr_expect_eq(t.info[i].gid, 1);
		cr_expect_eq(t.info[i].sid, want[i].sid);
		cr_expect_eq(t.info[i].rev, 0);
		cr_expect_eq(t.info[i].severity, RULE_SEVERITY_DEFAULT);
		cr_expect_eq(t.info[i].threshold.type, RULE_THRESHOLD_NONE);
		cr_expect_str_eq(t.info[i].signature, want[i].signature);
		cr_expect_str_eq(t.info[i].category, "");
	}
	rule_table_fini(&t);
}

Test(rule_table, long_patterns_are_shortened_between_characters) {
	char text[1024], want[RULE_TABLE_TEXT_MAX + 16];
	for (int pad = 0; pad < 3; pad++) {
		// Characters of three octets behind `pad` of one.
		size_t n = (size_t)sprintf(text, "1:/%.*s", pad, "ab");
		for (int i = 0; i < 100; i++)
			n += (size_t)sprintf(text + n, "\xe2\x82\xac");
		sprintf(text + n, "/i\n");
		struct rule_table t = make(text);
		size_t kept = pad + (RULE_TABLE_TEXT_MAX - (size_t)pad) / 3 * 3;
		snprintf(want, sizeof(want), "/%.*s.../i", (int)kept, text + 3);
		cr_expect_str_eq(t.info[0].signature, want);
		rule_table_fini(&t);
	}
	memset(text, 'a', sizeof(text));
	memcpy(text, "1:/", 3);
	strcpy(text + 3 + RULE_TABLE_TEXT_MAX, "/\n");
	struct rule_table t = make(text);
	cr_expect_eq(strlen(t.info[0].signature), RULE_TABLE_TEXT_MAX + 2, "just fits");
	rule_table_fini(&t);
}

Test(rule_table, of_an_empty_set_is_empty) {
	struct rule_table t = make("");
	cr_expect_eq(t.n, 0);
	rule_table_fini(&t);
	rule_table_fini(&t);
}
