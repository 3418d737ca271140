// Binding, with the leftover of a dead instance out of the way. Two instances that start at once take
// turns by a lock on the folder: else each could take the other's new socket for a leftover.

#include "control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 16
#define LOCK_TRIES 200 // of 10 ms

static int address(struct sockaddr_un *a, const char *path) {
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(a->sun_path))
		return -ENAMETOOLONG;
	strcpy(a->sun_path, path);
	return 0;
}

int control_socket_connect(const char *path, unsigned timeout_s) {
	struct sockaddr_un a;
	int ret = address(&a, path);
	if (ret < 0)
		return ret;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	struct timeval limit = {.tv_sec = timeout_s};
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

// Of the folder that holds `path`. Whoever can read the folder could hold the lock for ever: it is waited
// for, but not relied on. Returns a descriptor, or -1.
static int lock_folder(const char *path) {
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	snprintf(folder, sizeof(folder), "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash == NULL)
		return -1;
	slash[slash == folder] = '\0';
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct timespec nap = {.tv_nsec = 10000000};
	for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
		nanosleep(&nap, NULL);
	return fd;
}

static void unlock_folder(int fd) {
	if (fd >= 0)
		close(fd);
}

// Something is there: 0 when it was a socket that nobody listens to, and is no more.
static int clear_way(const char *path, struct err *err) {
	struct stat st;
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return err_set(
			err, -EEXIST,
			"%s: there is something that is no socket (remove it, or choose another "
			"path)",
			path
		);
	int fd = control_socket_connect(path, 1);
	if (fd >= 0 || fd == -EAGAIN) {
		if (fd >= 0)
			close(fd);
		return err_set(
			err, -EADDRINUSE,
			"%s: another instance listens there (sluice stop --socket %s ends it; or "
			"give each instance a socket of its own)",
			path, path
		);
	}
	if (fd != -ECONNREFUSED && fd != -ENOENT)
		return err_set(err, fd, "%s: %s", path, strerror(-fd));
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(
			err, -errno, "%s: left by an instance that died, cannot be removed: %s",
			path, strerror(errno)
		);
	return 0;
}

static int bind_listen(struct control_socket *s, const struct sockaddr_un *a, struct err *err) {
	if (bind(s->fd, (const struct sockaddr *)a, sizeof(*a)) < 0) {
		if (errno != EADDRINUSE)
			return err_set(err, -errno, "%s: %s", s->path, strerror(errno));
		int ret = clear_way(s->path, err);
		if (ret < 0)
			return ret;
		if (bind(s->fd, (const struct sockaddr *)a, sizeof(*a)) < 0)
			return err_set(err, -errno, "%s: %s", s->path, strerror(errno));
	}
	struct stat st;
	if (lstat(s->path, &st) < 0 || listen(s->fd, BACKLOG) < 0)
		return err_set(err, -errno, "%s: %s", s->path, strerror(errno));
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

int control_socket_open(struct control_socket *s, const char *path, mode_t mode, struct err *err) {
	struct sockaddr_un a;
	*s = (struct control_socket){.fd = -1, .path = path};
	if (address(&a, path) < 0)
		return err_set(
			err, -ENAMETOOLONG, "%s: too long for a socket (at most %zu octets)", path,
			sizeof(a.sun_path) - 1
		);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	// Linux gives the file the permissions that the socket has: there is no moment without them.
	if (s->fd < 0 || fchmod(s->fd, mode) < 0) {
		int ret = err_set(err, -errno, "socket: %s", strerror(errno));
		control_socket_close(s);
		return ret;
	}
	int lock = lock_folder(path);
	mode_t mask = umask(0);
	int ret = bind_listen(s, &a, err);
	umask(mask);
	unlock_folder(lock);
	if (ret == 0)
		return 0;
	close(s->fd);
	s->fd = -1;
	return ret;
}

void control_socket_close(struct control_socket *s) {
	struct stat st;
	if (s->fd < 0)
		return;
	int lock = lock_folder(s->path);
	if (s->ino != 0 && lstat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->path);
	unlock_folder(lock);
	close(s->fd);
	s->fd = -1;
}
