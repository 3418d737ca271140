// The first look at a configuration: where everything stands, and what libini_config would not tell.

#include "conf/scan.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scanned {
	char text[512];
	struct conf_entries entries;
	struct conf_errors errors;
	int ret;
};

static void scan(struct scanned *s, const char *text) {
	struct conf_report report = {.file = "f"};
	*s = (struct scanned){0};
	strcpy(s->text, text);
	s->ret = conf_scan(s->text, strlen(text), &report, &s->entries);
	conf_report_finish(&report, &s->errors);
}

static void fini(struct scanned *s) {
	conf_entries_fini(&s->entries);
	conf_errors_fini(&s->errors);
}

static void expect_entry(
	const struct conf_entry *e, uint32_t line, const char *section, const char *instance,
	const char *key
) {
	cr_expect_eq(e->at.line, line);
	cr_expect_str_eq(e->section, section);
	cr_expect_eq(e->instance == NULL, instance == NULL);
	if (instance != NULL && e->instance != NULL)
		cr_expect_str_eq(e->instance, instance);
	cr_expect_eq(e->key == NULL, key == NULL);
	if (key != NULL && e->key != NULL)
		cr_expect_str_eq(e->key, key);
}

Test(scan, sections_and_keys_are_found_with_their_lines) {
	struct scanned s;
	scan(&s,
	     "# c\n\n[input]\r\nx=1 \r\n\n  y = a = b\n; c\n[ stream \t a ]  \n\tkey\t=\nlast=2");
	cr_expect_eq(s.ret, 0);
	cr_expect_eq(s.errors.n, 0);
	cr_assert_eq(s.entries.n, 6);
	expect_entry(&s.entries.item[0], 3, "input", NULL, NULL);
	expect_entry(&s.entries.item[1], 4, "input", NULL, "x");
	expect_entry(&s.entries.item[2], 6, "input", NULL, "y");
	expect_entry(&s.entries.item[3], 8, "stream", "a", NULL);
	expect_entry(&s.entries.item[4], 9, "stream", "a", "key");
	expect_entry(&s.entries.item[5], 10, "stream", "a", "last");
	cr_expect_str_eq(s.entries.item[1].value, "1");
	cr_expect_str_eq(s.entries.item[2].value, "a = b");
	cr_expect_str_eq(s.entries.item[3].value, "stream   a", "as libini_config calls it");
	cr_expect_str_eq(s.entries.item[4].value, "");
	fini(&s);
}

Test(scan, lines_with_a_mistake_are_blanked_and_lines_stay_in_place) {
	struct scanned s;
	scan(&s, "x=1\n[a]\n #c\ny=2\n [b]\n!=1\n");
	cr_expect_str_eq(s.text, "   \n[a]\n   \ny=2\n    \n   \n");
	cr_assert_eq(s.errors.n, 4);
	cr_expect_str_eq(
		s.errors.line[0],
		"f:1: x=1: a key ahead of the first section (accepted: [section] first)"
	);
	cr_expect_str_eq(
		s.errors.line[1],
		"f:3: #c: a comment behind blanks (accepted: # or ; in the first column)"
	);
	cr_expect_str_eq(
		s.errors.line[2],
		"f:5: [b]: a section behind blanks (accepted: [ in the first column)"
	);
	cr_expect_str_eq(
		s.errors.line[3],
		"f:6: !=1: a '!' or a letter beyond ASCII in a name (accepted: letters, digits, _, -)"
	);
	fini(&s);
}

Test(scan, what_libini_config_refuses_itself_is_left_to_it) {
	struct scanned s;
	scan(&s, "[a\nx=1\n[]\nx=1\n[ ]\n[\n[b]\nnothing\n=1\n");
	cr_expect_eq(s.errors.n, 0);
	cr_assert_eq(s.entries.n, 1);
	expect_entry(&s.entries.item[0], 7, "b", NULL, NULL);
	fini(&s);
}

Test(scan, names_repeat_whatever_their_case) {
	struct scanned s;
	scan(&s, "[a]\nx=1\nX=2\n[b]\nx=1\n[A]\ny=1\n[stream  q]\n[stream q]\nx=3\nx=4\nx=5\n");
	cr_assert_eq(s.errors.n, 5);
	cr_expect_str_eq(
		s.errors.line[0],
		"f:3: a.X: 2: repeated, it stands in line 2 already (accepted: each key once in its section)"
	);
	cr_expect_str_eq(
		s.errors.line[1],
		"f:6: A: repeated, it stands in line 1 already (accepted: each section once)"
	);
	cr_expect_str_eq(
		s.errors.line[2],
		"f:9: stream.q: repeated, it stands in line 8 already (accepted: each section once)"
	);
	cr_expect_str_eq(
		s.errors.line[4],
		"f:12: stream.q.x: 5: repeated, it stands in line 10 already (accepted: each key once in its "
		"section)"
	);
	fini(&s);
}

Test(scan, more_names_than_any_configuration_has_are_refused) {
	struct conf_report report = {.file = "f"};
	struct conf_entries entries = {0};
	struct conf_errors errors;
	size_t n = CONF_SCAN_MAX + 1;
	char *text = malloc(n * 4);
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * 4, "[a]\n", 4);
	cr_expect_eq(conf_scan(text, n * 4, &report, &entries), -E2BIG);
	conf_report_finish(&report, &errors);
	cr_assert_eq(errors.n, 1);
	cr_expect_str_eq(errors.line[0], "f:4097: more than 4096 sections and keys");
	conf_errors_fini(&errors);
	conf_entries_fini(&entries);
	free(text);
}
