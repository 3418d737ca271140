// Lines on their way to a file: whole lines, all of them, counted as what became of them.

#include "export/line_file.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/sluice-lines-XXXXXX";
static struct line_file *lines;
static struct sink_stats stats;

static void open_at(const char *where, int64_t rotate_every_us) {
	struct err err = {0};
	struct out_file_config c = {.path = where, .rotate_every_us = rotate_every_us};
	lines = calloc(1, sizeof(*lines));
	cr_assert_eq(line_file_open(lines, &c, &stats, &err), 0, "%s", err.text);
}

static void open_file(void) {
	close(mkstemp(path));
	open_at(path, 0);
}

static void close_file(void) {
	line_file_close(lines);
	free(lines);
	unlink(path);
}

static int add(uint32_t len) {
	struct err err = {0};
	int fault = 0;
	char *p = line_file_room(lines, len, &fault, &err);
	memset(p, 'x', len - 1);
	p[len - 1] = '\n';
	line_file_add(lines, p + len);
	return fault;
}

static off_t size(void) {
	struct stat st;
	cr_assert_eq(stat(path, &st), 0);
	return st.st_size;
}

Test(line_file, writes_when_it_must_and_when_it_is_told, .init = open_file, .fini = close_file) {
	for (int i = 0; i < 300; i++)
		cr_assert_eq(add(1000), 0);
	cr_expect_eq(size(), 262000, "as many whole lines as there was room for");
	cr_expect_eq(stats.delivered, 262);
	cr_expect_eq(line_file_drain(lines, NULL), 0);
	cr_expect_eq(size(), 300000);
	cr_expect_eq(stats.delivered, 300);
	cr_expect_eq(line_file_drain(lines, NULL), 0, "nothing is left to write");
	cr_expect_eq(stats.delivered, 300);
}

Test(line_file, a_line_may_be_as_long_as_the_buffer, .init = open_file, .fini = close_file) {
	cr_assert_eq(add(10), 0);
	cr_assert_eq(add(LINE_FILE_BUFFER), 0);
	cr_assert_eq(add(10), 0);
	cr_expect_eq(line_file_drain(lines, NULL), 0);
	cr_expect_eq(size(), 20 + LINE_FILE_BUFFER);
}

Test(line_file, counts_what_is_refused_and_goes_on, .fini = close_file) {
	open_at("/dev/full", 0);
	int faults = 0;
	for (int i = 0; i < 600; i++)
		faults += add(1000) < 0;
	cr_expect_eq(faults, 2);
	struct err err = {0};
	cr_expect_lt(line_file_drain(lines, &err), 0);
	cr_expect_neq(err.text[0], '\0');
	cr_expect_eq(stats.delivered, 0);
	cr_expect_eq(stats.dropped, 600);
}

Test(line_file, a_pause_is_where_another_file_may_begin, .fini = close_file) {
	close(mkstemp(path));
	open_at(path, 1);
	cr_assert_eq(add(10), 0);
	usleep(10);
	cr_expect_eq(line_file_pause(lines, NULL), 0);
	cr_expect_eq(size(), 0);
	cr_expect_eq(lines->file.rotations, 1);
	char pattern[64];
	glob_t found;
	snprintf(pattern, sizeof(pattern), "%s.*", path);
	cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
	cr_expect_eq(found.gl_pathc, 1);
	unlink(found.gl_pathv[0]);
	globfree(&found);
}

Test(line_file, that_does_not_rotate_gathers_on, .init = open_file, .fini = close_file) {
	cr_assert_eq(add(10), 0);
	cr_expect_eq(line_file_pause(lines, NULL), 0);
	cr_expect_eq(size(), 0);
}
