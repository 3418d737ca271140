// Marks of output files: whatever was written behind one is cut off, also across rotations, and a file that
// is not the one meant stays as it is.

#include "export/out_mark.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128], next[160];

static void make_folder(void) {
	strcpy(folder, "/tmp/sluice-test-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/out", folder);
	snprintf(next, sizeof(next), "%s/out.next", folder);
}

static void remove_folder(void) {
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

static struct out_file open_file(uint64_t rotate_size) {
	struct out_file_config c = {.path = path, .rotate_size = rotate_size, .marked = true};
	struct out_file f;
	struct err err = {0};
	cr_assert_eq(out_file_open(&f, &c, &err), 0, "%s", err.text);
	return f;
}

static void add(struct out_file *f, const char *text) {
	struct err err = {0};
	cr_assert_eq(out_file_write(f, text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_eq(out_file_rotate(f, &err), 0, "%s", err.text);
}

static struct out_mark mark(struct out_file *f) {
	struct out_mark m;
	struct err err = {0};
	cr_assert_eq(out_file_mark(f, &m, &err), 0, "%s", err.text);
	return m;
}

static int cut(const struct out_mark *m, struct err *err) {
	struct out_file f = open_file(0);
	int ret = out_file_cut(&f, m, err);
	out_file_close(&f);
	return ret;
}

static const char *content(const char *name) {
	static char text[256];
	int fd = open(name, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	text[n] = '\0';
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? text : "(none)";
}

static uint32_t files(void) {
	DIR *d = opendir(folder);
	uint32_t n = 0;
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

Test(out_mark, what_is_behind_it_is_cut_off, .init = make_folder, .fini = remove_folder) {
	struct err err = {0};
	struct out_file f = open_file(0);
	struct out_mark empty = mark(&f);
	add(&f, "one\n");
	struct out_mark m = mark(&f);
	add(&f, "two\n");
	out_file_close(&f);
	for (int turn = 0; turn < 2; turn++) {
		cr_assert_eq(cut(&m, &err), 0, "%s", err.text);
		cr_assert_str_eq(content(path), "one\n");
	}
	cr_assert_eq(cut(&empty, &err), 0, "%s", err.text);
	cr_assert_str_eq(content(path), "");
}

Test(out_mark, a_copy_is_known_and_another_file_is_not, .init = make_folder,
     .fini = remove_folder) {
	struct err err = {0};
	struct out_file f = open_file(0);
	struct out_mark empty = mark(&f);
	add(&f, "one\n");
	struct out_mark m = mark(&f);
	add(&f, "two\n");
	out_file_close(&f);
	char command[512];
	snprintf(command, sizeof(command), "cp %s %s/c; mv %s/c %s", path, folder, folder, path);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(cut(&empty, &err), -ESTALE, "nothing tells that it is ours");
	cr_assert_eq(cut(&m, &err), 0, "%s", err.text);
	cr_assert_str_eq(content(path), "one\n");
	snprintf(command, sizeof(command), "echo 'uno dos tres' > %s", path);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(cut(&m, &err), -ESTALE);
	cr_assert_not_null(strstr(err.text, "--restart"), "%s", err.text);
	cr_assert_str_eq(content(path), "uno dos tres\n");
	unlink(path);
	cr_assert_eq(cut(&m, &err), -ESTALE);
}

// Written, marked with a rotation due, and more written; then killed at `stage`: 0 ahead of the mark being
// kept, 1 between the two renames, 2 behind them.
static struct out_mark rotate(int stage, struct out_mark *before) {
	struct err err = {0};
	struct out_file f = open_file(4);
	*before = mark(&f);
	add(&f, "one\n");
	struct out_mark m = mark(&f);
	cr_assert_eq(m.rotates, 1);
	add(&f, "two\n");
	cr_assert_str_eq(
		content(path), "one\n", "a finished file gets its name behind the checkpoint"
	);
	if (stage == 1)
		cr_assert_eq(rename(path, m.name), 0);
	if (stage == 2)
		cr_assert_eq(out_file_kept(&f, &err), 0, "%s", err.text);
	out_file_close(&f);
	return m;
}

Test(out_mark, a_rotation_is_part_of_a_checkpoint, .init = make_folder, .fini = remove_folder) {
	struct err err = {0};
	struct out_mark before;
	for (int stage = 0; stage <= 2; stage++) {
		struct out_mark m = rotate(stage, &before);
		for (int turn = 0; turn < 2; turn++) {
			cr_assert_eq(cut(&m, &err), 0, "stage %d: %s", stage, err.text);
			cr_assert_str_eq(content(path), "");
			cr_assert_str_eq(content(m.name), "one\n");
			cr_assert_eq(files(), 2);
		}
		unlink(m.name);
		unlink(path);
	}
	// The checkpoint was not kept: the one before counts.
	rotate(0, &before);
	cr_assert_eq(cut(&before, &err), 0, "%s", err.text);
	cr_assert_str_eq(content(path), "");
	cr_assert_eq(files(), 1);
}

Test(out_mark, renames_are_made_up_for_by_name, .init = make_folder, .fini = remove_folder) {
	struct err err = {0};
	struct out_mark before;
	for (int stage = 0; stage <= 2; stage++) {
		struct out_mark m = rotate(stage, &before);
		int ret = out_mark_settle(path, &m, &err);
		cr_expect_eq(ret, stage < 2, "stage %d: %d %s", stage, ret, err.text);
		cr_expect_eq(out_mark_settle(path, &m, &err), 0, "once");
		cr_expect_eq(out_mark_settle(path, &before, &err), 0, "it had no rotation");
		cr_expect_str_eq(content(path), "two\n");
		cr_expect_str_eq(content(m.name), "one\n");
		cr_expect_eq(files(), 2);
		unlink(m.name);
		unlink(path);
	}
	// Another file took the name meanwhile: all stay.
	struct out_mark m = rotate(0, &before);
	FILE *other = fopen(path, "w");
	fputs("other\n", other);
	fclose(other);
	cr_expect_eq(out_mark_settle(path, &m, &err), 0);
	cr_expect_str_eq(content(path), "other\n");
	cr_expect_str_eq(content(next), "two\n");
}

Test(out_mark, a_rotation_waits_for_the_next_mark_when_one_fails, .init = make_folder,
     .fini = remove_folder) {
	struct err err = {0};
	struct out_file f = open_file(4);
	add(&f, "one\n");
	struct out_mark m = mark(&f);
	add(&f, "two\n");
	struct out_mark again = mark(&f);
	cr_assert_eq(again.rotates, 1);
	cr_assert_str_eq(again.name, m.name);
	cr_assert_eq(again.now.size, 4);
	add(&f, "three\n");
	cr_assert_eq(out_file_kept(&f, &err), 0, "%s", err.text);
	add(&f, "four\n");
	cr_assert_str_eq(content(path), "two\nthree\nfour\n");
	out_file_close(&f);
	cr_assert_eq(cut(&again, &err), 0, "%s", err.text);
	cr_assert_str_eq(content(path), "two\n");
}

Test(out_mark, what_a_killed_run_had_begun_is_joined_without_a_state, .init = make_folder,
     .fini = remove_folder) {
	struct err err = {0};
	struct out_mark before;
	rotate(0, &before);
	cr_assert_eq(cut(NULL, &err), 0, "%s", err.text);
	cr_assert_str_eq(content(path), "two\n");
	cr_assert_eq(files(), 2);
	cr_assert_str_eq(content(next), "(none)");
}

Test(out_mark, a_file_that_another_program_cuts_has_no_mark, .init = make_folder,
     .fini = remove_folder) {
	struct out_file f = open_file(0);
	struct out_mark m;
	struct err err = {0};
	add(&f, "one\n");
	mark(&f);
	cr_assert_eq(truncate(path, 0), 0);
	add(&f, "two\n");
	cr_assert_eq(out_file_mark(&f, &m, &err), -ENODATA);
	cr_assert_not_null(strstr(err.text, "another program has cut"), "%s", err.text);
	out_file_close(&f);
}
