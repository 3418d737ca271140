// What a device does to frames before XDP sees them: VLAN tags stripped, frames merged. Read, switched
// off for a run, and switched on again at its end. One thread at a time.
#pragma once

#include "xdp_interface.h"

#include "base/err.h"

#include <net/if.h>
#include <stdint.h>

enum xdp_offload {
	XDP_OFFLOAD_VLAN = 1 << 0, // rx-vlan-hw-parse: 802.1Q tags are stripped
	XDP_OFFLOAD_STAG = 1 << 1, // rx-vlan-stag-hw-parse: 802.1ad tags are stripped
	XDP_OFFLOAD_LRO = 1 << 2, // rx-lro: frames are merged
	XDP_OFFLOAD_GRO_HW = 1 << 3, // rx-gro-hw: the same
};
#define XDP_OFFLOADS 4

// As ethtool -K names it; `offload` is one of the bits.
const char *xdp_offload_name(uint32_t offload);

// Bits of those that are on; `fixed`: of those among them that cannot be switched.
uint32_t xdp_offload_read(const char *interface, uint32_t *fixed);

// What was switched off on an interface for a run.
struct xdp_offloads {
	char interface[IF_NAMESIZE];
	int ifindex;
	uint32_t off;
};

// Switches off what is on, and says so in the log; may be called again. 0, or -errno with what stays on and
// the cure in err; to be resumed in any case.
int xdp_offload_suspend(struct xdp_offloads *o, const struct xdp_interface *itf, struct err *err);

// Switches on again what was switched off, if the interface still is the same. All zero: nothing.
void xdp_offload_resume(struct xdp_offloads *o);
