// lib/match/db_cache.c: values on disk, and that nothing but the very value stored is ever returned.

#include "match/db_cache.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "what it depends on"
#define VALUE "the value, which may be long"

static char dir[64]; // each test is a process
static char file[512];

static void open_dir(void) {
	strcpy(dir, "/tmp/db_cache.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

// The name of the only file there is.
static unsigned find_file(void) {
	unsigned n = 0;
	DIR *d = opendir(dir);
	cr_assert_not_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", dir, e->d_name);
		n++;
	}
	closedir(d);
	return n;
}

static void close_dir(void) {
	while (find_file() > 0)
		cr_assert_eq(unlink(file), 0);
	rmdir(dir);
}

static void store(const char *key, const char *value) {
	struct err err = {};
	cr_assert_eq(
		db_cache_store(dir, key, strlen(key), value, strlen(value), &err), 0, "%s", err.text
	);
}

static int load(const char *key, char *value, size_t size) {
	void *there;
	uint64_t len;
	int ret = db_cache_load(dir, key, strlen(key), &there, &len);
	if (ret == 0) {
		cr_assert_lt(len, size);
		memcpy(value, there, len);
		value[len] = '\0';
		free(there);
	}
	return ret;
}

Test(db_cache, what_was_stored_is_found, .init = open_dir, .fini = close_dir) {
	char value[100];
	cr_assert_eq(load(KEY, value, 100), -ENOENT);
	store(KEY, VALUE);
	store("other", "");
	cr_assert_eq(load(KEY, value, 100), 0);
	cr_assert_str_eq(value, VALUE);
	cr_assert_eq(load("other", value, 100), 0);
	cr_assert_str_eq(value, "");
	cr_assert_eq(load("third", value, 100), -ENOENT);
}

Test(db_cache, storing_again_replaces, .init = open_dir, .fini = close_dir) {
	char value[100];
	store(KEY, "old");
	store(KEY, VALUE);
	cr_assert_eq(load(KEY, value, 100), 0);
	cr_assert_str_eq(value, VALUE);
	cr_assert_eq(find_file(), 1u, "nothing else is left behind");
}

Test(db_cache, the_folder_is_made_for_its_owner_alone, .init = open_dir, .fini = close_dir) {
	char parent[64], value[100];
	struct stat st;
	strcpy(parent, dir);
	strcat(dir, "/a/b");
	store(KEY, VALUE);
	cr_assert_eq(load(KEY, value, 100), 0);
	cr_assert_eq(stat(dir, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0700u);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(stat(file, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600u);
	unlink(file);
	rmdir(dir);
	dir[strlen(dir) - 2] = '\0';
	rmdir(dir);
	strcpy(dir, parent);
}

Test(db_cache, a_flipped_bit_anywhere_is_noticed, .init = open_dir, .fini = close_dir) {
	char value[100];
	unsigned char octet;
	struct stat st;
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(stat(file, &st), 0);
	cr_assert_eq(st.st_size, 32 + (long)strlen(KEY) + (long)strlen(VALUE));
	int fd = open(file, O_RDWR);
	for (long at = 0; at < st.st_size; at++) {
		for (int bit = 0; bit < 8; bit++) {
			cr_assert_eq(pread(fd, &octet, 1, at), 1);
			octet ^= 1 << bit;
			cr_assert_eq(pwrite(fd, &octet, 1, at), 1);
			cr_assert_eq(load(KEY, value, 100), -EBADMSG, "octet %ld", at);
			octet ^= 1 << bit;
			cr_assert_eq(pwrite(fd, &octet, 1, at), 1);
		}
	}
	close(fd);
	cr_assert_eq(load(KEY, value, 100), 0);
}

Test(db_cache, a_file_of_another_length_is_noticed, .init = open_dir, .fini = close_dir) {
	char value[100];
	struct stat st;
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(stat(file, &st), 0);
	cr_assert_eq(truncate(file, st.st_size + 1), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
	for (long len = st.st_size - 1; len >= 0; len--) {
		cr_assert_eq(truncate(file, len), 0);
		cr_assert_eq(load(KEY, value, 100), -EBADMSG, "%ld", len);
	}
}

Test(db_cache, a_file_of_another_key_is_not_taken_for_ours, .init = open_dir, .fini = close_dir) {
	char value[100], ours[512];
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	strcpy(ours, file);
	unlink(file);
	// Of the same length, under our name.
	store("WHAT it depends on", VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(rename(file, ours), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
}

Test(db_cache, what_others_may_write_is_not_read, .init = open_dir, .fini = close_dir) {
	char value[100];
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(chmod(file, 0620), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
	cr_assert_eq(chmod(file, 0602), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
	cr_assert_eq(chmod(file, 0644), 0);
	cr_assert_eq(load(KEY, value, 100), 0);
}

Test(db_cache, a_pipe_or_folder_of_that_name_does_not_hold_us, .init = open_dir, .fini = close_dir,
     .timeout = 10) {
	char value[100];
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(mkfifo(file, 0600), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(mkdir(file, 0700), 0);
	cr_assert_lt(load(KEY, value, 100), 0);
	cr_assert_eq(rmdir(file), 0);
}

Test(db_cache, a_folder_is_made_when_it_is_opened, .init = open_dir, .fini = close_dir) {
	struct err err = {};
	char inner[80];
	snprintf(inner, sizeof(inner), "%s/a", dir);
	cr_assert_eq(db_cache_open(inner, &err), 0, "%s", err.text);
	cr_assert_eq(db_cache_open(inner, &err), 0, "again: %s", err.text);
	cr_assert_eq(rmdir(inner), 0);
	cr_assert_eq(db_cache_open("/dev/null", &err), -ENOTDIR);
	cr_assert_not_null(strstr(err.text, "/dev/null"));
	cr_assert_eq(db_cache_open("/proc/nowhere/x", &err), -ENOENT);
	cr_assert_eq(db_cache_open("", &err), -ENOENT);
}

Test(db_cache, an_unusable_folder_is_an_error_with_its_name, .init = open_dir, .fini = close_dir) {
	struct err err = {};
	char saved[64];
	strcpy(saved, dir);
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(db_cache_store(file, "k", 1, "v", 1, &err), -ENOTDIR, "%s", err.text);
	cr_assert_not_null(strstr(err.text, file));
	cr_assert_eq(db_cache_store("/proc/nowhere", "k", 1, "v", 1, &err), -ENOENT);
	cr_assert_eq(db_cache_store("", "k", 1, "v", 1, &err), -ENOENT);
}
