// An interface in redirect mode: opens its receive queues, hands them to the threads that receive, and
// takes them back when the interface goes, all on the thread that watches (xdp_watch.h). So no worker
// waits for the kernel, and none of another interface's.
#pragma once

#include "xdp_deferral.h"
#include "xdp_interface.h"
#include "xdp_queue.h"
#include "xdp_redirect.h"
#include "xdp_watch.h"

#include "base/err.h"
#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>

// How frames come.
enum xdp_port_poll {
	XDP_PORT_INTERRUPTS,
	XDP_PORT_HOPED, // busy polling, once a frame has shown that it is possible
	XDP_PORT_BUSY,
};

struct xdp_port {
	struct xdp_redirect *redirect; // owned
	struct xdp_watch_client client; // what the watch calls
	struct xdp_queue **queue; // owned; what it points to is the sources'
	uint32_t n_queues;
	uint32_t n_open; // the first ones; fewer if the interface came back with fewer
	uint32_t frames; // of a queue
	int ifindex; // that they are open on; 0: none
	bool copy_only; // the driver does not run the program, so it cannot fill sockets' memory
	bool busy_wanted;
	uint32_t poll; // enum xdp_port_poll
	struct xdp_deferral deferral;
	uint32_t queues_told; // of the interface, as the log says
	uint32_t mtu_told; // the same
};

// Loads the program and makes room for a queue each of the interface's. NULL with err set.
struct xdp_port *
xdp_port_new(const struct conf *conf, const struct xdp_interface *itf, struct err *err);

// The queues are closed, the program is off. NULL is fine.
void xdp_port_free(struct xdp_port *port);

// Closes a queue of it, which is the opener's or has no receiver any more. Its watch has ended, or has
// not begun.
void xdp_port_leave(struct xdp_port *port, struct xdp_queue *q);
