// A source is a queue and its thread's view of time. While the interface is away the queue is not ours,
// and only time goes on.

#include "xdp_socket.h"

#include "xdp_port.h"
#include "xdp_queue.h"

#include "base/cache.h"
#include "base/live_clock.h"
#include "base/mem.h"
#include "packet/link.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define IDLE_POLLS 8 // empty polls for each look at the clock; there may be a nap ahead of each

struct socket_source {
	struct source base;
	struct xdp_queue queue;
	struct live_clock *clock; // borrowed
	struct xdp_port *port; // the interface's, freed with its last source
	struct xdp_watch *watch; // borrowed; NULL: another source tells what devices missed
	uint32_t idle; // empty polls
	int64_t last_us; // newest time given to a packet or seen while idle
	_Atomic(bool) ended; // receiver → any: nobody takes what the socket still gets
};

static struct socket_source *of(const struct source *src) {
	return (struct socket_source *)(uintptr_t)src;
}

// ---- source_ops ----

static int source_attach(struct source *src) {
	return 0;
}

static void source_detach(struct source *src) {
	atomic_store_explicit(&of(src)->ended, true, memory_order_release);
}

// One look at the clock for a burst, or while there is none.
static int64_t look_at_clock(struct socket_source *s) {
	int64_t now = live_clock_us(s->clock);
	s->last_us = now > s->last_us ? now : s->last_us;
	return s->last_us;
}

// Nobody sends: event time goes on with the clock, or windows would stay open for ever.
static void idle(struct socket_source *s) {
	if (++s->idle % IDLE_POLLS != 0)
		return;
	int64_t now = look_at_clock(s);
	if (now > s->base.newest_us)
		s->base.newest_us = now;
}

// True: packets, or parts of one, were taken.
static bool take(struct socket_source *s, struct burst *b) {
	uint32_t turn = atomic_load_explicit(&s->queue.turn, memory_order_acquire);
	if (UNLIKELY(turn == XDP_TURN_OPENER))
		return false;
	if (xdp_queue_recv(&s->queue, b) > 0)
		return true;
	if (UNLIKELY(turn == XDP_TURN_ASKED))
		xdp_queue_give(&s->queue);
	return false;
}

static int source_recv(struct source *src, struct burst *b) {
	struct socket_source *s = of(src);
	b->n = 0;
	if (!take(s, b)) {
		idle(s);
		return 0;
	}
	int64_t now = look_at_clock(s);
	for (uint32_t i = 0; i < b->n; i++) {
		struct packet *p = &b->pkt[i];
		p->time_us = now;
		p->link = LINK_ETHERNET;
		p->in_port = s->queue.in_port;
	}
	return (int)b->n;
}

static void source_release(struct source *src, struct burst *b) {
	xdp_queue_release(&of(src)->queue, b);
}

static uint32_t
source_gather(const struct source *src, const struct packet *p, uint8_t *to, uint32_t len) {
	return xdp_queue_gather(&of(src)->queue, p, to, len);
}

static void source_wait(struct source *src, uint32_t max_us) {
	struct socket_source *s = of(src);
	struct timespec t = {
		.tv_sec = max_us / 1000000, .tv_nsec = (long)(max_us % 1000000) * 1000};
	if (atomic_load_explicit(&s->queue.turn, memory_order_acquire) != XDP_TURN_RECEIVER)
		nanosleep(&t, NULL);
	else
		xdp_queue_wait(&s->queue, &t);
}

static void source_stats(struct source *src, struct source_stats *out) {
	struct socket_source *s = of(src);
	struct xdp_redirect *redirect = s->port->redirect;
	*out = (struct source_stats){.missed = xdp_redirect_missed(redirect, &s->queue)};
	if (s->watch != NULL)
		out->missed += xdp_watch_missed(s->watch);
	// The end of a run does not wait until nobody sends any more.
	if (atomic_load_explicit(&s->ended, memory_order_acquire))
		out->missed += xdp_redirect_left(redirect, &s->queue);
}

static const struct source_ops ops = {
	.attach = source_attach,
	.recv = source_recv,
	.release = source_release,
	.gather = source_gather,
	.wait = source_wait,
	.stats = source_stats,
	.detach = source_detach,
};

static struct socket_source *
source_new(struct xdp_port *port, uint32_t id, uint8_t in_port, struct err *err) {
	struct socket_source *s = mem_lines(sizeof(*s));
	if (s == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	s->base.ops = &ops;
	s->base.newest_us = INT64_MIN;
	s->last_us = INT64_MIN;
	if (xdp_queue_init(&s->queue, id, in_port, port->frames, err) < 0) {
		xdp_queue_fini(&s->queue);
		free(s);
		return NULL;
	}
	s->port = port;
	port->queue[port->n_queues++] = &s->queue;
	return s;
}

// ---- open and close ----

int xdp_sockets_open(
	const struct conf *conf, const struct xdp_interface *itf, uint8_t in_port,
	struct xdp_watch *watch, struct live_clock *clock, struct source **sources, uint32_t *n,
	struct err *err
) {
	struct xdp_port *port = xdp_port_new(conf, itf, err);
	if (port == NULL)
		return -EIO;
	for (uint32_t i = 0; i < itf->queues; i++) {
		struct socket_source *s = source_new(port, i, in_port, err);
		if (s == NULL) {
			if (i == 0)
				xdp_port_free(port);
			return -ENOMEM;
		}
		s->watch = *n == 0 ? watch : NULL;
		s->clock = clock;
		sources[(*n)++] = &s->base;
	}
	return xdp_watch_add_client(watch, itf, &port->redirect->loaded, &port->client, err);
}

void xdp_sockets_close(struct source *src) {
	if (src == NULL)
		return;
	struct socket_source *s = of(src);
	struct xdp_port *port = s->port;
	xdp_port_leave(port, &s->queue);
	xdp_queue_fini(&s->queue);
	if (--port->n_queues == 0)
		xdp_port_free(port);
	free(s);
}
