// DPDK's environment: started once in the life of a process, with the arguments that the devices, the
// machine's memory and the configuration call for. Main thread.
#pragma once

#include "dpdk_device.h"

#include "base/err.h"
#include "conf/conf.h"

#include <stddef.h>
#include <stdint.h>

struct dpdk_eal;

// Starts EAL for these devices: PCI devices are probed, virtual ones are not yet. `octets`: what the
// mbuf pools will take. Keeps the calling thread's affinity. NULL with err set: what, why, the cure.
struct dpdk_eal *dpdk_eal_start(
	const struct conf *conf, const struct dpdk_device *dev, uint32_t n_dev, uint64_t octets,
	struct err *err
);
void dpdk_eal_stop(struct dpdk_eal *eal);

// DPDK's errors between here and dpdk_eal_settled are the reason of a failure; after it they are logged.
void dpdk_eal_opening(struct dpdk_eal *eal);
void dpdk_eal_settled(struct dpdk_eal *eal);

// Sets "what: DPDK's own errors, or else the errno's text (cure)". `cure` may be empty. Returns `code`.
int dpdk_eal_fail(
	const struct dpdk_eal *eal, int code, struct err *err, const char *cure, const char *fmt,
	...
) __attribute__((format(printf, 5, 6)));

// How to get huge pages for `octets`, and how to do without.
void dpdk_eal_memory_cure(uint64_t octets, char *to, size_t len);

// "DPDK 22.11.11".
const char *dpdk_eal_version(void);
