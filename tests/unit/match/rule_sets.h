// The rule sets that people have, Emerging Threats and Snort community. They lie beside the project; a
// test that reads one is skipped where they do not. What is said of one is held against a golden file.
#pragma once

#include "match/snort/snort_file.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

// All files of a set, in the order of their names.
static inline void rule_set_read(const char *set, struct snort_rules *rs) {
	char path[1024];
	struct err err = {};
	glob_t found;
	int at = snprintf(path, sizeof(path), SOURCE_ROOT "/../shared/data/rules/%s", set);
	if (access(path, R_OK) != 0)
		cr_skip_test("%s is not there", path);
	snprintf(path + at, sizeof(path) - (size_t)at, "/*.rules");
	cr_assert_eq(glob(path, 0, NULL, &found), 0, "%s", path);
	for (size_t i = 0; i < found.gl_pathc; i++)
		cr_assert_eq(snort_file_read(found.gl_pathv[i], NULL, rs, &err), 0, "%s", err.text);
	globfree(&found);
}

// `name`: of the golden file, without the folder.
static inline void rule_set_expect(const char *name, const char *got) {
	char path[1024], golden[1 << 16];
	snprintf(path, sizeof(path), SOURCE_ROOT "/tests/golden/rules/%s", name);
	FILE *f = fopen(path, "r");
	cr_assert_not_null(f, "%s; to accept it, put this there:\n%s", path, got);
	size_t len = fread(golden, 1, sizeof(golden) - 1, f);
	fclose(f);
	cr_assert_lt(len, sizeof(golden) - 1);
	golden[len] = '\0';
	cr_expect_str_eq(got, golden, "%s; to accept it, put this there:\n%s", path, got);
}
