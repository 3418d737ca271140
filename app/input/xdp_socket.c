// A source is a queue and its thread's view of time. While the interface is away the thread that would
// receive looks for it, between two looks at the clock.

#include "xdp_socket.h"

#include "xdp_queue.h"
#include "xdp_redirect.h"

#include "base/cache.h"
#include "base/log.h"
#include "base/mem.h"
#include "packet/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

// UMEM frames of a queue: a full ring of a NIC, and what may be on its way to each worker.
#define FRAMES_QUEUE 4096u
#define FRAMES_WORKER 1536u

#define IDLE_POLLS 64 // empty polls for each look at the clock
#define WATCH_US 500000 // between looks at the interface

struct socket_source {
	struct source base;
	struct xdp_queue queue;
	struct xdp_redirect *shared;
	uint32_t idle; // empty polls
	bool dead; // the interface went away under the socket
	bool told; // why the socket cannot be opened again
	int64_t last_us; // newest time given to a packet
	int64_t watched_us; // when the interface was looked at
};

static struct socket_source *of(const struct source *src) {
	return (struct socket_source *)(uintptr_t)src;
}

static int64_t now_us(void) {
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

// ---- the interface ----

static void look_for_interface(struct socket_source *s) {
	struct err err;
	// Workers may still read what lies in the frames.
	if (s->queue.held > 0)
		return;
	xdp_redirect_leave(s->shared, &s->queue);
	int ret = xdp_redirect_return(s->shared, &s->queue, &err);
	s->dead = ret < 0;
	// That it is not there was said; anything else is said once.
	bool tell = ret < 0 && ret != -ENODEV;
	if (tell && !s->told)
		log_warn("%s (tried again until it succeeds)", err.text);
	s->told = tell;
}

static void watch(struct socket_source *s, int64_t now) {
	if (now - s->watched_us < WATCH_US && now >= s->watched_us)
		return;
	s->watched_us = now;
	s->dead = s->dead || xdp_queue_dead(&s->queue);
	if (s->dead)
		look_for_interface(s);
	else if (s->queue.id == 0) // it speaks for all of them
		xdp_redirect_watch(s->shared);
}

// ---- source_ops ----

static int source_attach(struct source *src) {
	return 0;
}

static void source_detach(struct source *src) {}

// Nobody sends: event time goes on with the clock, or windows would stay open for ever.
static void idle(struct socket_source *s) {
	if (++s->idle % IDLE_POLLS != 0)
		return;
	int64_t now = now_us();
	if (now > s->base.newest_us)
		s->base.newest_us = now;
	watch(s, now);
}

// One look at the clock for a burst. A clock set back must not make every packet late.
static int64_t burst_time(struct socket_source *s) {
	int64_t now = now_us();
	s->last_us = now > s->last_us ? now : s->last_us;
	return s->last_us;
}

static int source_recv(struct source *src, struct burst *b) {
	struct socket_source *s = of(src);
	b->n = 0;
	if (UNLIKELY(s->dead) || xdp_queue_recv(&s->queue, b) == 0) {
		idle(s);
		return 0;
	}
	int64_t now = burst_time(s);
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
	if (s->dead)
		nanosleep(&t, NULL);
	else
		xdp_queue_wait(&s->queue, &t);
}

static void source_stats(struct source *src, struct source_stats *out) {
	struct socket_source *s = of(src);
	*out = (struct source_stats){.missed = xdp_redirect_missed(s->shared, &s->queue)};
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

static struct socket_source *source_new(
	struct xdp_redirect *shared, uint32_t id, uint8_t in_port, uint32_t frames, struct err *err
) {
	struct socket_source *s = mem_lines(sizeof(*s));
	if (s == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	s->base.ops = &ops;
	s->base.newest_us = INT64_MIN;
	s->last_us = INT64_MIN;
	if (xdp_queue_init(&s->queue, id, in_port, frames, err) < 0) {
		xdp_queue_fini(&s->queue);
		free(s);
		return NULL;
	}
	s->shared = shared;
	shared->n_sources++;
	return s;
}

static void source_free(struct socket_source *s) {
	xdp_redirect_leave(s->shared, &s->queue);
	xdp_queue_fini(&s->queue);
	s->shared->n_sources--;
	free(s);
}

// ---- open and close ----

// How an interface is opened.
struct plan {
	struct xdp_redirect *shared;
	struct source **sources; // of its queues
	uint8_t in_port;
	uint32_t frames; // a queue
};

static void close_queues(const struct plan *plan, uint32_t n) {
	while (n > 0) {
		source_free(of(plan->sources[--n]));
		plan->sources[n] = NULL;
	}
}

// All queues, or none of them. -ENOBUFS: fewer frames may do.
static int open_queues(const struct plan *plan, struct err *err) {
	struct xdp_redirect *shared = plan->shared;
	for (uint32_t i = 0; i < shared->itf.queues; i++) {
		struct socket_source *s = source_new(shared, i, plan->in_port, plan->frames, err);
		int ret = -ENOMEM;
		if (s != NULL) {
			plan->sources[i] = &s->base;
			ret = xdp_redirect_enter(shared, &s->queue, true, err);
		}
		if (ret < 0) {
			close_queues(plan, s != NULL ? i + 1 : i);
			return ret;
		}
	}
	return 0;
}

// Without CAP_IPC_LOCK what a UMEM takes counts against this limit.
static void raise_lock_limit(void) {
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY}, lock;
	if (setrlimit(RLIMIT_MEMLOCK, &all) == 0 || getrlimit(RLIMIT_MEMLOCK, &lock) < 0)
		return;
	lock.rlim_cur = lock.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &lock);
}

// With as much memory as may be locked: with less, more is missed when packets come in bursts.
static int open_within_limit(struct plan *plan, struct err *err) {
	uint32_t wanted = plan->frames;
	raise_lock_limit();
	int ret = open_queues(plan, err);
	struct err first = *err;
	while (ret == -ENOBUFS && plan->frames / 2 >= XDP_QUEUE_FRAMES_MIN) {
		plan->frames /= 2;
		ret = open_queues(plan, err);
	}
	if (ret == 0 && plan->frames < wanted)
		log_warn(
			"%s; going on with %u frames a queue instead of %u", first.text,
			plan->frames, wanted
		);
	return ret;
}

// A driver that does not run the program does not fill the sockets' memory either.
static int without_zero_copy(const struct plan *plan, struct err *err) {
	int ret = 0;
	for (uint32_t i = 0; i < plan->shared->itf.queues && ret == 0; i++) {
		struct xdp_queue *q = &of(plan->sources[i])->queue;
		if (!q->zero_copy)
			continue;
		xdp_redirect_leave(plan->shared, q);
		ret = xdp_redirect_enter(plan->shared, q, false, err);
	}
	return ret;
}

static void tell(const struct plan *plan) {
	const struct xdp_queue *q = &of(plan->sources[0])->queue;
	uint32_t queues = plan->shared->itf.queues, zero_copy = 0;
	for (uint32_t i = 0; i < queues; i++)
		zero_copy += of(plan->sources[i])->queue.zero_copy;
	const char *how = zero_copy == queues ? "zero-copy"
		: zero_copy > 0               ? "zero-copy on some of them"
				: "copied by the kernel, as the driver has no zero-copy";
	char longest[64] = "";
	if (!q->several)
		snprintf(
			longest, sizeof(longest), "; frames of up to %u octets", XDP_QUEUE_FRAME_MAX
		);
	log_info(
		"%s: AF_XDP sockets on %u receive queue%s, %s; memory for %u frames each%s",
		plan->shared->itf.name, queues, queues == 1 ? "" : "s", how, plan->frames, longest
	);
}

static uint32_t frames_for(const struct conf *conf) {
	uint32_t frames = FRAMES_QUEUE + conf->input.workers * FRAMES_WORKER;
	return frames < XDP_QUEUE_FRAMES_MAX ? frames : XDP_QUEUE_FRAMES_MAX;
}

int xdp_sockets_open(
	const struct conf *conf, const struct xdp_interface *itf, uint8_t in_port,
	struct source **sources, uint32_t *n, struct err *err
) {
	struct plan plan = {
		.shared = xdp_redirect_new(itf, err),
		.sources = sources + *n,
		.in_port = in_port,
		.frames = frames_for(conf),
	};
	if (plan.shared == NULL)
		return -EIO;
	int ret = open_within_limit(&plan, err);
	if (ret < 0)
		goto fail_queues;
	ret = xdp_redirect_attach(plan.shared, err);
	if (ret == 0 && plan.shared->at.generic)
		ret = without_zero_copy(&plan, err);
	if (ret < 0)
		goto fail_attach;
	tell(&plan);
	*n += itf->queues;
	return 0;
fail_attach:
	close_queues(&plan, itf->queues);
fail_queues:
	xdp_redirect_free(plan.shared);
	return ret;
}

void xdp_sockets_close(struct source *src) {
	if (src == NULL)
		return;
	struct xdp_redirect *shared = of(src)->shared;
	source_free(of(src));
	if (shared->n_sources == 0)
		xdp_redirect_free(shared);
}
