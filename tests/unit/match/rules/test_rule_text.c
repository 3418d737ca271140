// lib/match/rules/rule_text.c: a rule file's octets, whatever the path names.

#include "match/rules/rule_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put_file(const char *path, const char *text, size_t len) {
	FILE *f = fopen(path, "wb");
	cr_assert_not_null(f);
	cr_assert_eq(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void make_folder(char dir[32]) {
	strcpy(dir, "/tmp/rule_text.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

Test(rule_text, a_file_is_read_whole) {
	char dir[32], path[64], *text;
	uint64_t len;
	struct err err = {};
	make_folder(dir);
	snprintf(path, sizeof(path), "%s/f", dir);
	put_file(path, "a\0b", 3);
	cr_assert_eq(rule_text_read(path, 3, &text, &len, &err), 0, "%s", err.text);
	cr_assert_eq(len, 3u);
	cr_assert_arr_eq(text, "a\0b", 3);
	free(text);
	put_file(path, "", 0);
	cr_assert_eq(rule_text_read(path, 3, &text, &len, &err), 0);
	cr_assert_eq(len, 0u);
	cr_assert_not_null(text);
	free(text);
	unlink(path);
	rmdir(dir);
}

static void *feed(void *path) {
	FILE *f = fopen(path, "wb");
	for (int i = 0; f != NULL && i < 100000; i++)
		fputc("ab\n"[i % 3], f);
	if (f != NULL)
		fclose(f);
	return NULL;
}

Test(rule_text, a_pipe_is_read_to_its_end, .timeout = 20) {
	char dir[32], path[64], *text;
	uint64_t len;
	struct err err = {};
	pthread_t thread;
	make_folder(dir);
	snprintf(path, sizeof(path), "%s/p", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(pthread_create(&thread, NULL, feed, path), 0);
	cr_assert_eq(rule_text_read(path, 1 << 20, &text, &len, &err), 0, "%s", err.text);
	pthread_join(thread, NULL);
	cr_assert_eq(len, 100000u);
	cr_assert_eq(text[99999], "ab\n"[99999 % 3]);
	free(text);
	unlink(path);
	rmdir(dir);
}

Test(rule_text, a_device_without_end_is_refused_at_the_bound, .timeout = 20) {
	char *text;
	uint64_t len;
	struct err err = {};
	cr_assert_eq(rule_text_read("/dev/zero", 1 << 20, &text, &len, &err), -EFBIG);
	cr_assert_str_eq(err.text, "/dev/zero: larger than 1M");
}

Test(rule_text, what_cannot_be_read_is_named_with_the_reason) {
	char *text;
	uint64_t len;
	struct err err = {};
	cr_assert_eq(rule_text_read("/nowhere/x.hs", 10, &text, &len, &err), -ENOENT);
	cr_assert_str_eq(err.text, "/nowhere/x.hs: No such file or directory");
	cr_assert_eq(rule_text_read("/", 10, &text, &len, &err), -EISDIR);
	cr_assert_str_eq(err.text, "/: Is a directory");
}
