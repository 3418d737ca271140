// One DPDK device: found or probed, configured for a number of receive queues, started, stopped. Main
// thread; receiving is dpdk_source's.
#pragma once

#include "dpdk_clock.h"
#include "dpdk_device.h"
#include "dpdk_eal.h"
#include "dpdk_rss.h"

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct live_clock;
struct rte_mempool;

enum dpdk_stamp {
	DPDK_STAMP_NONE, // packets carry no time
	DPDK_STAMP_US, // microseconds since 1970 (a capture)
	DPDK_STAMP_TICKS, // of the NIC's clock
};

struct dpdk_port {
	const struct dpdk_device *device;
	const struct dpdk_eal *eal;
	uint16_t id; // UINT16_MAX: none
	uint16_t queues; // that are received from
	bool started;
	bool with_rss;
	struct dpdk_rss rss; // when with_rss
	_Atomic bool rss_told; // any receiving thread: a wrong hash was logged
	struct rte_mempool *pool; // NUMA-local; packets of all queues
	enum dpdk_stamp stamp;
	int stamp_offset; // of the time in the mbuf
	uint64_t stamp_flag; // in ol_flags: the time is there; 0: never
	struct live_clock *live; // borrowed: what live packets' time is told by
	struct dpdk_clock clock; // as calibrated against it at start, when DPDK_STAMP_TICKS
};

// Finds the port of a device, probing a virtual one. 0 or -errno with err set: what it was, why, and
// what to do. dpdk_port_close whatever it returned.
int dpdk_port_find(
	struct dpdk_port *port, const struct dpdk_device *device, const struct dpdk_eal *eal,
	struct err *err
);

// Receive queues that the device's own arguments gave it and that must all be polled (net_pcap,
// net_ring, net_vhost, net_af_packet, net_af_xdp); 0: as many as are asked for.
uint16_t dpdk_port_given_queues(const struct dpdk_port *port);

struct dpdk_port_config {
	uint16_t queues;
	bool rss; // spread over them by addresses, verified
	uint32_t mbufs;
	uint32_t rx_desc; // a queue
	struct live_clock *clock; // borrowed by the port
};

// Starts receiving. 0, -ENOTSUP where only RSS is what the device cannot do, or another -errno; err
// set. After a failure it may be tried again with another configuration.
int dpdk_port_start(struct dpdk_port *port, const struct dpdk_port_config *conf, struct err *err);

// Stops receiving; the device stays ours. Nothing to do for a port that does not run.
void dpdk_port_stop(struct dpdk_port *port);

// Stops, gives up the device and frees its memory. No packet of it may be in use.
void dpdk_port_close(struct dpdk_port *port);

// Octets of memory that a pool of so many mbufs takes.
uint64_t dpdk_port_pool_octets(uint32_t mbufs);

// Mbufs that wait in the per-thread caches of a port's pool, at most.
uint32_t dpdk_port_cached_mbufs(uint32_t mbufs, uint32_t threads);
