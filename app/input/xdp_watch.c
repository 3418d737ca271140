// A message of the kernel about any interface, and else the passing of a second, is the occasion to look
// at all of them; what is found decides, not the message, so that none is needed.

#include "xdp_watch.h"

#include "base/log.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_MS 1000
#define WAITING_MS 10 // for a client, which waits for threads that poll

int xdp_watch_open(struct xdp_watch *w, uint32_t n, bool shared, struct err *err) {
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	*w = (struct xdp_watch){.shared = shared, .wake = -1, .events = -1};
	w->device = calloc(n, sizeof(*w->device));
	if (w->device == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&w->lock, NULL);
	w->wake = eventfd(0, EFD_CLOEXEC);
	w->events = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (w->wake < 0 || w->events < 0
	    || bind(w->events, (struct sockaddr *)&address, sizeof(address)) < 0)
		return err_set(err, -errno, "watching interfaces: %s", strerror(errno));
	return 0;
}

static int
attach(const struct xdp_watch *w, struct xdp_watched *d, const struct xdp_interface *itf,
       struct err *err) {
	struct xdp_interface_stats stats;
	d->interface = *itf;
	int rc = xdp_offload_suspend(&d->offloads, itf, err);
	if (rc == 0 && d->client != NULL)
		rc = d->client->prepare(d->client->arg, itf, err);
	if (rc == 0)
		rc = xdp_attach(&d->at, &d->program, itf, w->shared, err);
	if (rc == 0 && d->client != NULL)
		rc = d->client->attached(d->client->arg, &d->at, err);
	if (rc < 0) {
		xdp_detach(&d->at);
		return rc;
	}
	d->taken = itf->index;
	d->missed_before = xdp_interface_stats(itf->index, &stats) == 0 ? stats.missed : 0;
	d->missed = 0;
	return 0;
}

int xdp_watch_add(
	struct xdp_watch *w, const struct xdp_interface *itf, const struct xdp_loaded *program,
	struct err *err
) {
	return xdp_watch_add_client(w, itf, program, NULL, err);
}

int xdp_watch_add_client(
	struct xdp_watch *w, const struct xdp_interface *itf, const struct xdp_loaded *program,
	const struct xdp_watch_client *client, struct err *err
) {
	struct xdp_watched *d = &w->device[w->n_devices++];
	*d = (struct xdp_watched){.program = *program, .client = client, .there = true};
	int rc = attach(w, d, itf, err);
	while (rc == -EAGAIN)
		rc = attach(w, d, itf, err);
	if (rc == 0 && !itf->up)
		log_warn(
			"%s is down: no frames until it is up (ip link set %s up)", itf->name,
			itf->name
		);
	return rc;
}

static void lose(struct xdp_watch *w, struct xdp_watched *d) {
	if (d->there)
		log_warn(
			"%s went away: the run goes on, and takes it up again when it returns",
			d->interface.name
		);
	d->there = false;
	w->missed_past += d->missed;
	d->missed = 0;
	xdp_detach(&d->at);
	if (d->client != NULL)
		d->client->lost(d->client->arg);
}

// An interface that is there and has no program: it is a new one of the same name, or somebody took
// ours off.
static void take_up(struct xdp_watch *w, struct xdp_watched *d, const struct xdp_interface *itf) {
	struct xdp_interface_stats stats = {0};
	struct err why;
	bool new = itf->index != d->taken, back = !d->there;
	uint64_t missed = d->missed;
	if (d->at.ifindex != 0 && !new)
		log_warn("%s: somebody took the XDP program off", itf->name);
	xdp_detach(&d->at);
	// Nobody saw what a new interface received before this.
	xdp_interface_stats(itf->index, &stats);
	int rc = attach(w, d, itf, &why);
	d->waiting = rc == -EAGAIN;
	if (d->waiting)
		return;
	if (rc < 0) {
		if (!d->failed)
			log_warn("%s; it is tried again every second", why.text);
		d->failed = true;
		return;
	}
	w->missed_past += missed + (new ? stats.received + stats.missed : 0);
	d->there = true;
	d->failed = false;
	log_info(
		"%s%s%s", itf->name,
		back ? " is there again: taken up" : ": the XDP program is attached again",
		d->at.generic ? ", generic XDP" : ""
	);
}

static void count(struct xdp_watched *d) {
	struct xdp_interface_stats stats;
	if (d->at.ifindex != 0 && xdp_interface_stats(d->at.ifindex, &stats) == 0
	    && stats.missed >= d->missed_before)
		d->missed = stats.missed - d->missed_before;
}

static void look(struct xdp_watch *w, struct xdp_watched *d) {
	struct xdp_interface itf;
	int rc = xdp_interface_get(&itf, d->interface.name, NULL);
	if (rc == -ENODEV) {
		lose(w, d);
		return;
	}
	if (rc < 0)
		return;
	if (itf.index != d->at.ifindex || !xdp_attached(&d->at)) {
		if (itf.index != d->interface.index)
			lose(w, d);
		take_up(w, d, &itf);
		return;
	}
	// A driver may run the program only on the queues that there were when it was attached.
	if (itf.queues > d->interface.queues) {
		log_info(
			"%s: %u receive queues instead of %u", itf.name, itf.queues,
			d->interface.queues
		);
		xdp_detach(&d->at);
		take_up(w, d, &itf);
	}
	if (itf.up != d->interface.up)
		log_warn("%s is %s", itf.name, itf.up ? "up again" : "down: the run goes on");
	d->interface = itf;
	if (d->client != NULL)
		d->client->look(d->client->arg, &itf);
}

static void sum(struct xdp_watch *w) {
	uint64_t missed = w->missed_past;
	for (uint32_t i = 0; i < w->n_devices; i++) {
		count(&w->device[i]);
		missed += w->device[i].missed;
	}
	atomic_store_explicit(&w->missed, missed, memory_order_relaxed);
}

// Whether it is to look again soon.
static bool look_at_all(struct xdp_watch *w) {
	bool soon = false;
	pthread_mutex_lock(&w->lock);
	for (uint32_t i = 0; i < w->n_devices; i++) {
		look(w, &w->device[i]);
		soon = soon || w->device[i].waiting;
	}
	sum(w);
	pthread_mutex_unlock(&w->lock);
	return soon;
}

uint64_t xdp_watch_missed(struct xdp_watch *w) {
	if (pthread_mutex_trylock(&w->lock) == 0) {
		sum(w);
		pthread_mutex_unlock(&w->lock);
	}
	return atomic_load_explicit(&w->missed, memory_order_relaxed);
}

static void *watch(void *arg) {
	struct xdp_watch *w = arg;
	struct pollfd fds[] = {
		{.fd = w->wake, .events = POLLIN}, {.fd = w->events, .events = POLLIN}};
	char message[8192];
	bool soon = false;
	pthread_setname_np(pthread_self(), "sluice-watch");
	for (;;) {
		poll(fds, 2, soon ? WAITING_MS : LOOK_MS);
		if ((fds[0].revents & POLLIN) != 0)
			return NULL;
		while (recv(w->events, message, sizeof(message), 0) > 0)
			;
		soon = look_at_all(w);
	}
}

int xdp_watch_start(struct xdp_watch *w, struct err *err) {
	int rc = pthread_create(&w->thread, NULL, watch, w);
	if (rc != 0)
		return err_set(err, -rc, "no thread to watch interfaces: %s", strerror(rc));
	w->running = true;
	return 0;
}

void xdp_watch_close(struct xdp_watch *w) {
	if (w->running) {
		uint64_t one = 1;
		ssize_t n = write(w->wake, &one, sizeof(one));
		(void)n; // an eventfd takes it
		pthread_join(w->thread, NULL);
	}
	for (uint32_t i = 0; i < w->n_devices; i++) {
		xdp_detach(&w->device[i].at);
		xdp_offload_resume(&w->device[i].offloads);
	}
	if (w->wake >= 0)
		close(w->wake);
	if (w->events >= 0)
		close(w->events);
	if (w->device != NULL)
		pthread_mutex_destroy(&w->lock);
	free(w->device);
	*w = (struct xdp_watch){.wake = -1, .events = -1};
}
