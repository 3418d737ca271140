// Attaching an XDP program to an interface: by a bpf_link, so that it goes when the process goes, or
// beside other programs (xdp_shared.h). Natively where the driver can, else in the kernel's generic mode,
// which is said in the log.
#pragma once

#include "xdp_interface.h"
#include "xdp_loaded.h"

#include "base/err.h"

#include <stdbool.h>

struct xdp_shared;

// All zero: attached to nothing. One thread at a time.
struct xdp_attachment {
	int link; // descriptor of the bpf_link, 3 or more (libbpf sees to it); 0: none
	struct xdp_shared *shared; // owned; NULL: not beside others
	int ifindex; // 0: not attached
	bool generic; // the kernel's generic mode, not the driver's
};

// Removes what a killed run left on the interface, and attaches. `loaded` is borrowed until it is
// detached. 0; -EBUSY: another program is there, with which the interface cannot be shared; -EPERM: no
// privileges; -ENODEV: the interface went away; or another -errno. err has the cure.
int xdp_attach(
	struct xdp_attachment *a, const struct xdp_loaded *loaded, const struct xdp_interface *itf,
	bool shared, struct err *err
);

// Takes the program off at once. An attachment to nothing, or to an interface that went away, is fine.
void xdp_detach(struct xdp_attachment *a);

// Whether the program still is where it was attached: not once the interface is gone or somebody took
// the program off.
bool xdp_attached(const struct xdp_attachment *a);
