// A stdio stream over a file descriptor, with zlib in between when the first octets are gzip's. Made
// with fopencookie, so that libpcap reads every kind of file the same way.

#include "capture_stream.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK (256u << 10)
#define STOP_LOOK_US 50000

struct capture_stream {
	int fd;
	uint64_t size;
	uint64_t taken;
	uint64_t given;
	char fault[128];
	const _Atomic(bool) *stop; // NULL: nobody interrupts
	bool stopped;
	bool packed;
	bool inflating; // z is to be ended
	bool ended; // the last gzip member is complete
	z_stream z;
	uint32_t at, len; // what is unread of `in`
	uint8_t in[CHUNK];
};

// Waits for what a pipe brings, so that a writer that holds back half a frame holds up nobody who wants to end.
static bool wait_unless_stopped(struct capture_stream *s) {
	while (!capture_stream_ready(s, STOP_LOOK_US)) {
		if (s->stop != NULL && atomic_load_explicit(s->stop, memory_order_relaxed)) {
			s->stopped = true;
			return false;
		}
	}
	return true;
}

// Reads more of the file. Returns octets, 0 at its end, -1 with the fault set.
static ssize_t take(struct capture_stream *s, void *to, size_t len) {
	ssize_t n;
	if (!wait_unless_stopped(s))
		return 0;
	do {
		n = read(s->fd, to, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		snprintf(s->fault, sizeof(s->fault), "%s", strerror(errno));
	else
		s->taken += (uint64_t)n;
	return n;
}

static ssize_t fill(struct capture_stream *s) {
	ssize_t n = take(s, s->in, sizeof(s->in));
	s->at = 0;
	s->len = n > 0 ? (uint32_t)n : 0;
	return n;
}

static ssize_t read_plain(struct capture_stream *s, char *to, size_t len) {
	if (s->at == s->len)
		return take(s, to, len);
	size_t n = s->len - s->at < len ? s->len - s->at : len;
	memcpy(to, s->in + s->at, n);
	s->at += (uint32_t)n;
	return (ssize_t)n;
}

// Unpacks until there is something to give. RFC 1952 allows several members in a row.
static ssize_t read_packed(struct capture_stream *s, char *to, size_t len) {
	s->z.next_out = (Bytef *)to;
	s->z.avail_out = (uInt)(len < CHUNK ? len : CHUNK);
	uInt room = s->z.avail_out;
	while (s->z.avail_out == room && s->fault[0] == '\0') {
		if (s->at == s->len) {
			ssize_t n = fill(s);
			if (n < 0)
				return -1;
			if (n == 0 && s->ended)
				return 0;
			if (n == 0) {
				snprintf(s->fault, sizeof(s->fault), "the gzip data is cut short");
				return -1;
			}
		}
		if (s->ended) {
			if (s->in[s->at] != 0x1f)
				return 0; // padding behind the last member
			inflateReset(&s->z);
			s->ended = false;
		}
		s->z.next_in = s->in + s->at;
		s->z.avail_in = s->len - s->at;
		int ret = inflate(&s->z, Z_NO_FLUSH);
		s->at = s->len - s->z.avail_in;
		if (ret == Z_STREAM_END)
			s->ended = true;
		else if (ret != Z_OK && ret != Z_BUF_ERROR)
			snprintf(
				s->fault, sizeof(s->fault), "the gzip data is corrupt: %s",
				s->z.msg != NULL ? s->z.msg : zError(ret)
			);
	}
	if (s->z.avail_out == room)
		return -1;
	return (ssize_t)(room - s->z.avail_out); // a fault is told by the next call
}

static ssize_t cookie_read(void *cookie, char *to, size_t len) {
	struct capture_stream *s = cookie;
	ssize_t n = -1;
	if (s->fault[0] == '\0')
		n = s->packed ? read_packed(s, to, len) : read_plain(s, to, len);
	if (n < 0)
		errno = EIO;
	else
		s->given += (uint64_t)n;
	return n;
}

// Tells the position, what ftello needs, and sets it where the file has positions.
static int cookie_seek(void *cookie, off64_t *off, int whence) {
	struct capture_stream *s = cookie;
	if (whence == SEEK_CUR && *off == 0) {
		*off = (off64_t)s->given;
		return 0;
	}
	if (whence != SEEK_SET || !capture_stream_seeks(s)) {
		errno = ESPIPE;
		return -1;
	}
	if (lseek(s->fd, *off, SEEK_SET) < 0)
		return -1;
	s->at = s->len = 0;
	s->taken = s->given = (uint64_t)*off;
	return 0;
}

static int cookie_close(void *cookie) {
	struct capture_stream *s = cookie;
	if (s->inflating)
		inflateEnd(&s->z);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	free(s);
	return 0;
}

// Looks at the first octets. Returns 0 or -errno with err set.
static int begin(struct capture_stream *s, const char *path, struct err *err) {
	struct stat st;
	if (fstat(s->fd, &st) != 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "%s: is a directory, not a capture file", path);
	s->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : UINT64_MAX;
	// Two octets tell; a pipe may bring them one by one.
	while (s->len < 2) {
		ssize_t n = take(s, s->in + s->len, sizeof(s->in) - s->len);
		if (n < 0)
			return err_set(err, -EIO, "%s: %s", path, s->fault);
		if (n == 0)
			break;
		s->len += (uint32_t)n;
	}
	if (s->len == 0)
		return err_set(err, -ENODATA, "%s: is empty, not a capture file", path);
	s->packed = s->len >= 2 && s->in[0] == 0x1f && s->in[1] == 0x8b;
	if (s->packed && inflateInit2(&s->z, 15 + 16) != Z_OK) // 16: gzip's wrapping
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	s->inflating = s->packed;
	return 0;
}

FILE *capture_stream_open(const char *path, struct capture_stream **stream, struct err *err) {
	struct capture_stream *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		err_set(err, -ENOMEM, "%s: out of memory", path);
		return NULL;
	}
	s->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0) {
		err_set(err, -errno, "%s: %s", path, strerror(errno));
		goto fail;
	}
	if (begin(s, path, err) != 0)
		goto fail;
	static const cookie_io_functions_t io = {
		.read = cookie_read, .seek = cookie_seek, .close = cookie_close};
	FILE *fp = fopencookie(s, "r", io);
	if (fp == NULL) {
		err_set(err, -ENOMEM, "%s: out of memory", path);
		goto fail;
	}
	setvbuf(fp, NULL, _IOFBF, CHUNK);
	__fsetlocking(fp, FSETLOCKING_BYCALLER); // one thread at a time
	*stream = s;
	return fp;

fail:
	cookie_close(s);
	return NULL;
}

uint64_t capture_stream_size(const struct capture_stream *s) {
	return s->size;
}

uint64_t capture_stream_taken(const struct capture_stream *s) {
	return s->taken;
}

uint64_t capture_stream_given(const struct capture_stream *s) {
	return s->given;
}

bool capture_stream_seeks(const struct capture_stream *s) {
	return s->size != UINT64_MAX && !s->packed;
}

int capture_stream_digest(const struct capture_stream *s, uint64_t end, uint64_t *digest) {
	struct hash_seed seed;
	uint8_t octets[CAPTURE_DIGEST];
	uint64_t len = end < sizeof(octets) ? end : sizeof(octets), have = 0;
	while (have < len) {
		ssize_t n = pread(s->fd, octets + have, len - have, (off_t)(end - len + have));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -ENODATA;
		have += n > 0 ? (uint64_t)n : 0;
	}
	hash_seed_fixed(&seed, CAPTURE_DIGEST);
	*digest = hash_bytes(&seed, octets, len);
	return 0;
}

bool capture_stream_packed(const struct capture_stream *s) {
	return s->packed;
}

const char *capture_stream_fault(const struct capture_stream *s) {
	return s->fault[0] != '\0' ? s->fault : NULL;
}

bool capture_stream_ready(const struct capture_stream *s, uint32_t max_us) {
	if (s->size != UINT64_MAX || s->at < s->len)
		return true;
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	struct timespec ts = {.tv_sec = max_us / 1000000, .tv_nsec = max_us % 1000000 * 1000L};
	return ppoll(&p, 1, &ts, NULL) != 0;
}

void capture_stream_stop_by(struct capture_stream *s, const _Atomic(bool) *stop) {
	s->stop = stop;
}

bool capture_stream_stopped(const struct capture_stream *s) {
	return s->stopped;
}
