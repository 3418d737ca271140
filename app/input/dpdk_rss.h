// Receive-side scaling that both directions of a conversation share: a symmetric key over IP
// addresses alone, read back from the device and checked against a Toeplitz hash in software.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define DPDK_RSS_KEY_MAX 128

struct dpdk_rss {
	uint64_t functions; // RTE_ETH_RSS_* asked for
	uint32_t key_len; // octets
	uint8_t key[DPDK_RSS_KEY_MAX];
};

// Chooses key and hash functions for a port. 0, or -ENOTSUP with the reason why the device cannot
// spread by addresses over `queues` queues.
int dpdk_rss_choose(struct dpdk_rss *rss, uint16_t port, uint32_t queues, struct err *err);

// After the port was started: fills its redirection table evenly, then reads back key, functions and
// table and checks that they are what was asked for. 0, or -ENOTSUP with the reason.
int dpdk_rss_verify(const struct dpdk_rss *rss, uint16_t port, uint32_t queues, struct err *err);

// Toeplitz hash of `n` octets.
uint32_t dpdk_rss_toeplitz(const uint8_t *key, uint32_t key_len, const uint8_t *data, uint32_t n);

// Whether a key gives both directions of a conversation the same hash, and different ones different
// hashes.
bool dpdk_rss_symmetric(const uint8_t *key, uint32_t key_len);

// The hash that a device must have computed for this Ethernet frame. False if it is no plain IP frame.
bool dpdk_rss_of_frame(
	const struct dpdk_rss *rss, const uint8_t *frame, uint32_t len, uint32_t *hash
);
