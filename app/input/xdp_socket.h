// Redirect mode: the frames of an interface end in AF_XDP sockets, one for each receive queue, each
// of them a source. Opened and closed by the main thread.
#pragma once

#include "xdp_interface.h"
#include "xdp_watch.h"

#include "base/err.h"
#include "conf/conf.h"
#include "packet/source.h"

#include <stdint.h>

struct live_clock;

// Makes a source for each receive queue, in their order, at sources[*n ..], adds them to `n`, and gives
// the interface to the watch, which opens their sockets and attaches the program: from then on the host
// sees nothing of the interface's traffic, and when it goes away and returns it is taken up again. 0 or
// -errno with err set: what, why, the cure; in any case the sources that were made are to be closed.
int xdp_sockets_open(
	const struct conf *conf, const struct xdp_interface *itf, uint8_t in_port,
	struct xdp_watch *watch, struct live_clock *clock, struct source **sources, uint32_t *n,
	struct err *err
);

// Each source once, when the watch is closed.
void xdp_sockets_close(struct source *src);
