// lib/match/snort/snort_file.c, snort_lines.c and snort_rules.c: files of any octets, each rule accounted for
// once, revisions.

#include "test_snort_rig.h"

#include <errno.h>
#include <unistd.h>

#define RULE(sid) "alert ip any any -> any any (sid:" #sid ";)"

static void assert_lines(const char *text, uint32_t n, const uint32_t *lines) {
	struct snort_rules rs = read_text(text, NULL);
	cr_assert_eq(rs.n_refusals, 0u, "%s: %s", text, n > 0 ? rs.refusals[0].reason : "");
	cr_assert_eq(rs.n_rules, n, "%s", text);
	for (uint32_t i = 0; i < n; i++)
		cr_expect_eq(rs.rules[i].line, lines[i], "%s: %u", text, rs.rules[i].line);
	snort_rules_fini(&rs);
}

Test(snort_file, lines_are_counted_as_editors_do) {
	assert_lines("", 0, NULL);
	assert_lines("\n\n \t\r\n# c\n  # c \\\n", 0, NULL);
	assert_lines(RULE(1), 1, (uint32_t[]){1});
	assert_lines("\xEF\xBB\xBF" RULE(1) "\r\n\r\n#\r\n" RULE(2) "\r\n", 2, (uint32_t[]){1, 4});
	assert_lines("  \t" RULE(1) "  \n", 1, (uint32_t[]){1});
	assert_lines("# comment \\\n" RULE(1) "\n", 1, (uint32_t[]){2});
}

Test(snort_file, a_backslash_continues_a_rule) {
	assert_lines(
		"alert ip any any \\\n-> any any \\ \r\n(msg:\"a\\\nb\"; \\\nsid:1;)\n" RULE(2), 2,
		(uint32_t[]){1, 6}
	);
	struct snort_rules rs = accept_text(
		"alert ip any any -> any any (msg:\"a\\\nb\"; sid:1;)", NULL
	);
	cr_assert_str_eq(rs.rules[0].msg, "ab");
	snort_rules_fini(&rs);
	// Within a continued line nothing is a comment.
	rs = read_text("alert ip any any \\\n# -> \\\nany any (sid:1;)\n" RULE(2), NULL);
	cr_assert_eq(rs.n_rules, 1u);
	cr_assert_eq(rs.n_refusals, 1u);
	cr_assert_eq(rs.refusals[0].line, 1u);
	snort_rules_fini(&rs);
	assert_lines(RULE(1) "\\", 1, (uint32_t[]){1});
	assert_lines("\\\n\\\n" RULE(1), 1, (uint32_t[]){1});
}

Test(snort_file, a_refused_rule_is_named_and_the_file_goes_on) {
	struct snort_rules rs = read_text(
		RULE(1) "\nnonsense\nalert ip any any -> any any (http.uri; sid : 77;)\n"
			"alert ip any any -> any any (msg:\"sid:5;\"; broken; sid:78;\n" RULE(2),
		NULL
	);
	cr_assert_eq(rs.n_rules, 2u);
	cr_assert_eq(rs.n_refusals, 3u);
	cr_assert_str_eq(rs.refusals[0].rule, "");
	cr_assert_eq(rs.refusals[0].line, 2u);
	cr_assert_str_eq(rs.refusals[1].rule, "sid 77");
	cr_assert_str_eq(rs.refusals[1].group, "sticky buffer http.uri");
	cr_assert_str_eq(rs.refusals[1].reason, "sticky buffer http.uri is not supported");
	cr_assert_str_eq(rs.refusals[2].rule, "sid 78");
	cr_assert_str_eq(rs.refusals[2].group, "syntax");
	snort_rules_fini(&rs);
}

Test(snort_file, any_octet_may_be_in_it) {
	char text[] = RULE(1) "\n\xff\xfe\x80\n" RULE(2) "\nalert ip any any -> any any (msg:\"\x01"
							 "\xff\"; sid:3;)\n\0\n";
	struct snort_rules rs = {};
	struct err err = {};
	text[sizeof(RULE(1)) + 1] = '\0';
	cr_assert_eq(snort_file_read_text("x", text, sizeof(text), NULL, &rs, &err), 0);
	cr_assert_eq(rs.n_rules, 3u);
	cr_assert_eq(rs.n_refusals, 3u);
	cr_assert_str_eq(rs.rules[2].msg, "\x01\xff");
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_str_eq(rs.refusals[i].group, "syntax");
	snort_rules_fini(&rs);
}

Test(snort_file, the_highest_revision_stays) {
	struct snort_rules rs = {};
	struct err err = {};
	static const char a[] = "alert ip any any -> any any (msg:\"a1\"; sid:1; rev:1;)\n"
				"alert ip any any -> any any (msg:\"a2\"; sid:2; rev:5;)\n"
				"alert ip any any -> any any (msg:\"g\"; gid:2; sid:1; rev:1;)\n";
	static const char b[] = "alert ip any any -> any any (msg:\"b1\"; sid:1; rev:3;)\n"
				"alert ip any any -> any any (msg:\"b2\"; sid:2; rev:4;)\n"
				"alert ip any any -> any any (msg:\"b3\"; sid:1; rev:3;)\n";
	cr_assert_eq(snort_file_read_text("a", a, sizeof(a) - 1, NULL, &rs, &err), 0);
	cr_assert_eq(snort_file_read_text("b", b, sizeof(b) - 1, NULL, &rs, &err), 0);
	cr_assert_eq(rs.n_rules, 3u);
	cr_assert_str_eq(rs.rules[0].msg, "a2");
	cr_assert_str_eq(rs.rules[1].msg, "g");
	cr_assert_str_eq(rs.rules[2].msg, "b1");
	cr_assert_eq(rs.rules[2].file, 1u);
	cr_assert_eq(rs.n_refusals, 3u);
	cr_assert_str_eq(rs.refusals[0].group, "duplicate sid");
	cr_assert_str_eq(rs.refusals[0].reason, "sid 1 with rev 3 stands in b:1; this is rev 1");
	cr_assert_str_eq(rs.refusals[0].rule, "sid 1");
	cr_assert_str_eq(rs.refusals[1].reason, "sid 2 with rev 5 stands in a:2; this is rev 4");
	cr_assert_str_eq(rs.refusals[2].reason, "sid 1 with rev 3 stands in b:1; this is rev 3");
	snort_rules_fini(&rs);
}

Test(snort_file, a_file_that_cannot_be_read_is_an_error) {
	struct snort_rules rs = accept_text(RULE(1), NULL);
	struct err err = {};
	cr_assert_eq(snort_file_read("/nonexistent/x.rules", NULL, &rs, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "/nonexistent/x.rules"), "%s", err.text);
	cr_assert_eq(snort_file_read("/dev/zero", NULL, &rs, &err), -EFBIG);
	cr_assert_eq(rs.n_rules, 1u);
	cr_assert_eq(rs.n_files, 1u);
	snort_rules_fini(&rs);
}

Test(snort_file, files_are_read_from_disk) {
	char path[] = "/tmp/test_snort_file_XXXXXX";
	struct snort_rules rs = {};
	struct err err = {};
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, RULE(9), sizeof(RULE(9)) - 1), (ssize_t)sizeof(RULE(9)) - 1);
	close(fd);
	cr_assert_eq(snort_file_read(path, NULL, &rs, &err), 0, "%s", err.text);
	unlink(path);
	cr_assert_eq(rs.n_rules, 1u);
	cr_assert_str_eq(rs.files[0], path);
	snort_rules_fini(&rs);
}

Test(snort_file, too_many_refusals_leave_the_set_as_it_was, .timeout = 120) {
	struct snort_rules rs = accept_text(RULE(1), NULL);
	struct err err = {};
	size_t len = 2 * (RULESET_REFUSED_MAX + 1ull);
	char *text = malloc(len);
	for (size_t i = 0; i < len; i += 2)
		memcpy(text + i, "x\n", 2);
	cr_assert_eq(snort_file_read_text("x", text, len, NULL, &rs, &err), -E2BIG);
	cr_assert_not_null(strstr(err.text, "is this a rule file?"), "%s", err.text);
	cr_assert_eq(rs.n_rules, 1u);
	cr_assert_eq(rs.n_files, 1u);
	cr_assert_eq(rs.n_refusals, 0u);
	snort_rules_fini(&rs);
	free(text);
}

Test(snort_file, what_exceeds_the_number_of_rules_is_refused, .timeout = 120) {
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	for (uint32_t i = 1; i <= SNORT_RULES_MAX + 3; i++)
		fprintf(f, "alert tcp $HOME_NET any -> any %u (content:\"%u\"; sid:%u;)\n",
			i % 65536, i, i);
	fclose(f);
	struct snort_rules rs = {};
	struct err err = {};
	cr_assert_eq(snort_file_read_text("x", text, len, NULL, &rs, &err), 0, "%s", err.text);
	cr_assert_eq(rs.n_rules, SNORT_RULES_MAX);
	cr_assert_eq(rs.n_refusals, 3u);
	cr_assert_str_eq(rs.refusals[0].group, "limit");
	cr_assert_str_eq(rs.refusals[0].rule, "sid 100001");
	snort_rules_fini(&rs);
	free(text);
}

Test(snort_file, a_line_without_end_costs_no_more_than_its_length, .timeout = 120) {
	static const char *const fills[] = {" ",
					    "(",
					    "\"",
					    "[",
					    "\\",
					    ":",
					    ";",
					    "sid:",
					    "!",
					    "$HOME_NET,",
					    "a;",
					    "\\\n",
					    "content:\"a\";"};
	size_t len = 10u << 20;
	char *text = malloc(len + 16);
	for (unsigned i = 0; i < COUNT(fills); i++) {
		size_t n = strlen(fills[i]);
		for (size_t at = 0; at < len; at++)
			text[at] = fills[i][at % n];
		memcpy(text, "alert ip any any", 16);
		struct snort_rules rs = {};
		struct err err = {};
		cr_assert_eq(snort_file_read_text("x", text, len, NULL, &rs, &err), 0);
		cr_expect_eq(rs.n_refusals, 1u, "%s", fills[i]);
		snort_rules_fini(&rs);
		// The same at the greatest length that is looked into.
		cr_assert_eq(
			snort_file_read_text("x", text, SNORT_RULE_SIZE_MAX, NULL, &rs, &err), 0
		);
		cr_expect_eq(rs.n_refusals, 1u, "%s", fills[i]);
		snort_rules_fini(&rs);
	}
	free(text);
}
