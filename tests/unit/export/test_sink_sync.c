// At the end sinks tell of a disk that does not keep what was written.

#include "export/sinks.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t synced;
static int fault;

// libc's is not asked: what a disk answers is for each test to say.
int fsync(int fd) {
	synced++;
	errno = fault;
	return fault != 0 ? -1 : 0;
}

static char path[64];

static struct sink *open_sink(bool eve, const char *at) {
	static struct eve_ifaces ifaces;
	struct out_file_config conf = {.path = at};
	struct err err = {0};
	struct sink *s = eve ? sink_eve_new(&conf, &ifaces, &err) : sink_json_new(&conf, &err);
	cr_assert_not_null(s, "%s", err.text);
	return s;
}

static void make_path(void) {
	strcpy(path, "/tmp/sluice-sync-XXXXXX");
	close(mkstemp(path));
}

static void remove_path(void) {
	unlink(path);
}

Test(sink_sync, a_disk_that_keeps_nothing_is_told, .init = make_path, .fini = remove_path) {
	for (int eve = 0; eve < 2; eve++) {
		struct sink *s = open_sink(eve, path);
		struct err err = {0};
		fault = 0;
		synced = 0;
		cr_expect_eq(s->ops->sync(s, &err), 0);
		cr_expect_eq(synced, 1);
		fault = EIO;
		cr_expect_eq(s->ops->sync(s, &err), -EIO);
		cr_expect_not_null(strstr(err.text, path), "%s", err.text);
		cr_expect_not_null(strstr(err.text, "may never reach the disk"), "%s", err.text);
		// The kernel tells it once.
		fault = 0;
		struct out_mark mark;
		cr_expect_eq(s->ops->sync(s, &err), -EIO);
		cr_expect_eq(s->ops->mark(s, &mark, &err), -EIO, "no checkpoint speaks of it");
		s->ops->close(s);
	}
}

Test(sink_sync, what_is_no_file_is_not_synced) {
	for (int eve = 0; eve < 2; eve++) {
		struct sink *s = open_sink(eve, "/dev/null");
		struct err err = {0};
		fault = EIO;
		cr_expect_eq(s->ops->sync(s, &err), 0, "%s", err.text);
		cr_expect_eq(synced, 0);
		s->ops->close(s);
	}
}
