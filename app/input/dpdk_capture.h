// Whether net_pcap read a capture file whole. The driver ends a burst early for the end of the file,
// for a broken record and for want of mbufs alike, and cuts frames over 64 KiB without a word.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

// Whether it is a pcap file rather than a pcapng one. False when it cannot be read.
bool dpdk_capture_is_classic(const char *path);

// What was received from one queue.
struct dpdk_capture {
	const char *path;
	uint16_t port;
	uint64_t frames, octets;
};

// To be asked when a burst came short. 0: nothing speaks against it, as far as the device's counters
// and the file's size tell, or the file itself where they do not. -EIO with err set: what is missing,
// why, and the cure.
int dpdk_capture_verify(const struct dpdk_capture *c, struct err *err);
