// Redirect mode: the frames of an interface end in AF_XDP sockets, one for each receive queue, each
// of them a source. Opened and closed by the main thread.
#pragma once

#include "xdp_interface.h"

#include "base/err.h"
#include "conf/conf.h"
#include "packet/source.h"

#include <stdint.h>

// Opens a source for each receive queue, in their order, and attaches the program; from then on the
// host sees nothing of the interface's traffic. Puts itf->queues sources at sources[*n ..] and adds
// them to `n`. An interface that goes away and returns is taken up again by the sources themselves.
// 0 or -errno with err set: what, why, the cure; then nothing is left open.
int xdp_sockets_open(
	const struct conf *conf, const struct xdp_interface *itf, uint8_t in_port,
	struct source **sources, uint32_t *n, struct err *err
);

// Each source once, after it was detached; the last one of an interface takes the program off.
void xdp_sockets_close(struct source *src);
