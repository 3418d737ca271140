// A device as the configuration names it for DPDK: a PCI address or a vdev string, each with
// arguments behind commas. Taken apart and checked before EAL is started, so that a mistake is told in
// words of its own.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define DPDK_DEVICE_FILES 16 // net_pcap's own bound on queues

struct dpdk_device {
	char *spec; // owned: what DPDK is given
	char name[64]; // 0000:17:00.0, net_pcap0
	bool pci;
	bool infinite; // net_pcap that repeats its files for ever
	uint32_t n_files;
	char *file[DPDK_DEVICE_FILES]; // owned: the captures a net_pcap device reads, one per queue
};

// A net_pcap device that reads files to their end: an input with an end (contract, section 2).
static inline bool dpdk_device_is_capture(const struct dpdk_device *d) {
	return d->n_files > 0 && !d->infinite;
}

// Whether the text is a vdev string by its name: net_NAME or eth_NAME, not a path.
bool dpdk_device_looks_virtual(const char *text);

// 0, -EINVAL or -ENOMEM with err set. dpdk_device_fini whatever it returned.
int dpdk_device_parse(struct dpdk_device *d, const char *text, struct err *err);
void dpdk_device_fini(struct dpdk_device *d);

// What can be known without EAL: a PCI device is there and bound to a driver that DPDK can use; the
// files of net_pcap are Ethernet captures. Opens nothing that stays open.
int dpdk_device_check(const struct dpdk_device *d, struct err *err);
