// What rules are called: by their number, in the order of the set, with texts of any length.

#include "match/rules/rule_table.h"

#include "match/snort/snort_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct rule_table make(const char *text) {
	struct rule_table t;
	struct err err = {0};
	struct ruleset *rs = ruleset_new();
	cr_assert_eq(ruleset_add_text(rs, "t.hs", text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_eq(rule_table_init(&t, rs, NULL), 0);
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

static struct rule_table make_rules(const char *hs, const char *text) {
	struct rule_table t;
	struct err err = {};
	struct snort_rules rules = {};
	struct ruleset *rs = ruleset_new();
	cr_assert_eq(ruleset_add_text(rs, "t.hs", hs, strlen(hs), &err), 0, "%s", err.text);
	cr_assert_eq(
		snort_file_read_text("t.rules", text, strlen(text), NULL, &rules, &err), 0, "%s",
		err.text
	);
	cr_assert_eq(
		rules.n_refusals, 0, "%s", rules.n_refusals > 0 ? rules.refusals[0].reason : ""
	);
	cr_assert_eq(rule_table_init(&t, rs, &rules), 0);
	ruleset_free(rs);
	snort_rules_fini(&rules);
	return t;
}

#define RULE(options) "alert tcp any any -> any any (" options ")\n"

Test(rule_table, patterns_come_first_then_rules) {
	struct rule_table t = make_rules("7:/x/\n", RULE("sid:5;") RULE("sid:4;"));
	cr_assert_eq(t.n, 3);
	cr_expect_eq(t.info[0].sid, 7);
	cr_expect_eq(t.info[1].sid, 5);
	cr_expect_eq(t.info[2].sid, 4);
	rule_table_fini(&t);
}

Test(rule_table, a_rule_says_what_it_is) {
	struct rule_table t = make_rules(
		"",
		RULE("msg:\"a \\\"b\\\" c\"; gid:3; sid:5; rev:9; classtype:misc-attack; noalert;"
		     "threshold:type both, track by_dst, count 7, seconds 60;")
	);
	const struct rule_info *r = &t.info[0];
	cr_assert_eq(t.n, 1);
	cr_expect_eq(r->gid, 3);
	cr_expect_eq(r->rev, 9);
	cr_expect(r->noalert);
	cr_expect_str_eq(r->signature, "a \"b\" c");
	cr_expect_str_eq(r->category, "Misc Attack");
	cr_expect_eq(r->severity, 2);
	cr_expect_eq(r->threshold.type, RULE_THRESHOLD_BOTH);
	cr_expect_eq(r->threshold.track, RULE_BY_DST);
	cr_expect_eq(r->threshold.count, 7);
	cr_expect_eq(r->threshold.seconds, 60);
	cr_expect_eq(r->n_metadata, 0);
	cr_expect_eq(r->n_references, 0);
	rule_table_fini(&t);
}

Test(rule_table, severity_is_the_priority_or_the_classes) {
	static const struct {
		const char *rule;
		uint8_t severity;
		const char *category;
	} table[] = {
		{RULE("sid:1;"), 3, ""},
		{RULE("classtype:trojan-activity; sid:1;"), 1, "A Network Trojan was detected"},
		{RULE("classtype:trojan-activity; priority:4; sid:1;"), 4,
		 "A Network Trojan was detected"},
		{RULE("classtype:of-our-own; sid:1;"), 3, "of-our-own"},
		{RULE("classtype:of-our-own; priority:1; sid:1;"), 1, "of-our-own"},
		{RULE("priority:255; sid:1;"), 255, ""},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rule_table t = make_rules("", table[i].rule);
		cr_expect_eq(t.info[0].severity, table[i].severity, "%s", table[i].rule);
		cr_expect_str_eq(t.info[0].category, table[i].category);
		cr_expect_str_eq(t.info[0].signature, "");
		cr_expect_not(t.info[0].noalert);
		rule_table_fini(&t);
	}
}

Test(rule_table, metadata_of_one_key_stands_together) {
	struct rule_table t = make_rules(
		"",
		RULE("metadata:policy balanced-ips drop, created_at 2010_07_30,policy  security-ips "
		     "drop , alone, service http; sid:1; metadata:policy x;")
	);
	static const char *const want[][2] = {
		{"policy", "balanced-ips drop"},
		{"policy", "security-ips drop"},
		{"policy", "x"},
		{"created_at", "2010_07_30"},
		{"service", "http"},
	};
	const struct rule_info *r = &t.info[0];
	cr_assert_eq(r->n_metadata, 5);
	for (uint32_t i = 0; i < r->n_metadata; i++) {
		cr_expect_str_eq(r->metadata[i].key, want[i][0]);
		cr_expect_str_eq(r->metadata[i].value, want[i][1]);
	}
	rule_table_fini(&t);
}

Test(rule_table, metadata_is_bounded) {
	char text[8192];
	size_t n = (size_t)sprintf(text, "alert tcp any any -> any any (sid:1; metadata:a b");
	for (int i = 0; i < 200; i++)
		n += (size_t)sprintf(text + n, ", k%d v%d", i % 7, i);
	sprintf(text + n, ";)\n");
	struct rule_table t = make_rules("", text);
	cr_assert_eq(t.info[0].n_metadata, RULE_TABLE_METADATA_MAX);
	cr_expect_str_eq(t.info[0].metadata[0].value, "b");
	cr_expect_str_eq(t.info[0].metadata[1].key, "k0");
	cr_expect_str_eq(t.info[0].metadata[2].key, "k0");
	rule_table_fini(&t);
}

Test(rule_table, references_are_addresses) {
	struct rule_table t = make_rules(
		"",
		RULE("reference:cve,2019-0708; reference:url,example.org/x; reference:our,7; sid:1;"
		)
	);
	const struct rule_info *r = &t.info[0];
	cr_assert_eq(r->n_references, 3);
	cr_expect_str_eq(
		r->references[0], "https://cve.mitre.org/cgi-bin/cvename.cgi?name=2019-0708"
	);
	cr_expect_str_eq(r->references[1], "https://example.org/x");
	cr_expect_str_eq(r->references[2], "our,7");
	rule_table_fini(&t);
}
