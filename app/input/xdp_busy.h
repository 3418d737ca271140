// Busy polling: the thread that receives runs the driver's receive loop (its NAPI) itself instead of
// being told by an interrupt. This is what a socket needs for it.
#pragma once

#include "base/err.h"

#include <stdbool.h>

// Asks the kernel for it, on any socket; CAP_NET_ADMIN. 0 or -errno with what is missing in err.
int xdp_busy_ask(int fd, struct err *err);

// Takes that back.
void xdp_busy_renounce(int fd);

// Whether the kernel knows which loop this socket's frames come by: without that asking is of no use.
// In zero-copy mode it may know at once; else a frame tells, if the driver names its loops at all.
bool xdp_busy_known(int fd);
