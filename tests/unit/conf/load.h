// Loads configurations from text for the tests: each in a folder of its own under the name
// test.conf, which is the working directory as well, so that errors begin with "test.conf:".
#pragma once

#include "conf/conf.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A new empty folder becomes the working directory. Each test runs in a process of its own.
static inline void load_enter(char folder[32]) {
	strcpy(folder, "/tmp/sluice_conf_XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static inline void load_write(const char *file, const char *text, size_t len) {
	FILE *f = fopen(file, "w");
	cr_assert_not_null(f);
	cr_assert_eq(fwrite(text, 1, len, f), len);
	cr_assert_eq(fclose(f), 0);
}

// Takes the folder away with what load_octets and the tests put there.
static inline void load_leave(const char *folder) {
	static const char *const files[] = {"test.conf", "a.hs",   "b.hs",
					    "b.rules",   "a.pcap", "printed.conf"};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	cr_assert_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(folder), 0);
}

// `sets` ends with NULL, or is NULL.
static inline struct conf *
load_octets(const char *text, size_t len, const char *const *sets, struct conf_errors *errors) {
	uint32_t n = 0;
	while (sets != NULL && sets[n] != NULL)
		n++;
	load_write("test.conf", text, len);
	struct conf *conf = conf_load("test.conf", sets, n, errors);
	cr_expect_eq(conf == NULL, errors->n > 0, "it loads without errors or not at all");
	return conf;
}

// All errors, each with its newline.
static inline char *load_join(const struct conf_errors *errors) {
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	cr_assert_not_null(out);
	for (uint32_t i = 0; i < errors->n; i++)
		fprintf(out, "%s\n", errors->line[i]);
	fclose(out);
	return text;
}

// The errors must be just `want`, lines with newlines. In the working directory, beside what is there.
static inline void
expect_octets_here(const char *text, size_t len, const char *const *sets, const char *want) {
	struct conf_errors errors;
	struct conf *conf = load_octets(text, len, sets, &errors);
	char *got = load_join(&errors);
	cr_expect_str_eq(got, want, "for:\n%s\ngot:\n%s\nwanted:\n%s", text, got, want);
	free(got);
	conf_free(conf);
	conf_errors_fini(&errors);
}

static inline void expect_errors_here(const char *text, const char *want) {
	expect_octets_here(text, strlen(text), NULL, want);
}

// The same in a folder of its own.
static inline void
expect_octets(const char *text, size_t len, const char *const *sets, const char *want) {
	char folder[32];
	load_enter(folder);
	expect_octets_here(text, len, sets, want);
	load_leave(folder);
}

static inline void expect_errors(const char *text, const char *const *sets, const char *want) {
	expect_octets(text, strlen(text), sets, want);
}

// It must load; the caller frees it. The folder is gone by then.
static inline struct conf *expect_loads(const char *text, const char *const *sets) {
	char folder[32];
	struct conf_errors errors;
	load_enter(folder);
	struct conf *conf = load_octets(text, strlen(text), sets, &errors);
	char *got = load_join(&errors);
	cr_assert_not_null(conf, "for:\n%s\ngot:\n%s", text, got);
	free(got);
	conf_errors_fini(&errors);
	load_leave(folder);
	return conf;
}

// A configuration and the errors it must give.
struct refused {
	const char *text;
	const char *errors;
};

static inline void expect_table(const struct refused *table, size_t n) {
	for (size_t i = 0; i < n; i++)
		expect_errors(table[i].text, NULL, table[i].errors);
}

#define EXPECT_TABLE(table) expect_table(table, sizeof(table) / sizeof((table)[0]))
