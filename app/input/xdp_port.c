// A queue is opened only while it is the opener's turn. So when an interface is gone, or must be opened
// in another way, receivers are asked for their queues, and the watch comes again until it has them.

#include "xdp_port.h"

#include "xdp_busy.h"

#include "base/log.h"
#include "base/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

// UMEM frames of a queue: a full ring of a NIC, and what may be on its way to each worker.
#define FRAMES_QUEUE 4096u
#define FRAMES_WORKER 1536u

// ---- open ----

static void close_all(struct xdp_port *port) {
	for (uint32_t i = 0; i < port->n_queues; i++)
		xdp_redirect_leave(port->redirect, port->queue[i]);
	port->n_open = 0;
	port->ifindex = 0;
}

// All that the interface has a place for, or none. -ENOBUFS: fewer frames may do.
static int open_with(struct xdp_port *port, uint32_t frames, struct err *err) {
	uint32_t queues = port->redirect->itf.queues;
	uint32_t n = queues < port->n_queues ? queues : port->n_queues;
	int ret = 0;
	for (uint32_t i = 0; i < n && ret == 0; i++) {
		ret = xdp_queue_resize(port->queue[i], frames, err);
		if (ret == 0)
			ret = xdp_redirect_enter(
				port->redirect, port->queue[i], !port->copy_only, err
			);
	}
	if (ret < 0)
		close_all(port);
	else
		port->n_open = n;
	return ret;
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
static int open_all(struct xdp_port *port, struct err *err) {
	uint32_t wanted = port->frames;
	struct err first;
	raise_lock_limit();
	int ret = open_with(port, port->frames, err);
	first = *err;
	while (ret == -ENOBUFS && port->frames / 2 >= XDP_QUEUE_FRAMES_MIN) {
		port->frames /= 2;
		ret = open_with(port, port->frames, err);
	}
	if (ret == 0 && port->frames < wanted)
		log_warn(
			"%s; going on with %u frames a queue instead of %u", first.text,
			port->frames, wanted
		);
	return ret;
}

// ---- busy polling ----

static void give_up_busy(struct xdp_port *port, const char *why) {
	port->poll = XDP_PORT_INTERRUPTS;
	log_warn(
		"%s: no busy polling: %s; its frames come by interrupts, as with input.xdp_poll = "
		"wakeup",
		port->redirect->itf.name, why
	);
	for (uint32_t i = 0; i < port->n_open; i++)
		xdp_busy_renounce(xdp_queue_fd(port->queue[i]));
}

static void ask_busy(struct xdp_port *port) {
	struct err err = {0};
	port->poll = port->busy_wanted ? XDP_PORT_HOPED : XDP_PORT_INTERRUPTS;
	for (uint32_t i = 0; i < port->n_open && port->poll == XDP_PORT_HOPED; i++)
		if (xdp_busy_ask(xdp_queue_fd(port->queue[i]), &err) < 0)
			give_up_busy(port, err.text);
}

static void begin_busy(struct xdp_port *port) {
	struct err err = {0};
	const char *name = port->redirect->itf.name;
	port->poll = XDP_PORT_BUSY;
	if (xdp_deferral_begin(&port->deferral, &port->redirect->itf, &err) < 0)
		log_warn("%s: busy polling with interrupts beside it: %s", name, err.text);
	else
		log_info("%s: busy polling, its interrupts are put off for the run", name);
}

// Frames show whether the kernel knows the driver's loops: until then they are left to interrupts.
static void look_busy(struct xdp_port *port) {
	uint32_t n_busy = 0, n_without = 0;
	for (uint32_t i = 0; i < port->n_open; i++) {
		struct xdp_queue *q = port->queue[i];
		bool began = xdp_queue_began(q); // ahead of the next: its first frame tells
		bool known = xdp_busy_known(xdp_queue_fd(q));
		atomic_store_explicit(&q->busy, known, memory_order_relaxed);
		n_busy += known;
		n_without += began && !known;
	}
	if (n_busy > 0 && port->poll == XDP_PORT_HOPED)
		begin_busy(port);
	else if (n_busy == 0 && n_without > 0)
		give_up_busy(
			port, "its driver does not tell the kernel which loop a frame came by"
		);
}

// ---- what the watch calls ----

// Whether the queues have to be opened anew. It is remembered, as a dead socket says so once.
static bool is_stale(struct xdp_port *port, const struct xdp_interface *itf) {
	bool stale = port->ifindex != itf->index;
	for (uint32_t i = 0; i < port->n_open; i++) {
		stale = xdp_queue_dead(port->queue[i]) || stale;
		stale = stale || (port->copy_only && port->queue[i]->zero_copy);
	}
	if (stale)
		port->ifindex = 0;
	return stale;
}

// Whether all queues are here.
static bool ask_back(struct xdp_port *port) {
	bool all = true;
	for (uint32_t i = 0; i < port->n_queues; i++) {
		_Atomic(uint32_t) *turn = &port->queue[i]->turn;
		if (atomic_load_explicit(turn, memory_order_acquire) == XDP_TURN_RECEIVER)
			atomic_store_explicit(turn, XDP_TURN_ASKED, memory_order_relaxed);
		all = all && atomic_load_explicit(turn, memory_order_acquire) == XDP_TURN_OPENER;
	}
	return all;
}

static int prepare(void *arg, const struct xdp_interface *itf, struct err *err) {
	struct xdp_port *port = arg;
	bool another = itf->index != port->redirect->itf.index;
	if (!is_stale(port, itf))
		return 0;
	if (!ask_back(port))
		return err_set(err, -EAGAIN, "%s: its packets are still in use", itf->name);
	close_all(port);
	xdp_deferral_end(&port->deferral);
	if (another)
		port->copy_only = false;
	xdp_redirect_move(port->redirect, itf);
	int ret = open_all(port, err);
	if (ret < 0)
		return ret;
	port->ifindex = itf->index;
	ask_busy(port);
	return 0;
}

static void tell(const struct xdp_port *port, const struct xdp_attachment *at) {
	static const char *const polls[] = {
		[XDP_PORT_INTERRUPTS] = "by interrupts",
		[XDP_PORT_HOPED] = "busy polling if the first frames show that its driver can",
		[XDP_PORT_BUSY] = "busy polling",
	};
	uint32_t n = port->n_open, zero_copy = 0;
	for (uint32_t i = 0; i < n; i++)
		zero_copy += port->queue[i]->zero_copy;
	const char *copies = zero_copy == n ? "zero-copy"
		: zero_copy > 0             ? "zero-copy on some of them"
		: at->generic               ? "copied by the kernel"
			      : "copied by the kernel, as the driver has no zero-copy";
	char longest[64] = "";
	if (!port->queue[0]->several)
		snprintf(
			longest, sizeof(longest), "; frames of up to %u octets", XDP_QUEUE_FRAME_MAX
		);
	log_info(
		"%s: %s XDP, AF_XDP sockets on %u receive queue%s, %s, %s; memory for %u frames each%s",
		port->redirect->itf.name, at->generic ? "generic" : "native", n, units_plural(n),
		copies, polls[port->poll], port->frames, longest
	);
}

// Frames of a queue without a socket pass by, and what is longer than a socket takes is dropped; the
// kernel's counts of both are in what is missed.
static void tell_changes(struct xdp_port *port, const struct xdp_interface *itf) {
	if (itf->queues > port->n_open && itf->queues != port->queues_told)
		log_warn(
			"%s: %u receive queues, and sockets on %u: frames of the others go to "
			"the host, and count as missed (cure: ethtool -L %s for %u, or start again)",
			itf->name, itf->queues, port->n_open, itf->name, port->n_open
		);
	else if (itf->queues < port->n_queues && itf->queues != port->queues_told)
		log_warn(
			"%s: %u receive queues instead of %u", itf->name, itf->queues,
			port->n_queues
		);
	port->queues_told = itf->queues;
	if (itf->mtu != port->mtu_told && !port->queue[0]->several
	    && xdp_queue_longest(itf) > XDP_QUEUE_FRAME_MAX)
		log_warn(
			"%s: MTU %u: frames of more than %u octets are missed now (cure: ip link set "
			"dev %s mtu %u)",
			itf->name, itf->mtu, XDP_QUEUE_FRAME_MAX, itf->name,
			XDP_QUEUE_FRAME_MAX - XDP_QUEUE_HEADER_MAX
		);
	port->mtu_told = itf->mtu;
}

static int attached(void *arg, const struct xdp_attachment *at, struct err *err) {
	struct xdp_port *port = arg;
	port->copy_only = at->generic;
	if (is_stale(port, &port->redirect->itf))
		return err_set(err, -EAGAIN, "opened again without zero-copy");
	bool new = atomic_load_explicit(&port->queue[0]->turn, memory_order_relaxed)
		== XDP_TURN_OPENER;
	if (!new)
		return 0;
	if (port->poll == XDP_PORT_HOPED)
		look_busy(port);
	tell(port, at);
	tell_changes(port, &port->redirect->itf);
	for (uint32_t i = 0; i < port->n_open; i++)
		atomic_store_explicit(
			&port->queue[i]->turn, XDP_TURN_RECEIVER, memory_order_release
		);
	return 0;
}

static void look(void *arg, const struct xdp_interface *itf) {
	struct xdp_port *port = arg;
	tell_changes(port, itf);
	if (port->poll != XDP_PORT_INTERRUPTS)
		look_busy(port);
}

static void lost(void *arg) {
	ask_back(arg);
}

// ---- life ----

static uint32_t frames_for(const struct conf *conf) {
	uint32_t frames = FRAMES_QUEUE + conf->input.workers * FRAMES_WORKER;
	return frames < XDP_QUEUE_FRAMES_MAX ? frames : XDP_QUEUE_FRAMES_MAX;
}

struct xdp_port *
xdp_port_new(const struct conf *conf, const struct xdp_interface *itf, struct err *err) {
	struct xdp_port *port = calloc(1, sizeof(*port));
	if (port == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	port->client = (struct xdp_watch_client){
		.arg = port,
		.prepare = prepare,
		.attached = attached,
		.look = look,
		.lost = lost,
	};
	port->busy_wanted = conf->input.xdp_poll == CONF_XDP_BUSY;
	port->frames = frames_for(conf);
	port->queues_told = itf->queues;
	port->mtu_told = itf->mtu;
	port->queue = calloc(itf->queues, sizeof(struct xdp_queue *));
	if (port->queue == NULL)
		err_set(err, -ENOMEM, "out of memory");
	else
		port->redirect = xdp_redirect_new(itf, err);
	if (port->redirect != NULL)
		return port;
	xdp_port_free(port);
	return NULL;
}

void xdp_port_free(struct xdp_port *port) {
	if (port == NULL)
		return;
	xdp_deferral_end(&port->deferral);
	xdp_redirect_free(port->redirect);
	free(port->queue);
	free(port);
}

void xdp_port_leave(struct xdp_port *port, struct xdp_queue *q) {
	xdp_redirect_leave(port->redirect, q);
	port->n_open = 0;
}
