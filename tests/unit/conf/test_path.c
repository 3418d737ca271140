// Relative paths of a configuration.

#include "conf/path.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

Test(path, absolute_paths_by_table) {
	static const struct {
		const char *folder, *path, *want;
	} table[] = {
		{"/a/b", "c", "/a/b/c"},
		{"/a/b", "./c/d", "/a/b/c/d"},
		{"/a/b", "../c", "/a/c"},
		{"/a/b", "../../c", "/c"},
		{"/a/b", "../../../c", "/c"},
		{"/a/b", "./../c", "/a/c"},
		{"/a/b", "c//d/./e/", "/a/b/c/d/e"},
		// The name ahead may be a symbolic link.
		{"/a/b", "c/../d", "/a/b/c/../d"},
		{"/a/b", "/c", "/c"},
		{"/a/b", "/../c", "/c"},
		{"/a/b", "/", "/"},
		{"/a/b", "..c", "/a/b/..c"},
		{"/a/b", ".c", "/a/b/.c"},
		{"/a/b", "", "/a/b"},
		{"/a/b", "../..", "/"},
		{"/", "c", "/c"},
		{"/", "../c", "/c"},
		{"/", ".", "/"},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *got = conf_path_absolute(table[i].folder, table[i].path);
		cr_expect_str_eq(got, table[i].want, "%s in %s", table[i].path, table[i].folder);
		free(got);
	}
}

Test(path, the_folder_of_a_file_is_free_of_links) {
	char folder[] = "/tmp/sluice_path_XXXXXX", link[64], file[80];
	cr_assert_not_null(mkdtemp(folder));
	snprintf(link, sizeof(link), "%s/link", folder);
	cr_assert_eq(symlink("/usr/..", link), 0);
	snprintf(file, sizeof(file), "%s/x.conf", link);
	char *got = conf_path_folder(file);
	cr_expect_str_eq(got, "/");
	free(got);
	unlink(link);
	rmdir(folder);
}

Test(path, a_file_without_a_folder_is_in_the_working_directory) {
	cr_assert_eq(chdir("/"), 0);
	char *got = conf_path_folder("x.conf");
	cr_expect_str_eq(got, "/");
	free(got);
}

Test(path, a_folder_that_is_not_there_is_an_error) {
	cr_expect_null(conf_path_folder("/no/such/folder/x.conf"));
}
