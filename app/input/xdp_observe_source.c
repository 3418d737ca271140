// Reads rings in place. A frame is taken only when it is old enough for an earlier one of another
// processor to be visible too: fragments and segments are then seen in the order in which they came.

#include "xdp_observe_source.h"

#include "xdp_watch.h"

#include "base/cache.h"
#include "base/live_clock.h"
#include "packet/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define HOLD_NS 50000 // from a frame's stamp until it surely is in its ring
// A stamped frame reaches us after its stamp: rings seen empty say nothing about the last moment.
#define STAMP_SLACK_NS 100000000

// A ring and the frame at its head.
struct lane {
	struct xdp_ring *ring;
	const struct observe_frame *head; // NULL: none
};

struct observe_source {
	struct source base;
	struct live_clock *clock; // borrowed
	struct live_line line; // as it was when frames were last asked for
	struct xdp_observe *observe;
	uint32_t first, step;
	int epoll; // of all rings; -1: not open
	struct xdp_watch *watch; // NULL: another source tells what devices missed
	_Atomic(uint64_t) left; // frames in the rings when reading ended: reader → stats
	uint32_t n_lanes;
	struct lane lane[]; // n_lanes
};

static struct observe_source *of(const struct source *src) {
	return (struct observe_source *)(uintptr_t)src;
}

// Whether a processor's frames go to one of this source's rings.
static bool is_mine(const struct observe_source *s, uint32_t cpu) {
	return cpu % s->observe->n_rings % s->step == s->first;
}

// ---- time ----

// Nobody sends: event time goes on with the clock, or windows would stay open for ever.
static void advance(struct observe_source *s, uint64_t now) {
	int64_t newest = live_line_us(&s->line, now - STAMP_SLACK_NS);
	if (newest > s->base.newest_us)
		s->base.newest_us = newest;
}

// ---- frames ----

static void fill(const struct observe_source *s, uint32_t lane, struct packet *p) {
	const struct observe_frame *f = s->lane[lane].head;
	p->data = f->data;
	p->handle = (uint64_t)lane << 32 | xdp_ring_take(s->lane[lane].ring);
	p->time_us = live_line_us(&s->line, f->time_ns);
	p->head_len = f->cap_len;
	p->cap_len = f->cap_len;
	p->wire_len = f->wire_len;
	p->link = LINK_ETHERNET;
	p->in_port = (uint8_t)f->in_port;
}

// The lane whose head is the oldest, and in `until` the age of the oldest of the others.
static struct lane *oldest(struct observe_source *s, uint64_t *until) {
	struct lane *best = NULL;
	*until = UINT64_MAX;
	for (uint32_t i = 0; i < s->n_lanes; i++) {
		struct lane *l = &s->lane[i];
		if (l->head == NULL)
			continue;
		if (best == NULL) {
			best = l;
		} else if (l->head->time_ns < best->head->time_ns) {
			*until = best->head->time_ns;
			best = l;
		} else if (l->head->time_ns < *until) {
			*until = l->head->time_ns;
		}
	}
	return best;
}

static int source_recv(struct source *src, struct burst *b) {
	struct observe_source *s = of(src);
	uint64_t now = live_clock_mono_ns();
	uint64_t limit = s->n_lanes > 1 ? now - HOLD_NS : UINT64_MAX, until;
	uint32_t n = 0;
	s->line = live_clock_line(s->clock);
	for (uint32_t i = 0; i < s->n_lanes; i++)
		s->lane[i].head = xdp_ring_next(s->lane[i].ring);
	while (n < BURST_MAX) {
		struct lane *l = oldest(s, &until);
		if (l == NULL || l->head->time_ns > limit)
			break;
		until = until < limit ? until : limit;
		do {
			fill(s, (uint32_t)(l - s->lane), &b->pkt[n++]);
			l->head = xdp_ring_next(l->ring);
		} while (n < BURST_MAX && l->head != NULL && l->head->time_ns <= until);
	}
	b->n = n;
	if (n == 0)
		advance(s, now);
	return (int)n;
}

static void source_release(struct source *src, struct burst *b) {
	struct observe_source *s = of(src);
	struct xdp_ring *ring = NULL;
	for (uint32_t i = 0; i < b->n; i++) {
		struct xdp_ring *next = s->lane[b->pkt[i].handle >> 32].ring;
		if (ring != NULL && ring != next)
			xdp_ring_release(ring);
		ring = next;
		xdp_ring_mark(ring, (uint32_t)b->pkt[i].handle);
	}
	if (ring != NULL)
		xdp_ring_release(ring);
}

// ---- waiting ----

static void set_waiting(struct observe_source *s, uint32_t waiting) {
	for (uint32_t cpu = 0; cpu < s->observe->n_states; cpu++)
		if (is_mine(s, cpu))
			__atomic_store_n(
				&s->observe->state[cpu].waiting, waiting, __ATOMIC_SEQ_CST
			);
}

static bool any_pressing(const struct observe_source *s) {
	for (uint32_t i = 0; i < s->n_lanes; i++)
		if (xdp_ring_pressing(s->lane[i].ring))
			return true;
	return false;
}

// Frames are left to gather while we sleep: the first of them does not wake us, an eighth of a ring
// does. A wake-up that is lost between the look at the rings and the sleep costs `max_us` at most.
static void source_wait(struct source *src, uint32_t max_us) {
	struct observe_source *s = of(src);
	struct timespec max = {.tv_sec = max_us / 1000000, .tv_nsec = max_us % 1000000 * 1000};
	struct pollfd poll = {.fd = s->epoll, .events = POLLIN};
	struct epoll_event woken[16];
	set_waiting(s, 1);
	if (!any_pressing(s) && ppoll(&poll, 1, &max, NULL) > 0)
		epoll_wait(s->epoll, woken, sizeof(woken) / sizeof(woken[0]), 0);
	set_waiting(s, 0);
}

// ---- the rest of source_ops ----

static int source_attach(struct source *src) {
	return 0;
}

static void source_detach(struct source *src) {
	struct observe_source *s = of(src);
	uint64_t left = 0;
	for (uint32_t i = 0; i < s->n_lanes; i++)
		left += xdp_ring_unread(s->lane[i].ring);
	atomic_store_explicit(&s->left, left, memory_order_relaxed);
}

static void source_stats(struct source *src, struct source_stats *out) {
	struct observe_source *s = of(src);
	*out = (struct source_stats){
		.missed = atomic_load_explicit(&s->left, memory_order_relaxed),
	};
	if (s->watch != NULL)
		out->missed += xdp_watch_missed(s->watch);
	for (uint32_t cpu = 0; cpu < s->observe->n_states; cpu++) {
		const struct observe_state *state = &s->observe->state[cpu];
		if (is_mine(s, cpu))
			out->missed += __atomic_load_n(&state->full, __ATOMIC_RELAXED)
				+ __atomic_load_n(&state->unread, __ATOMIC_RELAXED);
	}
}

static const struct source_ops ops = {
	.attach = source_attach,
	.recv = source_recv,
	.release = source_release,
	.wait = source_wait,
	.stats = source_stats,
	.detach = source_detach,
};

static int open_epoll(struct observe_source *s, struct err *err) {
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return err_set(err, -errno, "epoll: %s", strerror(errno));
	for (uint32_t i = 0; i < s->n_lanes; i++) {
		// Frames that are on their way to be released must not keep us awake.
		struct epoll_event event = {.events = EPOLLIN | EPOLLET};
		if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->lane[i].ring->fd, &event) < 0)
			return err_set(err, -errno, "epoll: %s", strerror(errno));
	}
	return 0;
}

struct source *xdp_observe_source(const struct xdp_observe_part *part, struct err *err) {
	struct xdp_observe *o = part->observe;
	uint32_t n = (o->n_rings - part->first + part->step - 1) / part->step;
	struct observe_source *s = calloc(1, sizeof(*s) + n * sizeof(s->lane[0]));
	if (s == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	s->base.ops = &ops;
	s->base.newest_us = INT64_MIN;
	s->observe = o;
	s->first = part->first;
	s->step = part->step;
	s->watch = part->watch;
	s->n_lanes = n;
	for (uint32_t i = 0; i < n; i++)
		s->lane[i].ring = &o->ring[part->first + i * part->step];
	s->clock = part->clock;
	if (open_epoll(s, err) < 0) {
		xdp_observe_source_free(&s->base);
		return NULL;
	}
	return &s->base;
}

void xdp_observe_source_free(struct source *src) {
	struct observe_source *s = of(src);
	if (s == NULL)
		return;
	if (s->epoll >= 0)
		close(s->epoll);
	free(s);
}
