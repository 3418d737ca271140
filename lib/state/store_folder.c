// A lock that goes with the process, and names.

#include "store_folder.h"

#include "base/folder.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int lock_folder(struct state_folder *f, const char *folder, struct err *err) {
	char *name;
	if (asprintf(&name, "%s/lock", folder) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	int ret = 0;
	f->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (f->lock < 0)
		ret = err_set(
			err, -errno, "state.path: %s: %s (accepted: a folder that can be written)",
			name, strerror(errno)
		);
	else if (flock(f->lock, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		ret = err_set(
			err, -EBUSY,
			"state.path: %s: another instance keeps its state there (accepted: a "
			"folder of its own for each)",
			folder
		);
	else if (ftruncate(f->lock, 0) == 0 && dprintf(f->lock, "%d\n", (int)getpid()) < 0)
		ret = err_set(err, -errno, "state.path: %s: %s", name, strerror(errno));
	free(name);
	return ret;
}

int state_folder_open(struct state_folder *f, const char *folder, struct err *err) {
	*f = (struct state_folder){.lock = -1};
	int ret = folder_make(folder, 0700, err);
	if (ret < 0)
		err_wrap(err, ret, "state.path");
	else
		ret = lock_folder(f, folder, err);
	if (ret == 0 && asprintf(&f->file, "%s/" STATE_FILE, folder) < 0) {
		f->file = NULL;
		ret = err_set(err, -ENOMEM, "out of memory");
	}
	if (ret < 0)
		state_folder_close(f);
	return ret;
}

void state_folder_close(struct state_folder *f) {
	if (f->lock >= 0)
		close(f->lock);
	free(f->file);
	*f = (struct state_folder){.lock = -1};
}

void state_folder_make(const struct state_folder *f) {
	int fd = open(f->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	close(fd);
	folder_sync_above(f->file, NULL);
}

int state_folder_note(struct state_folder *f, struct err *err) {
	struct stat st;
	if (stat(f->file, &st) < 0)
		return err_set(err, -errno, "%s: %s", f->file, strerror(errno));
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	return 0;
}

int state_folder_holds(const struct state_folder *f, struct err *err) {
	struct stat st;
	if (stat(f->file, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino)
		return 0;
	return err_set(
		err, -ESTALE,
		"%s: was removed or replaced by another program: nothing is kept until the next "
		"start",
		f->file
	);
}

static int move(const char *from, const char *to, const char *suffix, struct err *err) {
	char a[4096], b[4096];
	snprintf(a, sizeof(a), "%s%s", from, suffix);
	snprintf(b, sizeof(b), "%s%s", to, suffix);
	if (rename(a, b) < 0 && errno != ENOENT)
		return err_set(err, -errno, "%s: cannot rename to %s: %s", a, b, strerror(errno));
	return 0;
}

int state_folder_aside(
	const struct state_folder *f, const char *what, const char *why, struct err *err
) {
	char name[4096], stamp[32];
	struct tm tm;
	time_t now = time(NULL);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm);
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%s.%s-%s.%u", f->file, what, stamp, i);
		if (access(name, F_OK) < 0)
			break;
	}
	int ret = move(f->file, name, "-journal", err);
	if (ret == 0)
		ret = move(f->file, name, "", err);
	if (ret == 0)
		log_warn("%s: %s: set aside as %s; starting over", f->file, why, name);
	return ret;
}
