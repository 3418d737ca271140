// Why an XDP program cannot be attached, for people: what is there already, which privilege is missing,
// and the cure.
#pragma once

#include "xdp_interface.h"

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define XDP_RIGHTS_CURE                                                                             \
	"run as root, or give it the capabilities: setcap cap_bpf,cap_net_admin,cap_net_raw+ep on " \
	"the program, AmbientCapabilities= in a systemd unit"

#define XDP_SHARED_NOT_BUILT                                                                    \
	"not part of this build, which was made without libxdp 1.3 (cure: install it, Debian: " \
	"libxdp-dev, and build again)"

// Sets err to what the kernel's refusal to attach to an interface means. Returns `rc`; -EBUSY for any
// way of saying that a program is there.
int xdp_refuse(int rc, const struct xdp_interface *itf, struct err *err);

// Says in the log that a program was attached in the kernel's generic mode, as the native one failed.
void xdp_say_generic(int native, const struct xdp_interface *itf);

// The XDP program that is attached to an interface, for people: "program 12 (name), attached by link 7".
// False: there is none. `cure`: what takes it off.
bool xdp_occupant(
	const struct xdp_interface *itf, char *text, size_t len, char *cure, size_t cure_len
);
