// Folders from the top of a path down. One that was just made is an entry of the one above it, which is synced
// for that.

#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_one(const char *path, mode_t mode, struct err *err) {
	if (mkdir(path, mode) == 0) {
		// It is there, whether or not the one above may be read.
		folder_sync_above(path, NULL);
		return 0;
	}
	return errno == EEXIST ? 0 : err_set(err, -errno, "%s: %s", path, strerror(errno));
}

// All that the first `len` octets name.
static int make_all(const char *path, size_t len, mode_t mode, struct err *err) {
	char *copy = strndup(path, len);
	if (copy == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	int ret = 0;
	for (size_t i = 1; ret == 0 && i <= len; i++) {
		char at = copy[i];
		if (at != '/' && at != '\0')
			continue;
		copy[i] = '\0';
		ret = make_one(copy, mode, err);
		copy[i] = at;
	}
	free(copy);
	return ret;
}

int folder_make(const char *path, mode_t mode, struct err *err) {
	if (path[0] == '\0')
		return err_set(err, -ENOENT, "a path of no length: %s", strerror(ENOENT));
	return make_all(path, strlen(path), mode, err);
}

int folder_make_above(const char *file, mode_t mode, struct err *err) {
	const char *slash = strrchr(file, '/');
	return slash != NULL ? make_all(file, (size_t)(slash - file), mode, err) : 0;
}

int folder_sync_above(const char *file, struct err *err) {
	const char *slash = strrchr(file, '/');
	size_t len = slash > file ? (size_t)(slash - file) : 1;
	char *folder = strndup(slash != NULL ? file : ".", len);
	if (folder == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = fd < 0 || fsync(fd) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (ret == -EINVAL)
		ret = 0;
	if (ret < 0)
		err_set(err, ret, "%s: %s", folder, strerror(-ret));
	free(folder);
	return ret;
}
