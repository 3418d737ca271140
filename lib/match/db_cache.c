// The cache's files: a header, the key, the value, with a CRC over header and value. Written under a
// name of their own and renamed.

#include "db_cache.h"

#include "base/folder.h"
#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

// Rises whenever the key or the value are made in another way.
#define VERSION 1

struct header {
	char magic[8];
	uint32_t version;
	uint32_t crc; // of the value, then of this header with crc = 0
	uint64_t key_len;
	uint64_t value_len;
};
static_assert(sizeof(struct header) == 32);

static uint32_t crc_of(uint32_t crc, const void *data, uint64_t len) {
	return (uint32_t)crc32_z(crc, data, len);
}

static struct header make_header(uint64_t key_len, const void *value, uint64_t value_len) {
	struct header h = {
		.magic = "SLUICEDB",
		.version = VERSION,
		.key_len = key_len,
		.value_len = value_len,
	};
	h.crc = crc_of(crc_of(0, value, value_len), &h, sizeof(h));
	return h;
}

static int file_name(char path[PATH_MAX], const char *dir, const void *key, uint64_t key_len) {
	struct hash_seed a, b;
	hash_seed_fixed(&a, 1);
	hash_seed_fixed(&b, 2);
	int n = snprintf(
		path, PATH_MAX, "%s/%016lx%016lx.hsdb", dir, hash_bytes(&a, key, key_len),
		hash_bytes(&b, key, key_len)
	);
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

// Returns 0, -EBADMSG when the file ends early, or -errno.
static int read_all(int fd, void *buf, uint64_t len) {
	for (uint64_t n = 0; n < len;) {
		ssize_t got = read(fd, (char *)buf + n, len - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EBADMSG;
		n += (uint64_t)got;
	}
	return 0;
}

static int write_all(int fd, const void *buf, uint64_t len) {
	for (uint64_t n = 0; n < len;) {
		ssize_t put = write(fd, (const char *)buf + n, len - n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		n += (uint64_t)put;
	}
	return 0;
}

// A database is code of a kind: what others could have written is not read.
static bool is_ours(const struct stat *st) {
	return S_ISREG(st->st_mode) && (st->st_uid == geteuid() || st->st_uid == 0)
		&& (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int read_value(int fd, const void *key, uint64_t key_len, void **value, uint64_t *len) {
	struct header h, want;
	struct stat st;
	void *key_there = NULL, *buf = NULL;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!is_ours(&st))
		return -EBADMSG;
	int ret = read_all(fd, &h, sizeof(h));
	if (ret < 0)
		return ret;
	// The file's length bounds both before anything is allocated.
	if (h.key_len != key_len || (uint64_t)st.st_size < sizeof(h) + key_len
	    || h.value_len != (uint64_t)st.st_size - sizeof(h) - key_len)
		return -EBADMSG;
	key_there = malloc(key_len + 1);
	if (key_there == NULL)
		return -ENOMEM;
	ret = read_all(fd, key_there, key_len);
	if (ret == 0 && memcmp(key_there, key, key_len) != 0)
		ret = -EBADMSG;
	free(key_there);
	if (ret < 0)
		return ret;
	buf = malloc(h.value_len + 1);
	if (buf == NULL)
		return -ENOMEM;
	ret = read_all(fd, buf, h.value_len);
	if (ret == 0) {
		want = make_header(key_len, buf, h.value_len);
		ret = memcmp(&h, &want, sizeof(h)) == 0 ? 0 : -EBADMSG;
	}
	if (ret < 0) {
		free(buf);
		return ret;
	}
	*value = buf;
	*len = h.value_len;
	return 0;
}

int db_cache_load(
	const char *dir, const void *key, uint64_t key_len, void **value, uint64_t *value_len
) {
	char path[PATH_MAX];
	int ret = file_name(path, dir, key, key_len);
	if (ret < 0)
		return ret;
	// A name that turned into a pipe must not hold us up.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	ret = read_value(fd, key, key_len, value, value_len);
	close(fd);
	return ret;
}

int db_cache_open(const char *dir, struct err *err) {
	int ret = folder_make(dir, 0700, NULL);
	int fd = ret == 0 ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (ret == 0 && (fd < 0 || faccessat(fd, ".", R_OK | X_OK, AT_EACCESS) < 0))
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret < 0 ? err_set(err, ret, "%s: %s", dir, strerror(-ret)) : 0;
}

int db_cache_store(
	const char *dir, const void *key, uint64_t key_len, const void *value, uint64_t value_len,
	struct err *err
) {
	char path[PATH_MAX], temp[PATH_MAX];
	struct header h = make_header(key_len, value, value_len);
	int ret = file_name(path, dir, key, key_len);
	if (ret == 0 && snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= (int)sizeof(temp))
		ret = -ENAMETOOLONG;
	if (ret == 0)
		ret = folder_make(dir, 0700, NULL);
	if (ret < 0)
		return err_set(err, ret, "%s: %s", dir, strerror(-ret));
	int fd = mkostemp(temp, O_CLOEXEC); // mode 0600
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", dir, strerror(errno));
	ret = write_all(fd, &h, sizeof(h));
	if (ret == 0)
		ret = write_all(fd, key, key_len);
	if (ret == 0)
		ret = write_all(fd, value, value_len);
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(temp, path) < 0)
		ret = -errno;
	if (ret < 0) {
		unlink(temp);
		return err_set(err, ret, "%s: %s", path, strerror(-ret));
	}
	return 0;
}
