// libxdp's dispatcher, which runs several XDP programs one after the other on an interface: whether it
// can be used here, and what libxdp says meanwhile.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// By trying: loads two small programs, joins them, lets go of them. False: `why` says why not, and the
// cure. Needs the privileges of attaching.
bool xdp_dispatcher_usable(char *why, size_t len);

// The folder below which libxdp keeps what is to outlive a process, as it looks for it.
const char *xdp_dispatcher_bpffs(void);

// From now on libxdp's messages are debug messages of the log. To be called ahead of its functions.
void xdp_dispatcher_quiet(void);
