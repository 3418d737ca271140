// Marks of an output file. A rotation is part of a checkpoint: a file that has its finished name holds
// nothing that could have to be cut off again.

#include "out_mark.h"

#include "base/folder.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int next_name(const char *path, char *name, size_t len, struct err *err) {
	if ((size_t)snprintf(name, len, "%s.next", path) >= len)
		return err_set(err, -ENAMETOOLONG, "%s: the name is too long", path);
	return 0;
}

// The digest of the last octets ahead of `size`. 0 or -errno.
static int tail_of(const char *path, uint64_t size, uint64_t *tail) {
	char octets[OUT_TAIL];
	struct hash_seed seed;
	uint64_t len = size < OUT_TAIL ? size : OUT_TAIL, got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (got < len) {
		ssize_t n = pread(fd, octets + got, len - got, (off_t)(size - len + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int code = n < 0 ? -errno : -ENODATA;
			close(fd);
			return code;
		}
		got += (uint64_t)n;
	}
	close(fd);
	hash_seed_fixed(&seed, OUT_TAIL);
	*tail = hash_bytes(&seed, octets, len);
	return 0;
}

static int place_of(const char *path, int fd, uint64_t size, struct out_place *p, struct err *err) {
	struct stat st;
	int ret = fstat(fd, &st) < 0 ? -errno : 0;
	*p = (struct out_place){.size = size};
	if (ret == 0)
		ret = tail_of(path, size, &p->tail);
	if (ret == -ENODATA)
		return err_set(
			err, ret,
			"%s: is shorter than what was written to it: another program has cut or "
			"replaced it (accepted: a file of this run alone; rotate_size and "
			"rotate_every begin new ones)",
			path
		);
	if (ret < 0)
		return err_set(err, ret, "%s: %s", path, strerror(-ret));
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	return 0;
}

// Whether the file of that name is the one meant, at least as long.
static bool is_at(const char *path, const struct out_place *p) {
	struct stat st;
	uint64_t tail;
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size < p->size)
		return false;
	bool same = st.st_dev == p->dev && st.st_ino == p->ino;
	if (p->size == 0)
		return same || st.st_size == 0;
	return tail_of(path, p->size, &tail) == 0 && tail == p->tail;
}

// Goes on in a new file that takes the configured name later.
static int begin_next(struct out_file *f, struct err *err) {
	char name[OUT_MARK_NAME_MAX];
	int ret = next_name(f->conf.path, name, sizeof(name), err);
	if (ret < 0)
		return ret;
	int fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", name, strerror(errno));
	ret = place_of(f->conf.path, f->fd, f->size, &f->finished, err);
	if (ret < 0 || out_file_finished_name(f, f->finished_name, OUT_MARK_NAME_MAX) < 0) {
		close(fd);
		unlink(name);
		return ret < 0 ? ret : err_set(err, -ENAMETOOLONG, "%s: too long", f->conf.path);
	}
	close(f->fd);
	f->fd = fd;
	f->rotating = true;
	out_file_look(f);
	return 0;
}

int out_file_mark(struct out_file *f, struct out_mark *mark, struct err *err) {
	memset(mark, 0, sizeof(*mark));
	int ret = out_file_sync(f, err);
	if (ret == 0 && !f->rotating && out_file_rotation_due(f))
		ret = begin_next(f, err);
	char name[OUT_MARK_NAME_MAX];
	if (ret == 0)
		ret = next_name(f->conf.path, name, sizeof(name), err);
	if (ret == 0)
		ret = place_of(f->rotating ? name : f->conf.path, f->fd, f->size, &mark->now, err);
	if (ret == 0 && f->rotating) {
		mark->rotates = 1;
		mark->finished = f->finished;
		snprintf(mark->name, sizeof(mark->name), "%s", f->finished_name);
	}
	return ret == 0 ? folder_sync_above(f->conf.path, err) : ret;
}

static int rename_file(const char *from, const char *to, struct err *err) {
	if (rename(from, to) == 0)
		return 0;
	return err_set(err, -errno, "%s: cannot rename to %s: %s", from, to, strerror(errno));
}

int out_file_kept(struct out_file *f, struct err *err) {
	char next[OUT_MARK_NAME_MAX];
	if (!f->rotating)
		return 0;
	int ret = next_name(f->conf.path, next, sizeof(next), err);
	// The first may have been done when the second failed.
	if (ret == 0 && is_at(f->conf.path, &f->finished))
		ret = rename_file(f->conf.path, f->finished_name, err);
	if (ret == 0)
		ret = rename_file(next, f->conf.path, err);
	if (ret < 0)
		return ret;
	f->rotating = false;
	f->rotations++;
	return folder_sync_above(f->conf.path, err);
}

static int reopen(struct out_file *f, struct err *err) {
	int fd = open(f->conf.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", f->conf.path, strerror(errno));
	close(f->fd);
	f->fd = fd;
	out_file_look(f);
	return 0;
}

// What a killed run had begun as the next file becomes the present one.
static int join_next(struct out_file *f, const char *next, struct err *err) {
	char name[OUT_MARK_NAME_MAX];
	if (access(next, F_OK) < 0)
		return 0;
	if (out_file_finished_name(f, name, sizeof(name)) < 0)
		return err_set(err, -ENAMETOOLONG, "%s: too long", f->conf.path);
	int ret = f->size > 0 ? rename_file(f->conf.path, name, err) : 0;
	if (ret == 0)
		ret = rename_file(next, f->conf.path, err);
	return ret == 0 ? reopen(f, err) : ret;
}

int out_mark_settle(const char *path, const struct out_mark *mark, struct err *err) {
	char next[OUT_MARK_NAME_MAX];
	struct stat st;
	int ret = next_name(path, next, sizeof(next), err);
	if (ret < 0 || !mark->rotates || !is_at(next, &mark->now))
		return ret;
	if (is_at(path, &mark->finished) && mark->finished.size > 0)
		ret = rename_file(path, mark->name, err);
	else if (stat(path, &st) == 0 && st.st_size > 0)
		return 0; // neither: refused by who looks next
	if (ret == 0)
		ret = rename_file(next, path, err);
	if (ret == 0)
		ret = folder_sync_above(path, err);
	return ret == 0 ? 1 : ret;
}

int out_file_cut(struct out_file *f, const struct out_mark *mark, struct err *err) {
	char next[OUT_MARK_NAME_MAX];
	if (!f->regular)
		return err_set(
			err, -EINVAL,
			"%s is not a file, and cannot be cut back to a checkpoint (accepted with "
			"[state]: a file)",
			f->conf.path
		);
	int ret = next_name(f->conf.path, next, sizeof(next), err);
	if (ret < 0 || mark == NULL)
		return ret < 0 ? ret : join_next(f, next, err);
	ret = out_mark_settle(f->conf.path, mark, err);
	if (ret > 0)
		ret = reopen(f, err);
	if (ret < 0)
		return ret;
	if (!is_at(f->conf.path, &mark->now))
		return err_set(
			err, -ESTALE,
			"%s is not the file that the state speaks of, or was cut: it had %llu octets "
			"(bring it back, or start over with --restart)",
			f->conf.path, (unsigned long long)mark->now.size
		);
	if (ftruncate(f->fd, (off_t)mark->now.size) < 0)
		return err_set(err, -errno, "%s: %s", f->conf.path, strerror(errno));
	f->size = mark->now.size;
	// Begun behind the checkpoint.
	if (unlink(next) < 0 && errno != ENOENT)
		return err_set(err, -errno, "%s: %s", next, strerror(errno));
	return out_file_sync(f, err);
}
