// lib/match/db_cache.c: values on disk, and that nothing but the very value stored is ever returned.

#include "match/db_cache.h"

#include "cache_folder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEY "what it depends on"
#define VALUE "the value, which may be long"

static void store(const char *key, const char *value) {
	struct err err = {};
	cr_assert_eq(
		db_cache_store(cache_dir, key, strlen(key), value, strlen(value), &err), 0, "%s",
		err.text
	);
}

static int load(const char *key, char *value, size_t size) {
	void *there;
	uint64_t len;
	int ret = db_cache_load(cache_dir, key, strlen(key), &there, &len);
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
	strcpy(parent, cache_dir);
	strcat(cache_dir, "/a/b");
	store(KEY, VALUE);
	cr_assert_eq(load(KEY, value, 100), 0);
	cr_assert_eq(stat(cache_dir, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0700u);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(stat(cache_file, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600u);
	unlink(cache_file);
	rmdir(cache_dir);
	cache_dir[strlen(cache_dir) - 2] = '\0';
	rmdir(cache_dir);
	strcpy(cache_dir, parent);
}

Test(db_cache, a_flipped_bit_anywhere_is_noticed, .init = open_dir, .fini = close_dir) {
	char value[100];
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	const long size = file_size();
	cr_assert_eq(size, 32 + (long)strlen(KEY) + (long)strlen(VALUE));
	for (long at = 0; at < size; at++) {
		for (int bit = 0; bit < 8; bit++) {
			flip(at, (uint8_t)(1 << bit));
			cr_assert_eq(load(KEY, value, 100), -EBADMSG, "octet %ld", at);
			flip(at, (uint8_t)(1 << bit));
		}
	}
	cr_assert_eq(load(KEY, value, 100), 0);
}

Test(db_cache, a_file_of_another_length_is_noticed, .init = open_dir, .fini = close_dir) {
	char value[100];
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	const long size = file_size();
	cr_assert_eq(truncate(cache_file, size + 1), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
	for (long len = size - 1; len >= 0; len--) {
		cr_assert_eq(truncate(cache_file, len), 0);
		cr_assert_eq(load(KEY, value, 100), -EBADMSG, "%ld", len);
	}
}

Test(db_cache, a_file_of_another_key_is_not_taken_for_ours, .init = open_dir, .fini = close_dir) {
	char value[100], ours[512];
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	strcpy(ours, cache_file);
	unlink(cache_file);
	// Of the same length, under our name.
	store("WHAT it depends on", VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(rename(cache_file, ours), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
}

Test(db_cache, what_others_may_write_is_not_read, .init = open_dir, .fini = close_dir) {
	char value[100];
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(chmod(cache_file, 0620), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
	cr_assert_eq(chmod(cache_file, 0602), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
	cr_assert_eq(chmod(cache_file, 0644), 0);
	cr_assert_eq(load(KEY, value, 100), 0);
}

Test(db_cache, a_pipe_or_folder_of_that_name_does_not_hold_us, .init = open_dir, .fini = close_dir,
     .timeout = 10) {
	char value[100];
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(unlink(cache_file), 0);
	cr_assert_eq(mkfifo(cache_file, 0600), 0);
	cr_assert_eq(load(KEY, value, 100), -EBADMSG);
	cr_assert_eq(unlink(cache_file), 0);
	cr_assert_eq(mkdir(cache_file, 0700), 0);
	cr_assert_lt(load(KEY, value, 100), 0);
	cr_assert_eq(rmdir(cache_file), 0);
}

Test(db_cache, a_folder_is_made_when_it_is_opened, .init = open_dir, .fini = close_dir) {
	struct err err = {};
	char inner[80];
	snprintf(inner, sizeof(inner), "%s/a", cache_dir);
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
	strcpy(saved, cache_dir);
	store(KEY, VALUE);
	cr_assert_eq(find_file(), 1u);
	cr_assert_eq(db_cache_store(cache_file, "k", 1, "v", 1, &err), -ENOTDIR, "%s", err.text);
	cr_assert_not_null(strstr(err.text, cache_file));
	cr_assert_eq(db_cache_store("/proc/nowhere", "k", 1, "v", 1, &err), -ENOENT);
	cr_assert_eq(db_cache_store("", "k", 1, "v", 1, &err), -ENOENT);
}
