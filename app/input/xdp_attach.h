// Attaching an XDP program to an interface by a bpf_link, so that it goes when the process goes:
// natively where the driver can, else in the kernel's generic mode, which is said in the log.
#pragma once

#include "xdp_interface.h"

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct bpf_object;
struct bpf_program;

// All zero: attached to nothing. One thread at a time.
struct xdp_attachment {
	int link; // descriptor of the bpf_link, 3 or more (libbpf sees to it); 0: not attached
	int ifindex;
	bool generic; // the kernel's generic mode, not the driver's
	bool frags; // the program takes frames in several buffers
};

// `prog` is borrowed and loaded; the kernel keeps it while it is attached. 0; -EBUSY: another program
// is there; -EPERM: no privileges; -ENODEV: the interface went away; or another -errno. err has the
// cure.
int xdp_attach(
	struct xdp_attachment *a, struct bpf_program *prog, const struct xdp_interface *itf,
	struct err *err
);

// Takes the program off at once. An attachment to nothing, or to an interface that went away, is fine.
void xdp_detach(struct xdp_attachment *a);

// Loads an opened object (bpf_object__load): 0 or -errno, with what is missing and the cure in err.
int xdp_load(struct bpf_object *object, struct err *err);

// The XDP program that is attached to an interface, for people: "program 12 (name), attached by link 7".
// False: there is none. `cure`: what takes it off.
bool xdp_occupant(
	const struct xdp_interface *itf, char *text, size_t len, char *cure, size_t cure_len
);

// Whether the program still is where it was attached: not once the interface is gone or somebody took
// the program off.
bool xdp_attached(const struct xdp_attachment *a);
