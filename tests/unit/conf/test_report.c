// Collecting and ordering of findings.

#include "conf/report.h"

#include <criterion/criterion.h>

#include <string.h>

Test(report, findings_come_out_in_order_of_line_then_of_set) {
	struct conf_report r = {.file = "f"};
	struct conf_errors e;
	conf_report_add(&r, (struct conf_where){.set = 2}, "a.b", "c", "s2");
	conf_report_add(&r, (struct conf_where){.line = 7}, "a.b", NULL, "second");
	conf_report_add(&r, (struct conf_where){.set = 1}, "a.b", "c", "s1");
	conf_report_add(&r, (struct conf_where){.line = 7}, NULL, "v", "third");
	conf_report_add(&r, (struct conf_where){.line = 3}, "a", "", "first %d", 1);
	conf_report_add(&r, (struct conf_where){0}, NULL, NULL, "whole");
	cr_expect(conf_report_any(&r));
	conf_report_finish(&r, &e);
	cr_expect_not(conf_report_any(&r));
	cr_assert_eq(e.n, 6);
	cr_expect_str_eq(e.line[0], "f: whole");
	cr_expect_str_eq(e.line[1], "f:3: a: \"\": first 1");
	cr_expect_str_eq(e.line[2], "f:7: a.b: second");
	cr_expect_str_eq(e.line[3], "f:7: v: third");
	cr_expect_str_eq(e.line[4], "--set:1: a.b: c: s1");
	cr_expect_str_eq(e.line[5], "--set:2: a.b: c: s2");
	conf_errors_fini(&e);
	cr_expect_eq(e.n, 0);
}

Test(report, a_long_value_is_cut_between_characters) {
	struct conf_report r = {.file = "f"};
	struct conf_errors e;
	char value[600];
	memset(value, 'x', sizeof(value));
	memcpy(value + 255, "\xe2\x82\xac", 3);
	value[599] = '\0';
	conf_report_add(&r, (struct conf_where){.line = 1}, "k", value, "long");
	conf_report_finish(&r, &e);
	cr_assert_eq(e.n, 1);
	cr_expect_eq(strlen(e.line[0]), strlen("f:1: k: ") + 255 + strlen("...: long"));
	cr_expect_str_eq(e.line[0] + strlen(e.line[0]) - 11, "xx...: long");
	conf_errors_fini(&e);
}

Test(report, findings_are_bounded_and_the_rest_is_counted) {
	struct conf_report r = {.file = "f"};
	struct conf_errors e;
	for (uint32_t i = 0; i < CONF_REPORT_MAX + 5; i++)
		conf_report_add(&r, (struct conf_where){.line = i + 1}, NULL, NULL, "x");
	conf_report_finish(&r, &e);
	cr_assert_eq(e.n, CONF_REPORT_MAX + 1);
	cr_expect_str_eq(e.line[0], "f:1: x");
	cr_expect_str_eq(e.line[CONF_REPORT_MAX], "f: 5 more errors");
	conf_errors_fini(&e);
}

Test(report, without_findings_there_are_no_errors) {
	struct conf_report r = {.file = "f"};
	struct conf_errors e;
	conf_report_finish(&r, &e);
	cr_expect_eq(e.n, 0);
	conf_errors_fini(&e);
}
