// The client's end of the control socket.

#include "control_ask.h"

#include "app/control.h"
#include "app/control_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (64ul << 20)

static int refuse_connect(const char *path, int ret, struct err *err) {
	switch (ret) {
	case -ENOENT:
	case -ECONNREFUSED:
		return err_set(
			err, ret,
			"%s: nobody listens there (an instance does when its configuration has "
			"[control] with socket = %s; --socket names another)",
			path, path
		);
	case -EACCES:
	case -EPERM:
		return err_set(
			err, ret,
			"%s: not permitted (ask as the user who runs Sluice, or set "
			"control.access = group)",
			path
		);
	case -EAGAIN:
		return err_set(err, ret, "%s: the instance there does not answer", path);
	case -ENAMETOOLONG:
		return err_set(err, ret, "%s: too long for a socket", path);
	default:
		return err_set(err, ret, "%s: %s", path, strerror(-ret));
	}
}

// Octets until `want` of them are there or the other end has closed. Returns how many, or -errno.
static ssize_t receive(int fd, char *buf, size_t want) {
	size_t n = 0;
	while (n < want) {
		ssize_t got = recv(fd, buf + n, want - n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

// The line ahead of the text. 0, 1 when the other end closed, or -errno.
static int read_head(int fd, bool *ok, size_t *len) {
	char line[64], word[8];
	uint32_t n = 0;
	for (;; n++) {
		ssize_t got = n < sizeof(line) - 1 ? receive(fd, line + n, 1) : -EPROTO;
		if (got < 0)
			return (int)got;
		if (got == 0)
			return n == 0 ? 1 : -EPROTO;
		if (line[n] == '\n')
			break;
	}
	line[n] = '\0';
	int end = 0;
	if (sscanf(line, CONTROL_VERSION " %7s %zu%n", word, len, &end) != 2 || line[end] != '\0'
	    || *len > ANSWER_MAX)
		return -EPROTO;
	*ok = strcmp(word, "ok") == 0;
	return *ok || strcmp(word, "error") == 0 ? 0 : -EPROTO;
}

static int talk(int fd, const char *request, char **answer) {
	char line[CONTROL_REQUEST_MAX];
	bool ok = false;
	size_t len = 0;
	int n = snprintf(line, sizeof(line), CONTROL_VERSION " %s\n", request);
	// An instance that ends closes what nobody took: that is no fault of this side.
	if (send(fd, line, (size_t)n, MSG_NOSIGNAL) != n)
		return errno == EPIPE || errno == ECONNRESET ? CONTROL_SAID_NOTHING : -errno;
	int ret = read_head(fd, &ok, &len);
	if (ret == 1 || ret == -ECONNRESET)
		return CONTROL_SAID_NOTHING;
	if (ret < 0)
		return ret;
	char *text = malloc(len + 1);
	if (text == NULL)
		return -ENOMEM;
	ssize_t got = receive(fd, text, len);
	if (got != (ssize_t)len) {
		free(text);
		return got < 0 && got != -ECONNRESET ? (int)got : CONTROL_SAID_NOTHING;
	}
	text[len] = '\0';
	*answer = text;
	return ok ? CONTROL_SAID_OK : CONTROL_SAID_ERROR;
}

int control_ask(
	const char *path, const char *request, unsigned timeout_s, char **answer, struct err *err
) {
	*answer = NULL;
	int fd = control_socket_connect(path, timeout_s);
	if (fd < 0)
		return refuse_connect(path, fd, err);
	int ret = talk(fd, request, answer);
	close(fd);
	if (ret == -EAGAIN)
		return refuse_connect(path, ret, err);
	if (ret == -EPROTO)
		return err_set(
			err, ret,
			"%s: who listens there does not speak " CONTROL_VERSION
			" (is it a Sluice, and of this version?)",
			path
		);
	return ret < 0 ? err_set(err, ret, "%s: %s", path, strerror(-ret)) : ret;
}
