// Folders: every kind of path, and what is told of one that cannot be made.

#include "base/folder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void go_in(void) {
	strcpy(folder, "/tmp/sluice-test-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void go_out(void) {
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(folder, .init = go_in, .fini = go_out);

static mode_t mode_of(const char *path) {
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? st.st_mode & 0777 : 0;
}

Test(folder, all_of_a_path_is_made_and_what_is_there_stays) {
	char path[128];
	struct err err = {0};
	snprintf(path, sizeof(path), "%s/a/b", folder);
	cr_expect_eq(folder_make(path, 0700, &err), 0, "%s", err.text);
	cr_expect_eq(folder_make("a/b//c/", 0750, &err), 0, "%s", err.text);
	cr_expect_eq(folder_make("/", 0700, &err), 0, "%s", err.text);
	cr_expect_eq(mode_of("a"), 0700);
	cr_expect_eq(mode_of("a/b"), 0700);
	cr_expect_eq(mode_of("a/b/c"), 0750);
}

Test(folder, of_a_file_only_what_is_above_it_is_made) {
	struct err err = {0};
	cr_expect_eq(folder_make_above("a/b/file", 0700, &err), 0, "%s", err.text);
	cr_expect_eq(mode_of("a/b"), 0700);
	cr_expect_eq(mode_of("a/b/file"), 0);
	cr_expect_eq(folder_make_above("file", 0700, &err), 0, "%s", err.text);
	cr_expect_eq(folder_make_above("/file", 0700, &err), 0, "%s", err.text);
	cr_expect_eq(mode_of("file"), 0);
}

Test(folder, who_is_in_the_way_is_named) {
	struct err err = {0};
	close(open("file", O_CREAT | O_WRONLY, 0600));
	cr_expect_eq(folder_make("file/a/b", 0700, &err), -ENOTDIR);
	cr_expect_str_eq(err.text, "file/a: Not a directory");
	cr_expect_eq(folder_make("", 0700, &err), -ENOENT);
	cr_expect_eq(folder_make("", 0700, NULL), -ENOENT);
}

Test(folder, any_file_has_a_folder_to_be_synced) {
	static const char *const files[] = {"file", "./file", "/file", "a/file"};
	struct err err = {0};
	cr_assert_eq(folder_make("a", 0700, &err), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		cr_expect_eq(folder_sync_above(files[i], &err), 0, "%s", err.text);
	cr_expect_eq(folder_sync_above("none/file", &err), -ENOENT);
	cr_expect_str_eq(err.text, "none: No such file or directory");
}
