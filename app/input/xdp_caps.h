// The privileges that XDP takes: whether this process has them, and giving up all others once
// everything is open.
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct xdp_caps {
	bool sockets; // AF_XDP sockets too
	bool files; // files are yet to be opened where only root may
	bool shared; // programs beside others, by libxdp's dispatcher
};

// 0, or -EPERM with what is missing and the cure in err.
int xdp_caps_check(const struct xdp_caps *need, struct err *err);

// Whether programs may compute with packet pointers, which the kernel grants to CAP_PERFMON: for speed only.
bool xdp_caps_fast(void);

// Keeps what is needed to attach a program again, in this thread and those it makes from now on. What
// could not be given up is said in the log.
void xdp_caps_drop(const struct xdp_caps *need);
