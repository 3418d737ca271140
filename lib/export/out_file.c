// An append-only output file with rotation. A file that is rotated is synced first and renamed to
// PATH.YYYYMMDDTHHMMSS.N; nobody ever sees a name without a whole file behind it.

#include "out_file.h"

#include "base/folder.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// For people.
static const char *shown(const struct out_file *f) {
	return strcmp(f->conf.path, "-") == 0 ? "standard output" : f->conf.path;
}

static int64_t clock_us(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts); // nobody sets it
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int open_path(struct out_file *f, struct err *err) {
	int ret = folder_make_above(f->conf.path, 0777, err);
	if (ret < 0)
		return ret;
	f->fd = open(f->conf.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (f->fd < 0)
		return err_set(err, -errno, "%s: %s", f->conf.path, strerror(errno));
	return 0;
}

void out_file_look(struct out_file *f) {
	struct stat st;
	bool ok = fstat(f->fd, &st) == 0;
	f->regular = ok && S_ISREG(st.st_mode);
	f->size = f->regular ? (uint64_t)st.st_size : 0;
	f->opened_us = clock_us();
}

int out_file_open(struct out_file *f, const struct out_file_config *conf, struct err *err) {
	*f = (struct out_file){.conf = *conf, .fd = -1};
	if (strcmp(conf->path, "-") == 0) {
		f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
		if (f->fd < 0)
			return err_set(err, -errno, "standard output: %s", strerror(errno));
		if ((fcntl(f->fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
			out_file_close(f);
			return err_set(
				err, -EBADF, "standard output is closed, or open for reading only"
			);
		}
		out_file_look(f);
		// What a shell redirected there is not ours to cut or rename.
		f->regular = false;
		return 0;
	}
	int ret = open_path(f, err);
	if (ret == 0)
		out_file_look(f);
	return ret;
}

int out_file_write(struct out_file *f, const void *data, uint64_t len, struct err *err) {
	const char *p = data;
	uint64_t left = len;
	while (left > 0) {
		ssize_t n = write(f->fd, p, left);
		if (n > 0) {
			p += n;
			left -= (uint64_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){.fd = f->fd, .events = POLLOUT}, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			int code = -errno;
			if (f->regular && ftruncate(f->fd, (off_t)f->size) < 0)
				log_warn(
					"%s: half a record stays at its end: %s", f->conf.path,
					strerror(errno)
				);
			return err_set(err, code, "%s: %s", shown(f), strerror(-code));
		}
	}
	f->size += len;
	return 0;
}

int out_file_sync(struct out_file *f, struct err *err) {
	int code = f->unsynced ? EIO : f->regular && fsync(f->fd) < 0 ? errno : 0;
	if (code == 0)
		return 0;
	f->unsynced = true;
	return err_set(
		err, -EIO, "%s: what was written may never reach the disk: %s", f->conf.path,
		strerror(code)
	);
}

bool out_file_rotation_due(const struct out_file *f) {
	if (!f->regular || f->size == 0)
		return false;
	if (f->conf.rotate_size > 0 && f->size >= f->conf.rotate_size)
		return true;
	return f->conf.rotate_every_us > 0 && clock_us() - f->opened_us >= f->conf.rotate_every_us;
}

int out_file_finished_name(const struct out_file *f, char *name, size_t len) {
	struct tm tm;
	time_t now = time(NULL);
	gmtime_r(&now, &tm);
	char stamp[32];
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm);
	for (uint32_t i = 0; i < 1000000; i++) {
		int n = snprintf(name, len, "%s.%s.%u", f->conf.path, stamp, i);
		if (n < 0 || (size_t)n >= len)
			return -1;
		if (access(name, F_OK) < 0)
			break;
	}
	return 0;
}

int out_file_rotate(struct out_file *f, struct err *err) {
	if (f->conf.marked || !out_file_rotation_due(f))
		return 0;
	int ret = out_file_sync(f, err);
	if (ret < 0)
		return ret;
	char name[4096];
	if (out_file_finished_name(f, name, sizeof(name)) < 0)
		return err_set(err, -ENAMETOOLONG, "%s: the name is too long", f->conf.path);
	if (rename(f->conf.path, name) < 0)
		return err_set(
			err, -errno, "%s: cannot rename to %s: %s", f->conf.path, name,
			strerror(errno)
		);
	int old = f->fd;
	ret = open_path(f, err);
	if (ret < 0) {
		// Go on in the renamed file rather than lose records.
		f->fd = old;
		f->opened_us = clock_us();
		return ret;
	}
	close(old);
	out_file_look(f);
	f->rotations++;
	return 0;
}

void out_file_close(struct out_file *f) {
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
