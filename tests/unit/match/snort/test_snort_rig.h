// One rule's text read as a file of its own, for tests of what a rule may say.
#pragma once

#include "match/snort/snort_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

// Reads `text` with `vars` (may be NULL). Free with snort_rules_fini.
static inline struct snort_rules read_text(const char *text, const struct snort_vars *vars) {
	struct snort_rules rs = {};
	struct err err = {};
	int ret = snort_file_read_text("test.rules", text, strlen(text), vars, &rs, &err);
	cr_assert_eq(ret, 0, "%.300s: %s", text, err.text);
	return rs;
}

// The same of one rule that must be accepted.
static inline struct snort_rules accept_text(const char *text, const struct snort_vars *vars) {
	struct snort_rules rs = read_text(text, vars);
	cr_assert_eq(
		rs.n_refusals, 0u, "%.300s: %s", text,
		rs.n_refusals > 0 ? rs.refusals[0].reason : ""
	);
	cr_assert_eq(rs.n_rules, 1u, "%.300s", text);
	return rs;
}

// A TCP rule with these options and sid 1, accepted.
static inline struct snort_rules accept_options(const char *options) {
	char text[4096];
	snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)", options);
	return accept_text(text, NULL);
}

// One rule that must be refused under `group` with `says` in the reason.
static inline void assert_refused(const char *text, const char *group, const char *says) {
	struct snort_rules rs = read_text(text, NULL);
	cr_assert_eq(rs.n_rules, 0u, "%.300s: is accepted", text);
	cr_assert_eq(rs.n_refusals, 1u, "%.300s", text);
	cr_expect_str_eq(rs.refusals[0].group, group, "%.300s: %s", text, rs.refusals[0].reason);
	cr_expect_not_null(
		strstr(rs.refusals[0].reason, says), "%.300s: %s", text, rs.refusals[0].reason
	);
	snort_rules_fini(&rs);
}

static inline void
assert_options_refused(const char *options, const char *group, const char *says) {
	char text[4096];
	snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)", options);
	assert_refused(text, group, says);
}
