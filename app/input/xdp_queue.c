// A received packet is its place in the UMEM; what it consists of beyond the first piece is in a table
// beside it.

#include "xdp_queue.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// Linux 6.6; Debian 12's headers are older.
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif

#define IN_PIECES (1ull << 63) // in a handle
#define PREFETCH_AHEAD 8

// ---- memory ----

static void free_frames(struct xdp_queue *q) {
	if (q->area != NULL)
		mem_pages()->free(mem_pages(), q->area, (size_t)q->n_frames * XDP_QUEUE_FRAME);
	free(q->segment);
	q->area = NULL;
	q->segment = NULL;
	q->n_frames = 0;
}

int xdp_queue_resize(struct xdp_queue *q, uint32_t frames, struct err *err) {
	if (q->n_frames == frames)
		return 0;
	free_frames(q);
	q->segment = calloc(frames, sizeof(*q->segment));
	q->area = mem_pages()->alloc(mem_pages(), (size_t)frames * XDP_QUEUE_FRAME);
	q->n_frames = frames;
	if (q->segment != NULL && q->area != NULL)
		return 0;
	free_frames(q);
	return err_set(
		err, -ENOMEM, "out of memory for %u frames of receive queue %u", frames, q->id
	);
}

int xdp_queue_init(
	struct xdp_queue *q, uint32_t id, uint8_t in_port, uint32_t frames, struct err *err
) {
	memset(q, 0, sizeof(*q));
	q->id = id;
	q->in_port = in_port;
	return xdp_queue_resize(q, frames, err);
}

void xdp_queue_fini(struct xdp_queue *q) {
	xdp_queue_close(q);
	free_frames(q);
}

void xdp_queue_close(struct xdp_queue *q) {
	if (q->socket == NULL)
		return;
	q->missed_before = xdp_queue_missed(q) + xdp_queue_left(q);
	atomic_store_explicit(&q->busy, false, memory_order_relaxed);
	xsk_socket__delete(q->socket);
	xsk_umem__delete(q->umem);
	q->socket = NULL;
	q->umem = NULL;
}

// ---- state ----

// Reading the error clears it; poll() does not tell of it.
bool xdp_queue_dead(const struct xdp_queue *q) {
	int error = 0;
	socklen_t len = sizeof(error);
	return getsockopt(xdp_queue_fd(q), SOL_SOCKET, SO_ERROR, &error, &len) == 0
		&& error == ENETDOWN;
}

bool xdp_queue_began(const struct xdp_queue *q) {
	return __atomic_load_n(q->rx.producer, __ATOMIC_ACQUIRE) != 0;
}

void xdp_queue_give(struct xdp_queue *q) {
	q->held -= q->pieces;
	q->pieces = 0;
	if (q->held == 0)
		atomic_store_explicit(&q->turn, XDP_TURN_OPENER, memory_order_release);
}

void xdp_queue_wait(struct xdp_queue *q, const struct timespec *max) {
	struct pollfd p = {.fd = xdp_queue_fd(q), .events = POLLIN};
	ppoll(&p, 1, max, NULL);
}

// A frame that found no free UMEM frame counts as dropped and as an empty fill ring: as one here.
uint64_t xdp_queue_missed(const struct xdp_queue *q) {
	struct xdp_statistics stats = {0};
	socklen_t len = sizeof(stats);
	if (q->socket != NULL)
		getsockopt(xdp_queue_fd(q), SOL_XDP, XDP_STATISTICS, &stats, &len);
	return q->missed_before + stats.rx_dropped + stats.rx_ring_full;
}

uint64_t xdp_queue_left(const struct xdp_queue *q) {
	uint64_t n = 0;
	if (q->socket == NULL)
		return 0;
	uint32_t at = *q->rx.consumer, end = __atomic_load_n(q->rx.producer, __ATOMIC_ACQUIRE);
	for (; at != end; at++)
		n += (xsk_ring_cons__rx_desc(&q->rx, at)->options & XDP_PKT_CONTD) == 0;
	return n;
}

// ---- packets ----

// Takes a piece of a packet in several. True: it was the last.
static bool add_piece(struct xdp_queue *q, const struct xdp_desc *d) {
	uint32_t at = (uint32_t)d->addr;
	if (q->pieces == 0) {
		q->first = at;
		q->head_len = d->len;
		q->len = 0;
	} else {
		q->segment[q->last / XDP_QUEUE_FRAME].next = at;
	}
	q->segment[at / XDP_QUEUE_FRAME] = (struct xdp_segment){.len = d->len};
	q->last = at;
	q->len += d->len;
	q->pieces++;
	return (d->options & XDP_PKT_CONTD) == 0;
}

// Lets the kernel do what it has to do for this queue now.
static void enter_kernel(const struct xdp_queue *q) {
	recvfrom(xdp_queue_fd(q), NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

static uint32_t peek(struct xdp_queue *q, uint32_t *at) {
	bool busy = atomic_load_explicit(&q->busy, memory_order_relaxed);
	// A sleeping driver takes new frames to fill only when told.
	if (UNLIKELY(!busy && xsk_ring_prod__needs_wakeup(&q->fill)))
		enter_kernel(q);
	uint32_t n = xsk_ring_cons__peek(&q->rx, BURST_MAX, at);
	if (n > 0 || !busy)
		return n;
	enter_kernel(q); // this runs the driver's receive loop once
	return xsk_ring_cons__peek(&q->rx, BURST_MAX, at);
}

uint32_t xdp_queue_recv(struct xdp_queue *q, struct burst *b) {
	uint32_t at = 0, n = 0;
	uint32_t n_desc = peek(q, &at);
	// the frame's first line: all its headers, as a rule
	for (uint32_t i = 0; i < n_desc && i < PREFETCH_AHEAD; i++)
		__builtin_prefetch(q->area + xsk_ring_cons__rx_desc(&q->rx, at + i)->addr);
	for (uint32_t i = 0; i < n_desc; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&q->rx, at + i);
		struct packet *p = &b->pkt[n];
		if (i + PREFETCH_AHEAD < n_desc)
			__builtin_prefetch(
				q->area
				+ xsk_ring_cons__rx_desc(&q->rx, at + i + PREFETCH_AHEAD)->addr
			);
		p->handle = d->addr;
		p->head_len = d->len;
		p->cap_len = d->len;
		if (UNLIKELY(q->pieces > 0 || (d->options & XDP_PKT_CONTD) != 0)) {
			if (!add_piece(q, d))
				continue;
			q->pieces = 0;
			p->handle = q->first | IN_PIECES;
			p->head_len = q->head_len;
			p->cap_len = q->len;
		}
		p->data = q->area + (uint32_t)p->handle;
		p->wire_len = p->cap_len;
		n++;
	}
	if (n_desc > 0)
		xsk_ring_cons__release(&q->rx, n_desc);
	q->held += n_desc;
	b->n = n;
	return n_desc;
}

// There is room: the ring holds every frame.
static void give_back(struct xdp_queue *q, uint32_t at) {
	uint32_t slot = 0;
	xsk_ring_prod__reserve(&q->fill, 1, &slot);
	*xsk_ring_prod__fill_addr(&q->fill, slot) = at & ~(uint64_t)(XDP_QUEUE_FRAME - 1);
}

void xdp_queue_release(struct xdp_queue *q, const struct burst *b) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < b->n; i++) {
		uint64_t handle = b->pkt[i].handle;
		uint32_t at = (uint32_t)handle;
		if (UNLIKELY((handle & IN_PIECES) != 0))
			while (q->segment[at / XDP_QUEUE_FRAME].next != 0) {
				uint32_t next = q->segment[at / XDP_QUEUE_FRAME].next;
				give_back(q, at);
				n++;
				at = next;
			}
		give_back(q, at);
		n++;
	}
	xsk_ring_prod__submit(&q->fill, n);
	q->held -= n;
}

uint32_t
xdp_queue_gather(const struct xdp_queue *q, const struct packet *p, uint8_t *to, uint32_t len) {
	uint32_t at = (uint32_t)p->handle, done = 0;
	if ((p->handle & IN_PIECES) == 0) {
		len = len < p->cap_len ? len : p->cap_len;
		memcpy(to, p->data, len);
		return len;
	}
	for (;;) {
		const struct xdp_segment *s = &q->segment[at / XDP_QUEUE_FRAME];
		uint32_t n = s->len < len - done ? s->len : len - done;
		memcpy(to + done, q->area + at, n);
		done += n;
		if (s->next == 0 || done == len)
			return done;
		at = s->next;
	}
}
