// Rule files of both syntaxes, in the order they are named.

#include "match/rules/rule_files.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[32];

static void enter(void) {
	strcpy(folder, "/tmp/sluice_rules_XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void leave(void) {
	cr_assert_eq(chdir("/"), 0);
	char command[64];
	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_expect_eq(system(command), 0);
}

static void add(struct rule_files *f, const char *name, const char *text) {
	struct err err = {};
	FILE *file = fopen(name, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(rule_files_add(f, name, NULL, &err), 0, "%s", err.text);
}

#define RULE(options, sid) "alert tcp any any -> any any (" options " sid:" sid ";)\n"
#define GOOD(sid) RULE("content:\"a\";", sid)
#define BAD(sid) RULE("content:\"a\"; http_uri;", sid)

static void expect_file(
	const struct rule_files *f, uint32_t i, const char *name, uint32_t accepted,
	uint32_t refused, const char *first
) {
	uint32_t n = 99;
	const struct refusal *r = rule_files_refusals(f, i, &n);
	cr_expect_str_eq(rule_files_name(f, i), name);
	cr_expect_eq(rule_files_accepted_of(f, i), accepted, "%s", name);
	cr_assert_eq(n, refused, "%s: %u", name, n);
	if (refused > 0)
		cr_expect_str_eq(r[0].rule, first);
}

Test(rule_files, the_name_tells_the_syntax) {
	cr_expect(rule_files_snort("/etc/a.rules"));
	cr_expect(rule_files_snort(".rules"));
	cr_expect_not(rule_files_snort("a.hs"));
	cr_expect_not(rule_files_snort("rules"));
	cr_expect_not(rule_files_snort("a.rules.hs"));
}

Test(rule_files, keeps_both_syntaxes_apart_and_their_order) {
	struct rule_files f;
	enter();
	cr_assert_eq(rule_files_init(&f), 0);
	add(&f, "b.rules", BAD("5") GOOD("1") GOOD("2"));
	add(&f, "a.hs", "1:/x/\njunk\n2:/y/\n7:/z/q\n");
	add(&f, "empty.rules", "");
	add(&f, "c.rules", GOOD("3") BAD("6") BAD("7"));
	add(&f, "d.hs", "1:/x/\n");
	cr_assert_eq(f.n_files, 5);
	cr_expect_eq(rule_files_accepted(&f), 6);
	cr_expect_eq(rule_files_refused(&f), 5);
	cr_expect_eq(f.patterns->n_patterns, 3);
	cr_expect_eq(f.rules.n_rules, 3);
	expect_file(&f, 0, "b.rules", 2, 1, "sid 5");
	expect_file(&f, 1, "a.hs", 2, 2, "");
	expect_file(&f, 2, "empty.rules", 0, 0, NULL);
	expect_file(&f, 3, "c.rules", 1, 2, "sid 6");
	expect_file(&f, 4, "d.hs", 1, 0, NULL);
	rule_files_fini(&f);
	rule_files_fini(&f);
	leave();
}

Test(rule_files, what_is_refused_later_moves_within_its_file) {
	struct rule_files f;
	enter();
	cr_assert_eq(rule_files_init(&f), 0);
	add(&f, "a.hs", "1:/x/\n2:/y/\n");
	add(&f, "b.hs", "3:/x/\n4:/y/\n");
	cr_assert_eq(ruleset_refuse(f.patterns, 2, "unsupported", "why"), 0);
	expect_file(&f, 0, "a.hs", 2, 0, NULL);
	expect_file(&f, 1, "b.hs", 1, 1, "3");
	cr_assert_eq(ruleset_refuse(f.patterns, 0, "unsupported", "why"), 0);
	expect_file(&f, 0, "a.hs", 1, 1, "1");
	expect_file(&f, 1, "b.hs", 1, 1, "3");
	// Of two revisions in different files the older is refused where it stands.
	add(&f, "a.rules", GOOD("1") GOOD("2"));
	add(&f, "b.rules", RULE("content:\"a\"; rev:2;", "1"));
	expect_file(&f, 2, "a.rules", 1, 1, "sid 1");
	expect_file(&f, 3, "b.rules", 1, 0, NULL);
	rule_files_fini(&f);
	leave();
}

Test(rule_files, a_file_that_cannot_be_read_changes_nothing) {
	struct rule_files f;
	struct err err = {};
	enter();
	cr_assert_eq(rule_files_init(&f), 0);
	add(&f, "a.hs", "1:/x/\n");
	cr_expect_eq(rule_files_add(&f, "none.hs", NULL, &err), -ENOENT);
	cr_expect_str_eq(err.text, "none.hs: No such file or directory");
	cr_expect_eq(rule_files_add(&f, "none.rules", NULL, &err), -ENOENT);
	cr_expect_str_eq(err.text, "none.rules: No such file or directory");
	cr_expect_eq(f.n_files, 1);
	add(&f, "b.rules", GOOD("1"));
	expect_file(&f, 0, "a.hs", 1, 0, NULL);
	expect_file(&f, 1, "b.rules", 1, 0, NULL);
	rule_files_fini(&f);
	leave();
}

Test(rule_files, variables_reach_the_rules) {
	const struct snort_var var = {"MINE", "10.0.0.1"};
	const struct snort_vars vars = {.vars = &var, .n = 1};
	struct rule_files f;
	struct err err = {};
	enter();
	cr_assert_eq(rule_files_init(&f), 0);
	add(&f, "a.rules", "alert tcp $MINE any -> any any (sid:1;)\n");
	expect_file(&f, 0, "a.rules", 0, 1, "sid 1");
	cr_assert_eq(rule_files_add(&f, "a.rules", &vars, &err), 0);
	expect_file(&f, 1, "a.rules", 1, 0, NULL);
	rule_files_fini(&f);
	leave();
}

Test(rule_files, a_pattern_with_the_id_of_a_rule_is_refused) {
	struct rule_files f;
	uint32_t n;
	enter();
	cr_assert_eq(rule_files_init(&f), 0);
	add(&f, "a.hs", "7:/x/\n2:/y/\n9:/z/Q\n20:/7 & 9/C\n4:/v/\n21:/4 & 9/C\n5:/2 & 7/C\n");
	add(&f, "a.rules", GOOD("5") GOOD("7") GOOD("9") RULE("content:\"a\"; gid:3;", "4"));
	add(&f, "b.hs", "2:/y/\n9:/z/\n7:/x/Q\n22:/7 | 2/C\n");
	cr_assert_eq(rule_files_settle(&f), 0);
	expect_file(&f, 1, "a.rules", 4, 0, NULL);
	// 7 itself, what combines it, and a combination with the id of a rule.
	expect_file(&f, 0, "a.hs", 4, 3, "7");
	const struct refusal *r = rule_files_refusals(&f, 0, &n);
	cr_expect_str_eq(
		r[0].reason,
		"id 7 is the sid of the rule in a.rules:2, which counts (a pattern has gid 1)"
	);
	cr_expect_str_eq(r[1].rule, "20");
	cr_expect_str_eq(
		r[1].reason,
		"combination: id 7 is the sid of the rule in a.rules:2, which counts (a pattern has gid 1)"
	);
	cr_expect_str_eq(r[2].rule, "5");
	for (uint32_t i = 0; i < n; i++)
		cr_expect_str_eq(r[i].group, "duplicate sid");
	expect_file(&f, 2, "b.hs", 3, 1, "9");
	cr_assert_eq(rule_files_settle(&f), 0);
	cr_expect_eq(rule_files_refused(&f), 4, "and again there is nothing more");
	rule_files_fini(&f);
	leave();
}
