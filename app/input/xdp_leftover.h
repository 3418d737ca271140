// Sluice's programs on an interface that libxdp attached, which a killed process leaves behind: what is
// there, whose it is, and taking off what nobody owns any more.
#pragma once

#include "xdp_interface.h"
#include "xdp_owner.h"

#include "base/err.h"

#include <stdint.h>

// As many as a dispatcher runs.
#define XDP_LEFTOVERS_MAX 10

struct xdp_leftover {
	uint32_t id; // the kernel's, of the program
	uint32_t pid; // of its owner
	enum xdp_owner_is owner;
	char name[16];
};

// Lists Sluice's programs on an interface that can outlive their process; what other programs of a
// dispatcher there are is left out. Returns how many, or -errno: -EPERM: no privilege to see.
int xdp_leftover_list(const struct xdp_interface *itf, struct xdp_leftover list[XDP_LEFTOVERS_MAX]);

// Takes one off; others stay as they are, and so does one that somebody attached meanwhile. 0, also if it
// is not there any more, or -errno with err set.
int xdp_leftover_remove(
	const struct xdp_interface *itf, const struct xdp_leftover *it, struct err *err
);

// All whose owner is gone; says in the log what was removed. 0 or -errno with err set.
int xdp_leftover_clear(const struct xdp_interface *itf, struct err *err);

// Removes the pins of Sluice's programs whose owner is gone and whose interface is, or has another
// program, in this network namespace.
void xdp_leftover_unpin(void);
