// Output files: appending, folders, rotation, and errors that leave no half line.

#include "export/out_file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void make_folder(void) {
	strcpy(folder, "/tmp/sluice-test-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void) {
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

static uint32_t count_files(uint64_t *octets) {
	DIR *d = opendir(folder);
	uint32_t n = 0;
	struct dirent *e;
	*octets = 0;
	while ((e = readdir(d)) != NULL) {
		char path[512];
		struct stat st;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			n++;
			*octets += (uint64_t)st.st_size;
		}
	}
	closedir(d);
	return n;
}

Test(out_file, makes_folders_and_appends_to_what_is_there, .init = make_folder,
     .fini = remove_folder) {
	char path[128];
	snprintf(path, sizeof(path), "%s/a/b/out.jsonl", folder);
	struct out_file_config c = {.path = path};
	struct err err = {0};
	for (int i = 0; i < 2; i++) {
		struct out_file f;
		cr_assert_eq(out_file_open(&f, &c, &err), 0, "%s", err.text);
		cr_assert_eq(out_file_write(&f, "line\n", 5, &err), 0);
		out_file_close(&f);
	}
	struct stat st;
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_size, 10);
}

Test(out_file, rotates_by_size_and_loses_nothing, .init = make_folder, .fini = remove_folder) {
	char path[128];
	snprintf(path, sizeof(path), "%s/out.jsonl", folder);
	struct out_file_config c = {.path = path, .rotate_size = 100};
	struct err err = {0};
	struct out_file f;
	cr_assert_eq(out_file_open(&f, &c, &err), 0);
	for (int i = 0; i < 50; i++) {
		cr_assert_eq(out_file_write(&f, "0123456789\n", 11, &err), 0);
		cr_assert_eq(out_file_rotate(&f, &err), 0, "%s", err.text);
	}
	uint64_t octets;
	uint32_t files = count_files(&octets);
	cr_assert_eq(octets, 550);
	cr_assert_eq(f.rotations, 5);
	cr_assert_eq(files, 6);
	out_file_close(&f);
}

Test(out_file, rotates_by_time, .init = make_folder, .fini = remove_folder) {
	char path[128];
	snprintf(path, sizeof(path), "%s/out.jsonl", folder);
	struct out_file_config c = {.path = path, .rotate_every_us = 1};
	struct out_file f;
	cr_assert_eq(out_file_open(&f, &c, NULL), 0);
	usleep(10);
	cr_assert_eq(out_file_rotate(&f, NULL), 0);
	cr_assert_eq(f.rotations, 0, "an empty file is not rotated");
	cr_assert_eq(out_file_write(&f, "x\n", 2, NULL), 0);
	cr_assert_eq(out_file_rotate(&f, NULL), 0);
	cr_assert_eq(f.rotations, 1);
	out_file_close(&f);
}

Test(out_file, a_folder_in_its_place_is_a_clear_error, .init = make_folder, .fini = remove_folder) {
	struct out_file_config c = {.path = folder};
	struct out_file f;
	struct err err = {0};
	cr_assert_eq(out_file_open(&f, &c, &err), -EISDIR);
	cr_assert_not_null(strstr(err.text, folder));
	cr_assert_not_null(strstr(err.text, "Is a directory"));
}

Test(out_file, a_full_device_is_an_error_with_its_name) {
	struct out_file_config c = {.path = "/dev/full"};
	struct out_file f;
	struct err err = {0};
	cr_assert_eq(out_file_open(&f, &c, &err), 0);
	cr_assert_eq(out_file_write(&f, "x\n", 2, &err), -ENOSPC);
	cr_assert_not_null(strstr(err.text, "/dev/full"));
	out_file_close(&f);
}
