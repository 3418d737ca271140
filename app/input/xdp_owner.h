// Who owns a program that outlives its loader: a mark in the program (ebpf/owner.h) names a map that only
// the owner holds. Its number is never given twice, so whether it is still there says for sure whether the
// owner is, whatever namespaces either of them is in.
#pragma once

#include "base/err.h"

#include "ebpf/owner.h"

#include <stdint.h>

struct bpf_object;

enum xdp_owner_is {
	XDP_OWNER_NONE, // not a program of Sluice, or one that goes with its process
	XDP_OWNER_GONE, // left behind
	XDP_OWNER_THERE,
	XDP_OWNER_UNKNOWN, // no privilege to see
};

// Marks the programs of an opened object, not loaded yet, as this process's on an interface. Returns a
// descriptor: while it is open the owner is there. -errno with err set.
int xdp_owner_mark(struct bpf_object *object, int ifindex, struct err *err);

// Whose a program is. `owner` is set unless it is NONE.
enum xdp_owner_is xdp_owner_of(int prog_fd, struct program_owner *owner);

// Of this thread's network namespace; 0: the kernel has none (Linux 5.14).
uint64_t xdp_owner_netns(void);
