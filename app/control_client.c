// Reading a line and writing an answer without ever waiting for the other end.

#include "control_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void control_client_init(struct control_client *c, int fd, int64_t now_us) {
	*c = (struct control_client){.fd = fd, .deadline_us = now_us + CONTROL_REQUEST_US};
}

void control_client_fini(struct control_client *c) {
	close(c->fd);
	free(c->answer);
	*c = (struct control_client){.fd = -1};
}

int control_client_read(struct control_client *c) {
	ssize_t n = recv(
		c->fd, c->request + c->n_request, CONTROL_REQUEST_MAX - c->n_request, MSG_DONTWAIT
	);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	c->n_request += (uint32_t)n;
	char *end = memchr(c->request, '\n', c->n_request);
	if (end == NULL && c->n_request < CONTROL_REQUEST_MAX)
		return 0;
	if (end == NULL)
		end = c->request;
	*end = '\0';
	if (memchr(c->request, '\0', (size_t)(end - c->request)) != NULL)
		c->request[0] = '\0';
	return 1;
}

int control_client_answer(struct control_client *c, bool ok, const char *text, int64_t now_us) {
	int n = asprintf(
		&c->answer, CONTROL_VERSION " %s %zu\n%s", ok ? "ok" : "error", strlen(text), text
	);
	if (n < 0) {
		c->answer = NULL;
		return -ENOMEM;
	}
	c->n_answer = (size_t)n;
	c->state = CONTROL_WRITING;
	c->deadline_us = now_us + CONTROL_ANSWER_US;
	return control_client_write(c);
}

int control_client_write(struct control_client *c) {
	ssize_t n = send(
		c->fd, c->answer + c->sent, c->n_answer - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL
	);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->sent += (size_t)n;
	return c->sent == c->n_answer ? -EPIPE : 0;
}
