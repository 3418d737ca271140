// The socket is opened by trying what the driver and the kernel may have, the best first. A received
// packet is its place in the UMEM; what it consists of beyond the first piece is in a table beside it.

#include "xdp_queue.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

// Linux 6.6; Debian 12's headers are older.
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif

#define VLAN_TAG 4
#define IN_PIECES (1ull << 63) // in a handle
#define PREFETCH_AHEAD 8
#define GIVEN_BACK_NAP_NS 10000000
#define GIVEN_BACK_NAPS 30

// ---- memory ----

int xdp_queue_init(
	struct xdp_queue *q, uint32_t id, uint8_t in_port, uint32_t frames, struct err *err
) {
	memset(q, 0, sizeof(*q));
	q->id = id;
	q->in_port = in_port;
	q->n_frames = frames;
	q->segment = calloc(frames, sizeof(*q->segment));
	q->area = mem_pages()->alloc(mem_pages(), (size_t)frames * XDP_QUEUE_FRAME);
	if (q->segment == NULL || q->area == NULL)
		return err_set(
			err, -ENOMEM, "out of memory for %u frames of receive queue %u", frames, id
		);
	return 0;
}

void xdp_queue_fini(struct xdp_queue *q) {
	xdp_queue_close(q);
	if (q->area != NULL)
		mem_pages()->free(mem_pages(), q->area, (size_t)q->n_frames * XDP_QUEUE_FRAME);
	free(q->segment);
	q->area = NULL;
	q->segment = NULL;
}

// ---- open ----

// Rings that hold every frame are never full.
static uint32_t ring_size(uint32_t frames) {
	uint32_t size = 1;
	while (size < frames)
		size *= 2;
	return size;
}

static void fill_all(struct xdp_queue *q) {
	uint32_t at = 0;
	xsk_ring_prod__reserve(&q->fill, q->n_frames, &at);
	for (uint32_t i = 0; i < q->n_frames; i++)
		*xsk_ring_prod__fill_addr(&q->fill, at + i) = (uint64_t)i * XDP_QUEUE_FRAME;
	xsk_ring_prod__submit(&q->fill, q->n_frames);
}

static int open_socket(struct xdp_queue *q, const char *name, uint16_t flags) {
	struct xsk_umem_config umem = {
		.fill_size = ring_size(q->n_frames),
		.comp_size = 64,
		.frame_size = XDP_QUEUE_FRAME,
	};
	struct xsk_socket_config socket = {
		.rx_size = ring_size(q->n_frames),
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = flags | XDP_USE_NEED_WAKEUP,
	};
	int ret = xsk_umem__create(
		&q->umem, q->area, (uint64_t)q->n_frames * XDP_QUEUE_FRAME, &q->fill,
		&q->completion, &umem
	);
	if (ret < 0) {
		q->umem = NULL;
		return ret;
	}
	ret = xsk_socket__create(&q->socket, name, q->id, q->umem, &q->rx, NULL, &socket);
	if (ret < 0) {
		q->socket = NULL;
		xsk_umem__delete(q->umem);
		q->umem = NULL;
		return ret;
	}
	q->zero_copy = (flags & XDP_ZEROCOPY) != 0;
	q->several = (flags & XDP_USE_SG) != 0;
	q->held = 0;
	q->pieces = 0;
	fill_all(q);
	return 0;
}

// The kernel gives a queue and locked memory back a little after a socket was closed: by a process that
// was killed, by the way tried before, or because it lost its interface.
static int open_patiently(struct xdp_queue *q, const char *name, uint16_t flags) {
	struct timespec nap = {.tv_nsec = GIVEN_BACK_NAP_NS};
	int ret = open_socket(q, name, flags);
	for (uint32_t i = 0; (ret == -ENOBUFS || ret == -EBUSY) && i < GIVEN_BACK_NAPS; i++) {
		nanosleep(&nap, NULL);
		ret = open_socket(q, name, flags);
	}
	return ret;
}

// Failures that no other way of binding would cure.
static bool is_final(int code) {
	return code == -EPERM || code == -EACCES || code == -EBUSY || code == -ENOBUFS
		|| code == -ENOMEM || code == -ENODEV || code == -EAFNOSUPPORT;
}

static int
explain(const struct xdp_queue *q, const struct xdp_interface *itf, int code, struct err *err) {
	struct rlimit lock = {0};
	switch (-code) {
	case EPERM:
	case EACCES:
		return err_set(
			err, -EPERM,
			"%s: no privileges for AF_XDP sockets (cure: run as root, or with CAP_NET_RAW, "
			"CAP_NET_ADMIN and CAP_BPF)",
			itf->name
		);
	case EBUSY:
		return err_set(
			err, -EBUSY,
			"%s: receive queue %u has an AF_XDP socket already (cure: stop the program that "
			"it belongs to; ss --xdp -p tells which)",
			itf->name, q->id
		);
	case ENOBUFS:
	case ENOMEM:
		getrlimit(RLIMIT_MEMLOCK, &lock);
		return err_set(
			err, -ENOBUFS,
			"%s: receive queue %u: %u KiB for frames cannot be locked in memory, the limit "
			"is %llu KiB for all queues together (cure: ulimit -l unlimited, or "
			"LimitMEMLOCK=infinity in the unit, or CAP_IPC_LOCK)",
			itf->name, q->id, q->n_frames * (XDP_QUEUE_FRAME / 1024),
			(unsigned long long)lock.rlim_cur / 1024
		);
	case ENODEV:
		return err_set(err, code, "%s: the interface went away", itf->name);
	case EAFNOSUPPORT:
		return err_set(
			err, -ENOTSUP,
			"this kernel has no AF_XDP sockets (CONFIG_XDP_SOCKETS; cure: another kernel, or "
			"input.xdp_mode = observe)"
		);
	default:
		return err_set(
			err, code, "%s: an AF_XDP socket on receive queue %u: %s", itf->name, q->id,
			strerror(-code)
		);
	}
}

static int refuse_mtu(const struct xdp_interface *itf, struct err *err) {
	return err_set(
		err, -ENOTSUP,
		"%s: MTU %u: frames of more than %u octets need AF_XDP sockets that take a frame in "
		"several pieces (Linux 6.6), which this kernel has not (cure: ip link set dev %s mtu "
		"%u, or input.xdp_mode = observe)",
		itf->name, itf->mtu, XDP_QUEUE_FRAME_MAX, itf->name,
		XDP_QUEUE_FRAME_MAX - ETH_HLEN - VLAN_TAG
	);
}

int xdp_queue_open(
	struct xdp_queue *q, const struct xdp_interface *itf, bool zero_copy, struct err *err
) {
	static const uint16_t ways[] = {
		XDP_ZEROCOPY | XDP_USE_SG,
		XDP_ZEROCOPY,
		XDP_COPY | XDP_USE_SG,
		XDP_COPY,
	};
	uint32_t longest = itf->mtu + ETH_HLEN + VLAN_TAG;
	int ret = -ENOTSUP;
	for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		bool several = (ways[i] & XDP_USE_SG) != 0;
		if ((ways[i] & XDP_ZEROCOPY) != 0 && !zero_copy)
			continue;
		if (!several && longest > XDP_QUEUE_FRAME_MAX)
			continue;
		ret = open_patiently(q, itf->name, ways[i]);
		if (ret == 0)
			return 0;
		if (is_final(ret))
			break;
	}
	// Kernels refuse flags that they do not know.
	if (ret == -EINVAL && longest > XDP_QUEUE_FRAME_MAX)
		return refuse_mtu(itf, err);
	return explain(q, itf, ret, err);
}

void xdp_queue_close(struct xdp_queue *q) {
	if (q->socket == NULL)
		return;
	q->missed_before = xdp_queue_missed(q);
	xsk_socket__delete(q->socket);
	xsk_umem__delete(q->umem);
	q->socket = NULL;
	q->umem = NULL;
}

// ---- state ----

// Reading the error clears it; poll() does not tell of it.
bool xdp_queue_dead(struct xdp_queue *q) {
	int error = 0;
	socklen_t len = sizeof(error);
	if (getsockopt(xsk_socket__fd(q->socket), SOL_SOCKET, SO_ERROR, &error, &len) < 0
	    || error != ENETDOWN)
		return false;
	q->held -= q->pieces;
	q->pieces = 0;
	return true;
}

void xdp_queue_wait(struct xdp_queue *q, const struct timespec *max) {
	struct pollfd p = {.fd = xsk_socket__fd(q->socket), .events = POLLIN};
	ppoll(&p, 1, max, NULL);
}

// A frame that found no free UMEM frame counts as dropped and as an empty fill ring: as one here.
uint64_t xdp_queue_missed(const struct xdp_queue *q) {
	struct xdp_statistics stats = {0};
	socklen_t len = sizeof(stats);
	if (q->socket != NULL)
		getsockopt(xsk_socket__fd(q->socket), SOL_XDP, XDP_STATISTICS, &stats, &len);
	return q->missed_before + stats.rx_dropped + stats.rx_ring_full;
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

uint32_t xdp_queue_recv(struct xdp_queue *q, struct burst *b) {
	uint32_t at, n = 0;
	// A sleeping driver takes new frames to fill only when told.
	if (UNLIKELY(xsk_ring_prod__needs_wakeup(&q->fill)))
		recvfrom(xsk_socket__fd(q->socket), NULL, 0, MSG_DONTWAIT, NULL, NULL);
	uint32_t n_desc = xsk_ring_cons__peek(&q->rx, BURST_MAX, &at);
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
