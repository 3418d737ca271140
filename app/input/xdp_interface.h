// A network interface: what it is and whether it is there at this moment. Asked of the kernel by
// ioctl, which sees the network namespace of the calling thread; nothing is changed. Any thread.
#pragma once

#include "base/err.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct xdp_interface {
	char name[IF_NAMESIZE];
	int index; // of the kernel; another one when the interface comes back
	uint32_t mtu;
	uint32_t queues; // receive queues, 1 or more
	bool up; // administratively
	bool ethernet; // its frames begin with an Ethernet header
	char driver[32]; // empty: it does not tell its name
};

// 0, -ENODEV (no such interface), or another -errno; err has a text for each.
int xdp_interface_get(struct xdp_interface *itf, const char *name, struct err *err);

// Counters of an interface, since it was made.
struct xdp_interface_stats {
	uint64_t received; // frames
	uint64_t missed; // frames that the device had no room for
};

// 0 or -errno.
int xdp_interface_stats(int index, struct xdp_interface_stats *stats);
