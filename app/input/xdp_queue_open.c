// The socket is opened by trying what the driver and the kernel may have, the best first. What no way
// cures is explained.

#include "xdp_queue.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

// Linux 6.6; Debian 12's headers are older.
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif

#define GIVEN_BACK_NAP_NS 10000000
#define GIVEN_BACK_NAPS 30

static uint32_t ring_size(uint32_t entries) {
	uint32_t size = 1;
	while (size < entries)
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
	// Rings that hold every frame are never full. The kernel delivers frames before it says that it
	// has taken them from the fill ring, so they may be on their way back while they still count.
	struct xsk_umem_config umem = {
		.fill_size = ring_size(2 * q->n_frames),
		.comp_size = 64,
		.frame_size = XDP_QUEUE_FRAME,
	};
	struct xsk_socket_config socket = {
		.rx_size = ring_size(q->n_frames),
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = flags | XDP_USE_NEED_WAKEUP,
	};
	// libxdp goes on where a ring of before had come to, in rings that are new.
	memset(&q->fill, 0, sizeof(q->fill));
	memset(&q->completion, 0, sizeof(q->completion));
	memset(&q->rx, 0, sizeof(q->rx));
	int ret = xsk_umem__create(
		&q->umem, q->area, (uint64_t)q->n_frames * XDP_QUEUE_FRAME, &q->fill,
		&q->completion, &umem
	);
	if (ret < 0) {
		q->umem = NULL;
		return ret;
	}
	fill_all(q); // a driver without copying may take them as it is bound
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
		XDP_QUEUE_FRAME_MAX - XDP_QUEUE_HEADER_MAX
	);
}

// The best way that works, of those that take such frames.
static int
open_best(struct xdp_queue *q, const struct xdp_interface *itf, bool zero_copy, uint32_t longest) {
	static const uint16_t ways[] = {
		XDP_ZEROCOPY | XDP_USE_SG,
		XDP_ZEROCOPY,
		XDP_COPY | XDP_USE_SG,
		XDP_COPY,
	};
	int ret = -ENOTSUP;
	for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		bool several = (ways[i] & XDP_USE_SG) != 0;
		if ((ways[i] & XDP_ZEROCOPY) != 0 && !zero_copy)
			continue;
		if (!several && longest > XDP_QUEUE_FRAME_MAX)
			continue;
		ret = open_patiently(q, itf->name, ways[i]);
		if (ret == 0 || is_final(ret))
			return ret;
	}
	return ret;
}

int xdp_queue_open(
	struct xdp_queue *q, const struct xdp_interface *itf, bool zero_copy, struct err *err
) {
	uint32_t longest = xdp_queue_longest(itf);
	int ret = open_best(q, itf, zero_copy, longest);
	if (ret == 0)
		return 0;
	// Kernels refuse flags that they do not know; but -EINVAL may mean something else.
	if (ret == -EINVAL && longest > XDP_QUEUE_FRAME_MAX && open_best(q, itf, false, 0) == 0) {
		bool several = q->several;
		xdp_queue_close(q);
		if (!several)
			return refuse_mtu(itf, err);
	}
	return explain(q, itf, ret, err);
}
