// What a driver says of its XDP support, by the kernel's "netdev" family of generic netlink (Linux 6.3
// and newer). Any thread.
#pragma once

#include <stdbool.h>

struct xdp_features {
	bool known; // the kernel told
	bool native; // programs run in the driver
	bool redirect; // and may redirect frames, to AF_XDP sockets too
	bool zero_copy; // AF_XDP sockets without a copy
	bool frags; // AF_XDP sockets take frames in several buffers
};

// All false where the kernel does not tell.
void xdp_features_get(struct xdp_features *f, int ifindex);
