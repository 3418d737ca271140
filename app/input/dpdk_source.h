// The receive side of DPDK ports as sources. A live source is one queue of one port; a capture source
// is one queue after the other, each of them a file that net_pcap reads to its end.
#pragma once

#include "dpdk_port.h"

#include "base/err.h"
#include "packet/source.h"

#include <stdint.h>

// A queue to receive from. The first queue of a port reports what the whole port lost.
struct dpdk_lane {
	struct dpdk_port *port; // borrowed, started, outlives the source
	uint16_t queue;
	uint8_t in_port; // index of its device in the configuration
};

// One live queue. NULL with err set: no memory. Free with dpdk_source_free.
struct source *dpdk_source_live(const struct dpdk_lane *lane, struct err *err);

// The captures of `n` queues, read in this order as one input; `patient`.
struct source *dpdk_source_capture(const struct dpdk_lane *lanes, uint32_t n, struct err *err);

void dpdk_source_free(struct source *src);
