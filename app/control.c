// Serving: an epoll set over the socket and its clients, and what each request asks for.

#include "control.h"

#include "app/control_client.h"
#include "app/control_socket.h"
#include "app/ledger.h"
#include "app/reload.h"
#include "app/run.h"
#include "app/state.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// At the end, for those who wait for it.
#define PARTING_US 1000000
#define HEARING_US 200000 // for the requests of those who have connected as it ended

struct control {
	struct control_socket socket;
	int epoll;
	bool listening; // the socket is in the epoll set
	bool ending; // ahead of a run somebody asked for its end
	int64_t deaf_until_us; // no descriptors were left
	uint32_t n_clients;
	struct control_client client[CONTROL_CLIENTS_MAX]; // fd -1: a free seat
};

#define LISTENER UINT32_MAX
#define DEAF_US 1000000

#define EARLY_US 2000000 // a run has begun by then, most often

static int64_t now_us(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int watch(struct control *c, int op, int fd, uint32_t events, uint32_t who) {
	struct epoll_event e = {.events = events, .data.u32 = who};
	return epoll_ctl(c->epoll, op, fd, &e);
}

// Who finds no seat waits in the socket's queue.
static void listen_or_not(struct control *c, bool on) {
	if (on == c->listening)
		return;
	if (watch(c, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, c->socket.fd, EPOLLIN, LISTENER) == 0)
		c->listening = on;
}

struct control *control_open(const struct conf_control *conf, struct err *err) {
	struct control *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	mode_t mode = conf->access == CONF_ACCESS_GROUP ? 0660 : 0600;
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		c->client[i].fd = -1;
	c->epoll = -1;
	if (control_socket_open(&c->socket, conf->socket, mode, err) < 0)
		goto fail;
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll >= 0)
		listen_or_not(c, true);
	if (c->listening)
		return c;
	err_set(err, -errno, "epoll: %s", strerror(errno));
fail:
	err_wrap(err, 0, "control.socket");
	control_socket_close(&c->socket);
	if (c->epoll >= 0)
		close(c->epoll);
	free(c);
	return NULL;
}

int control_fd(const struct control *c) {
	return c->epoll;
}

static void drop(struct control *c, struct control_client *client) {
	control_client_fini(client); // closing takes it out of the set
	c->n_clients--;
}

static void answer(struct control *c, struct control_client *client, bool ok, const char *text) {
	if (control_client_answer(client, ok, text, now_us()) < 0)
		drop(c, client);
	else
		watch(c, EPOLL_CTL_MOD, client->fd, EPOLLOUT, (uint32_t)(client - c->client));
}

static void
answer_stats(struct control *c, struct control_client *client, struct run *run, bool json) {
	char *text = NULL;
	size_t len;
	struct ledger ledger;
	FILE *to = open_memstream(&text, &len);
	if (to != NULL) {
		ledger_read(run, &ledger);
		(json ? ledger_print_json : ledger_print_text)(run, &ledger, to);
		fclose(to);
	}
	answer(c, client, text != NULL, text != NULL ? text : "out of memory\n");
	free(text);
}

// From here on it is only seen whether the client is still there; it may have closed its sending side.
static void let_wait(struct control *c, struct control_client *client, enum control_state state) {
	client->state = state;
	watch(c, EPOLL_CTL_MOD, client->fd, 0, (uint32_t)(client - c->client));
}

static uint32_t waiting(const struct control *c) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		n += c->client[i].fd >= 0
			&& (c->client[i].state == CONTROL_WAIT_RUN
			    || c->client[i].state == CONTROL_WAIT_RELOAD
			    || c->client[i].state == CONTROL_WAIT_CHECKPOINT
			    || c->client[i].state == CONTROL_WAIT_END);
	return n;
}

static void ask_checkpoint(struct control *c, struct control_client *client, struct run *run) {
	if (run->state == NULL) {
		answer(c, client, false, "nothing is kept: the instance has no state.path\n");
		return;
	}
	if (waiting(c) == CONTROL_WAITING_MAX) {
		answer(c, client, false, "others wait already, and no more can\n");
		return;
	}
	client->checkpoint = state_ask(run);
	let_wait(c, client, CONTROL_WAIT_CHECKPOINT);
}

// There is no run yet.
static void serve_early(struct control *c, struct control_client *client, bool stops) {
	c->ending |= stops;
	if (!stops && waiting(c) == CONTROL_WAITING_MAX) {
		answer(c, client, false, CONTROL_STARTING);
		return;
	}
	client->deadline_us = now_us() + EARLY_US;
	let_wait(c, client, stops ? CONTROL_WAIT_END : CONTROL_WAIT_RUN);
}

// Who wants to know how the run is must not wonder for minutes whether there is one. A reload or a checkpoint is
// waited for however long it takes: so is the run, then.
static bool is_told_early(const struct control_client *client, int64_t now) {
	static const char stats[] = CONTROL_VERSION " stats";
	return client->state == CONTROL_WAIT_RUN && now > client->deadline_us
		&& strncmp(client->request, stats, strlen(stats)) == 0;
}

static void
serve(struct control *c, struct control_client *client, struct run *run, struct reload *reload) {
	static const char prefix[] = CONTROL_VERSION " ";
	const char *request = client->request;
	bool reloads, stops;
	if (strncmp(request, prefix, strlen(prefix)) != 0) {
		answer(c, client, false,
		       "not a request (accepted: a line " CONTROL_VERSION " REQUEST)\n");
		return;
	}
	request += strlen(prefix);
	reloads = strcmp(request, "reload") == 0;
	stops = strcmp(request, "stop") == 0;
	bool stats = strcmp(request, "stats") == 0 || strcmp(request, "stats json") == 0;
	bool saves = strcmp(request, "checkpoint") == 0;
	if (run == NULL && (stats || saves || reloads || stops)) {
		serve_early(c, client, stops);
	} else if (stats) {
		answer_stats(c, client, run, request[5] != '\0');
	} else if (saves) {
		ask_checkpoint(c, client, run);
	} else if (!reloads && !stops) {
		answer(c, client, false,
		       "no such request (accepted: stats, stats json, reload, checkpoint, stop)\n");
	} else if (reloads && waiting(c) == CONTROL_WAITING_MAX) {
		answer(c, client, false, "others wait for a reload already, and no more can\n");
	} else if (reloads) {
		log_info("asked to reload the rules");
		client->reload = reload_ask(reload);
		let_wait(c, client, CONTROL_WAIT_RELOAD);
	} else {
		log_info("asked to stop: finishing");
		run_stop(run);
		// To stop is never refused, to wait for it may be.
		if (waiting(c) == CONTROL_WAITING_MAX)
			answer(c, client, true, "stopping\n");
		else
			let_wait(c, client, CONTROL_WAIT_END);
	}
}

// Whether one came that there is room for.
static bool take(struct control *c) {
	uint32_t i = 0;
	int fd = accept4(c->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
		c->deaf_until_us = now_us() + DEAF_US;
		listen_or_not(c, false);
	}
	if (fd < 0)
		return false;
	while (c->client[i].fd >= 0)
		i++;
	if (watch(c, EPOLL_CTL_ADD, fd, EPOLLIN, i) < 0) {
		close(fd);
		return false;
	}
	control_client_init(&c->client[i], fd, now_us());
	c->n_clients++;
	return true;
}

static void
turn(struct control *c, struct control_client *client, struct run *run, struct reload *reload) {
	if (client->fd < 0)
		return;
	int ret = -EPIPE; // all that is seen of one that waits is that it is gone
	if (client->state == CONTROL_READING)
		ret = control_client_read(client);
	else if (client->state == CONTROL_WRITING)
		ret = control_client_write(client);
	if (ret < 0)
		drop(c, client);
	else if (ret > 0)
		serve(c, client, run, reload);
}

static void look_at_checkpoint(struct control *c, struct control_client *client, struct run *run) {
	char text[512];
	int ret = state_outcome(run, client->checkpoint, text, sizeof(text));
	if (ret != 0)
		answer(c, client, ret > 0, text);
}

// Clients whose reload or checkpoint came out, and those whose time is over.
static void look_around(struct control *c, struct run *run, struct reload *reload) {
	struct reload_outcome out = {0};
	if (reload != NULL)
		out = reload_outcome(reload);
	int64_t now = now_us();
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *client = &c->client[i];
		bool timed = client->state == CONTROL_READING || client->state == CONTROL_WRITING;
		if (client->fd < 0)
			continue;
		if (client->state == CONTROL_WAIT_RUN && run != NULL) {
			client->state = CONTROL_READING;
			serve(c, client, run, reload);
		} else if (is_told_early(client, now)) {
			answer(c, client, false, CONTROL_STARTING);
		} else if (client->state == CONTROL_WAIT_RELOAD && client->reload <= out.number) {
			answer(c, client, out.ok, out.text);
		} else if (client->state == CONTROL_WAIT_CHECKPOINT) {
			look_at_checkpoint(c, client, run);
		} else if (timed && now > client->deadline_us) {
			drop(c, client);
		}
	}
	listen_or_not(c, c->n_clients < CONTROL_CLIENTS_MAX && now >= c->deaf_until_us);
}

bool control_step(struct control *c, struct run *run, struct reload *reload) {
	struct epoll_event events[CONTROL_CLIENTS_MAX + 1];
	int n = epoll_wait(c->epoll, events, CONTROL_CLIENTS_MAX + 1, 0);
	for (int i = 0; i < n; i++)
		if (events[i].data.u32 != LISTENER)
			turn(c, &c->client[events[i].data.u32], run, reload);
	for (int i = 0; i < n; i++)
		if (events[i].data.u32 == LISTENER && c->n_clients < CONTROL_CLIENTS_MAX)
			take(c);
	look_around(c, run, reload);
	return c->ending;
}

#define ENDED "the run has ended\n"

// Whose request comes when the run is over: to stop is what happened.
static void turn_late(struct control *c, struct control_client *client, bool ok, const char *text) {
	if (client->fd < 0 || client->state != CONTROL_READING) {
		turn(c, client, NULL, NULL);
		return;
	}
	int ret = control_client_read(client);
	bool stops = ret > 0 && strcmp(client->request, CONTROL_VERSION " stop") == 0;
	if (ret < 0)
		drop(c, client);
	else if (ret > 0)
		answer(c, client, stops && ok, stops ? text : ENDED);
}

// Clients that are left in a state are told that it is over.
static void tell(struct control *c, bool reading) {
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *client = &c->client[i];
		if (client->fd >= 0 && client->state != CONTROL_WRITING
		    && (client->state == CONTROL_READING) == reading)
			answer(c, client, false, ENDED);
	}
}

void control_close(struct control *c, bool ok, const char *text) {
	if (c == NULL)
		return;
	// Who has connected is not sent away without a word.
	while (c->n_clients < CONTROL_CLIENTS_MAX && take(c))
		;
	control_socket_close(&c->socket);
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (c->client[i].fd >= 0 && c->client[i].state == CONTROL_WAIT_END)
			answer(c, &c->client[i], ok, text);
	tell(c, false);
	int64_t until = now_us() + PARTING_US, heard_until = now_us() + HEARING_US;
	struct epoll_event e;
	while (c->n_clients > 0 && now_us() < until) {
		if (epoll_wait(c->epoll, &e, 1, 20) == 1 && e.data.u32 != LISTENER)
			turn_late(c, &c->client[e.data.u32], ok, text);
		if (now_us() >= heard_until)
			tell(c, true);
	}
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (c->client[i].fd >= 0)
			control_client_fini(&c->client[i]);
	close(c->epoll);
	free(c);
}
