// lib/match/rules/ruleset.c and ruleset_load.c: files become patterns and refusals, with line and reason.

#include "match/rules/ruleset.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ruleset *load(const char *text) {
	struct ruleset *rs = ruleset_new();
	struct err err = {};
	cr_assert_not_null(rs);
	cr_assert_eq(ruleset_add_text(rs, "t.hs", text, strlen(text), &err), 0, "%s", err.text);
	return rs;
}

static void assert_refusal(
	const struct ruleset *rs, uint32_t i, uint32_t line, const char *rule, const char *group,
	const char *says
) {
	cr_assert_lt(i, rs->n_refusals);
	const struct refusal *r = &rs->refusals[i];
	cr_assert_eq(r->line, line, "refusal %u: line %u: %s", i, r->line, r->reason);
	cr_assert_str_eq(r->rule, rule, "refusal %u", i);
	cr_assert_str_eq(r->group, group, "refusal %u: %s", i, r->reason);
	cr_assert_not_null(strstr(r->reason, says), "refusal %u: %s", i, r->reason);
}

Test(ruleset, lines_are_counted_over_comments_and_blanks) {
	struct ruleset *rs = load("# head\n\n3:/a/\n\n\n6:/b/i\n");
	cr_assert_eq(rs->n_patterns, 2u);
	cr_assert_eq(rs->n_refusals, 0u);
	cr_assert_eq(rs->patterns[0].line, 3u);
	cr_assert_eq(rs->patterns[1].line, 6u);
	cr_assert_eq(rs->patterns[1].id, 6u);
	cr_assert_eq(rs->n_files, 1u);
	cr_assert_str_eq(rs->files[0], "t.hs");
	ruleset_free(rs);
}

Test(ruleset, crlf_missing_last_newline_and_byte_order_mark_are_accepted) {
	struct ruleset *rs = load("\xEF\xBB\xBF"
				  "1:/a/i\r\n\r\n# x\r\n4:/b/");
	cr_assert_eq(rs->n_patterns, 2u);
	cr_assert_eq(rs->n_refusals, 0u);
	cr_assert_str_eq(rs->patterns[1].regex, "b");
	cr_assert_eq(rs->patterns[1].line, 4u);
	ruleset_free(rs);
}

Test(ruleset, a_file_without_a_pattern_is_no_error) {
	static const char *const t[] = {"", "\n", "\n\n\n", "#", "# only\n"};
	for (unsigned i = 0; i < 5; i++) {
		struct ruleset *rs = load(t[i]);
		cr_assert_eq(rs->n_patterns + rs->n_refusals, 0u);
		ruleset_free(rs);
	}
}

Test(ruleset, refusals_carry_line_id_group_and_reason_in_order) {
	struct ruleset *rs = load("1:/a/\n" // fine
				  "junk\n" // 2
				  "3:/a/z\n" // 3
				  "4:/a/{x=1}\n" // 4
				  "1:/b/\n" // 5: duplicate
				  "6:/1 & 99/C\n" // 6: unknown
				  "7:/1 & 3/C\n" // 7: refused
				  "8:/1/\n"); // fine
	cr_assert_eq(rs->n_patterns, 2u);
	cr_assert_eq(rs->patterns[1].id, 8u);
	cr_assert_eq(rs->n_refusals, 6u);
	assert_refusal(rs, 0, 2, "", "syntax", "junk");
	assert_refusal(rs, 1, 3, "3", "flags", "'z'");
	assert_refusal(rs, 2, 4, "4", "extension", "'x'");
	assert_refusal(rs, 3, 5, "1", "duplicate_id", "line 1");
	assert_refusal(rs, 4, 6, "6", "combination", "99");
	assert_refusal(rs, 5, 7, "7", "combination", "id 3 (line 3) was refused");
	ruleset_free(rs);
}

Test(ruleset, the_first_line_keeps_an_id_even_when_it_is_refused) {
	struct ruleset *rs = load("5:/a/z\n5:/b/\n5:/c/\n");
	cr_assert_eq(rs->n_patterns, 0u);
	assert_refusal(rs, 0, 1, "5", "flags", "'z'");
	assert_refusal(rs, 1, 2, "5", "duplicate_id", "line 1");
	assert_refusal(rs, 2, 3, "5", "duplicate_id", "line 1");
	ruleset_free(rs);
}

Test(ruleset, an_id_may_return_in_another_file) {
	struct ruleset *rs = load("1:/a/\n2:/1|1/C\n");
	struct err err = {};
	static const char other[] = "1:/b/\n3:/2|1/C\nx\n";
	cr_assert_eq(ruleset_add_text(rs, "u.hs", other, sizeof(other) - 1, &err), 0);
	cr_assert_eq(rs->n_patterns, 3u);
	cr_assert_eq(rs->patterns[2].file, 1u);
	cr_assert_eq(rs->n_refusals, 2u);
	// Combinations see their own file alone.
	assert_refusal(rs, 0, 2, "3", "combination", "id 2");
	cr_assert_eq(rs->refusals[0].file, 1u);
	assert_refusal(rs, 1, 3, "", "syntax", "'x'");
	ruleset_free(rs);
}

Test(ruleset, a_combination_may_come_ahead_of_what_it_combines) {
	struct ruleset *rs = load("9:/(1|2)&!3/C\n3:/c/Q\n2:/b/Q\n1:/a/Q\n");
	cr_assert_eq(rs->n_patterns, 4u);
	cr_assert_eq(rs->n_refusals, 0u);
	ruleset_free(rs);
}

Test(ruleset, what_cannot_be_combined_is_refused) {
	struct ruleset *rs = load("1:/a/\n2:/b/L\n3:/c/P\n"
				  "4:/1&2/C\n5:/1&3/C\n6:/1|1/C\n7:/1&6/C\n8:/8|1/C\n");
	cr_assert_eq(rs->n_patterns, 4u);
	assert_refusal(rs, 0, 4, "4", "combination", "flag L");
	assert_refusal(rs, 1, 5, "5", "combination", "flag P");
	assert_refusal(rs, 2, 7, "7", "combination", "flag C");
	assert_refusal(rs, 3, 8, "8", "combination", "flag C");
	ruleset_free(rs);
}

Test(ruleset, refusing_moves_a_pattern_and_keeps_both_orders) {
	struct ruleset *rs = load("1:/a/\n2:/b/\njunk\n4:/d/\n5:/e/\n");
	cr_assert_eq(ruleset_refuse(rs, 2, "compile", "because"), 0);
	cr_assert_eq(ruleset_refuse(rs, 0, "compile", "of that"), 0);
	cr_assert_eq(rs->n_patterns, 2u);
	cr_assert_eq(rs->patterns[0].id, 2u);
	cr_assert_eq(rs->patterns[1].id, 5u);
	assert_refusal(rs, 0, 1, "1", "compile", "of that");
	assert_refusal(rs, 1, 3, "", "syntax", "junk");
	assert_refusal(rs, 2, 4, "4", "compile", "because");
	struct err err = {};
	cr_assert_eq(ruleset_add_text(rs, "u.hs", "7:/g/", 5, &err), 0);
	cr_assert_eq(rs->n_patterns, 3u);
	cr_assert_eq(rs->patterns[2].id, 7u);
	ruleset_free(rs);
}

Test(ruleset, many_are_refused_in_one_pass) {
	struct ruleset *rs = load("1:/a/\n2:/b/\n3:/c/\n4:/d/\n5:/e/\n");
	static const struct pattern_fault faults[] = {
		{0, "compile", "r1"}, {2, "too_large", "r3"}, {4, "compile", "r5"}};
	cr_assert_eq(ruleset_refuse_many(rs, faults, 3), 0);
	cr_assert_eq(rs->n_patterns, 2u);
	cr_assert_eq(rs->patterns[0].id, 2u);
	cr_assert_eq(rs->patterns[1].id, 4u);
	assert_refusal(rs, 1, 3, "3", "too_large", "r3");
	cr_assert_eq(ruleset_refuse_many(rs, NULL, 0), 0);
	ruleset_free(rs);
}

Test(ruleset, a_file_that_cannot_be_read_leaves_the_set_as_it_was) {
	struct ruleset *rs = load("1:/a/\njunk\n");
	struct err err = {};
	cr_assert_eq(ruleset_add_file(rs, "/nowhere/x.hs", &err), -ENOENT);
	cr_assert_str_eq(err.text, "/nowhere/x.hs: No such file or directory");
	cr_assert_eq(rs->n_files, 1u);
	cr_assert_eq(rs->n_patterns, 1u);
	cr_assert_eq(rs->n_refusals, 1u);
	ruleset_free(rs);
}

Test(ruleset, a_file_is_read_from_its_path) {
	char path[] = "/tmp/ruleset.XXXXXX";
	int fd = mkstemp(path);
	static const char text[] = "1:/a/\n2:/b/z\n";
	cr_assert_eq(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	close(fd);
	struct ruleset *rs = ruleset_new();
	struct err err = {};
	cr_assert_eq(ruleset_add_file(rs, path, &err), 0, "%s", err.text);
	cr_assert_eq(rs->n_patterns, 1u);
	cr_assert_eq(rs->n_refusals, 1u);
	cr_assert_str_eq(rs->files[0], path);
	unlink(path);
	ruleset_free(rs);
}

Test(ruleset, a_hundred_thousand_patterns_are_read_quickly, .timeout = 20) {
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	for (unsigned i = 0; i < 100000; i++)
		fprintf(f, "%u:/pattern %u/i\n", 100000 - i, i);
	// As many again that bear an id twice, and combinations over them all.
	for (unsigned i = 0; i < 100000; i++)
		fprintf(f, "%u:/again/\n", i + 1);
	for (unsigned i = 0; i < 50000; i++)
		fprintf(f, "%u:/%u & !%u/C\n", 200000 + i, i + 1, i % 2 == 0 ? i + 2 : 777777);
	fclose(f);
	struct ruleset *rs = ruleset_new();
	struct err err = {};
	cr_assert_eq(ruleset_add_text(rs, "big", text, len, &err), 0, "%s", err.text);
	cr_assert_eq(rs->n_patterns, 125000u);
	cr_assert_eq(rs->n_refusals, 125000u);
	assert_refusal(rs, 0, 100001, "1", "duplicate_id", "line 100000");
	ruleset_free(rs);
	free(text);
}

Test(ruleset, a_line_of_megabytes_is_one_refusal, .timeout = 20) {
	size_t len = 32 << 20;
	char *text = malloc(len);
	struct ruleset *rs = ruleset_new();
	struct err err = {};
	memset(text, 'a', len);
	memcpy(text, "1:/", 3);
	text[len - 1] = '/';
	cr_assert_eq(ruleset_add_text(rs, "long", text, len, &err), 0);
	cr_assert_eq(rs->n_patterns, 0u);
	assert_refusal(rs, 0, 1, "1", "too_large", "octets");
	ruleset_free(rs);
	free(text);
}

Test(ruleset, what_is_no_pattern_file_at_all_is_given_up, .timeout = 60) {
	size_t len = 2 * (size_t)RULESET_REFUSED_MAX + 2;
	char *text = malloc(len);
	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 == 0 ? 'x' : '\n';
	struct ruleset *rs = load("1:/a/\n");
	struct err err = {};
	cr_assert_eq(ruleset_add_text(rs, "x", text, len, &err), -E2BIG);
	cr_assert_not_null(strstr(err.text, "x:1000001: "), "%s", err.text);
	cr_assert_eq(rs->n_files, 1u);
	cr_assert_eq(rs->n_refusals, 0u);
	cr_assert_eq(rs->n_patterns, 1u);
	cr_assert_eq(ruleset_add_text(rs, "x", text, len - 2, &err), 0);
	cr_assert_eq(rs->n_refusals, RULESET_REFUSED_MAX);
	ruleset_free(rs);
	free(text);
}
