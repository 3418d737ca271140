// A program on an interface beside those of others, by libxdp's dispatcher. Where that cannot be used
// libxdp attaches the program alone. Either can outlive the process: see xdp_leftover.h.
#pragma once

#include "xdp_interface.h"
#include "xdp_loaded.h"

#include "base/err.h"

#include <stdbool.h>

// One thread at a time for each, and the first one before there are others: libxdp remembers what it
// found out about the machine.
struct xdp_shared;

// Loads the program once more, as part of a dispatcher, with the maps that it has, and attaches it:
// natively, or as the programs that are there already; in the kernel's generic mode (`generic`) after any
// native failure. NULL with err set and the code in `rc`: -EBUSY: a program without a dispatcher is there,
// or the dispatcher is full; -EPERM, -ENODEV, or another -errno.
struct xdp_shared *xdp_shared_attach(
	const struct xdp_loaded *loaded, const struct xdp_interface *itf, bool *generic, int *rc,
	struct err *err
);

// Takes the program off and leaves the others. What cannot be removed is said in the log. NULL is fine.
void xdp_shared_detach(struct xdp_shared *s);

// Whether it still is on the interface, also when others have come or gone since.
bool xdp_shared_attached(struct xdp_shared *s);
