// Symmetric RSS. Only addresses are hashed: fragments have no ports, and must go where their
// conversation goes.

#include "dpdk_rss.h"

#include "base/units.h"

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <errno.h>
#include <string.h>

// 0x6d5a repeated: S. Woo and K. Park, "Scalable TCP Session Monitoring with Symmetric RSS".
static void make_key(struct dpdk_rss *rss, uint32_t len) {
	rss->key_len = len;
	for (uint32_t i = 0; i < len; i++)
		rss->key[i] = i % 2 == 0 ? 0x6d : 0x5a;
}

uint32_t dpdk_rss_toeplitz(const uint8_t *key, uint32_t key_len, const uint8_t *data, uint32_t n) {
	uint32_t window = 0, hash = 0;
	for (uint32_t i = 0; i < 4; i++)
		window = window << 8 | key[i % key_len];
	for (uint32_t i = 0; i < n; i++) {
		uint8_t next = key[(i + 4) % key_len];
		for (int bit = 7; bit >= 0; bit--) {
			if (data[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (next >> bit & 1);
		}
	}
	return hash;
}

// Two addresses of `len` octets made of `n`, in both orders.
static void make_pair(uint32_t n, uint32_t len, uint8_t there[32], uint8_t back[32]) {
	uint32_t x = n * 2654435761u + 12345;
	for (uint32_t i = 0; i < 2 * len; i++) {
		x = x * 1664525 + 1013904223;
		there[i] = (uint8_t)(x >> 24);
	}
	memcpy(back, there + len, len);
	memcpy(back + len, there, len);
}

bool dpdk_rss_symmetric(const uint8_t *key, uint32_t key_len) {
	for (uint32_t len = 4; len <= 16; len += 12) {
		uint32_t first = 0, differ = 0;
		for (uint32_t n = 0; n < 64; n++) {
			uint8_t there[32], back[32];
			make_pair(n, len, there, back);
			uint32_t h = dpdk_rss_toeplitz(key, key_len, there, 2 * len);
			if (h != dpdk_rss_toeplitz(key, key_len, back, 2 * len))
				return false;
			first = n == 0 ? h : first;
			differ += h != first;
		}
		if (differ < 32) // a key of zeros is symmetric too
			return false;
	}
	return true;
}

int dpdk_rss_choose(struct dpdk_rss *rss, uint16_t port, uint32_t queues, struct err *err) {
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(port, &info);
	if (rc < 0)
		return err_set(err, -ENOTSUP, "it does not describe itself: %s", rte_strerror(-rc));
	if (info.max_rx_queues < queues)
		return err_set(
			err, -ENOTSUP, "it has %u receive queue%s, %u are needed",
			info.max_rx_queues, units_plural(info.max_rx_queues), queues
		);
	uint64_t offered = info.flow_type_rss_offloads;
	if ((offered & RTE_ETH_RSS_IP) == 0)
		return err_set(err, -ENOTSUP, "its driver (%s) has no RSS", info.driver_name);
	// Without the plain types, whole TCP and UDP packets are hashed by ports only, or not at all.
	if ((offered & RTE_ETH_RSS_IPV4) == 0 || (offered & RTE_ETH_RSS_IPV6) == 0)
		return err_set(
			err, -ENOTSUP,
			"its driver (%s) cannot spread every IPv4 and IPv6 packet by addresses alone",
			info.driver_name
		);
	uint32_t len = info.hash_key_size != 0 ? info.hash_key_size : 40;
	if (len > DPDK_RSS_KEY_MAX || len < 36)
		return err_set(err, -ENOTSUP, "its RSS key of %u octets does not fit", len);
	*rss = (struct dpdk_rss){.functions = offered & RTE_ETH_RSS_IP};
	make_key(rss, len);
	return 0;
}

static int read_key(const struct dpdk_rss *rss, uint16_t port, struct rte_eth_rss_conf *conf) {
	memset(conf->rss_key, 0, rss->key_len);
	conf->rss_key_len = (uint8_t)rss->key_len;
	return rte_eth_dev_rss_hash_conf_get(port, conf);
}

static int verify_key(const struct dpdk_rss *rss, uint16_t port, struct err *err) {
	uint8_t key[DPDK_RSS_KEY_MAX];
	struct rte_eth_rss_conf conf = {.rss_key = key};
	int rc = read_key(rss, port, &conf);
	if (rc == 0 && memcmp(key, rss->key, rss->key_len) != 0) {
		// Some drivers take the key only from a running device.
		memcpy(key, rss->key, rss->key_len);
		conf.rss_hf = rss->functions;
		rte_eth_dev_rss_hash_update(port, &conf);
		rc = read_key(rss, port, &conf);
	}
	if (rc < 0)
		return err_set(
			err, -ENOTSUP, "its RSS key cannot be read back: %s", rte_strerror(-rc)
		);
	if (memcmp(key, rss->key, rss->key_len) != 0)
		return err_set(err, -ENOTSUP, "it did not take the symmetric RSS key");
	if (!dpdk_rss_symmetric(key, rss->key_len))
		return err_set(err, -ENOTSUP, "its RSS key is not symmetric");
	if ((conf.rss_hf & ~rss->functions) != 0)
		return err_set(
			err, -ENOTSUP,
			"it hashes other headers (0x%llx) than addresses alone (0x%llx)",
			(unsigned long long)conf.rss_hf, (unsigned long long)rss->functions
		);
	uint64_t both = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6;
	if ((conf.rss_hf & both) != both)
		return err_set(
			err, -ENOTSUP, "it does not hash both IPv4 and IPv6 addresses (0x%llx)",
			(unsigned long long)conf.rss_hf
		);
	return 0;
}

static int verify_table(uint16_t port, uint32_t queues, struct err *err) {
	struct rte_eth_dev_info info;
	struct rte_eth_rss_reta_entry64
		table[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE * 8];
	if (rte_eth_dev_info_get(port, &info) < 0 || info.reta_size == 0
	    || info.reta_size > sizeof(table) / sizeof(*table) * RTE_ETH_RETA_GROUP_SIZE)
		return err_set(err, -ENOTSUP, "it has no redirection table that could be checked");
	memset(table, 0, sizeof(table));
	for (uint32_t i = 0; i < info.reta_size; i++) {
		table[i / RTE_ETH_RETA_GROUP_SIZE].mask |= 1ull << i % RTE_ETH_RETA_GROUP_SIZE;
		table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] = (uint16_t
		)(i % queues);
	}
	// A driver that will not be told may still have spread evenly: what counts is read back.
	rte_eth_dev_rss_reta_update(port, table, info.reta_size);
	for (uint32_t i = 0; i < info.reta_size; i++)
		table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] = UINT16_MAX;
	int rc = rte_eth_dev_rss_reta_query(port, table, info.reta_size);
	if (rc < 0)
		return err_set(
			err, -ENOTSUP, "its redirection table cannot be read back: %s",
			rte_strerror(-rc)
		);
	uint32_t uses[RTE_MAX_QUEUES_PER_PORT] = {0};
	for (uint32_t i = 0; i < info.reta_size; i++) {
		uint16_t q = table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
		if (q >= queues)
			return err_set(
				err, -ENOTSUP,
				"its redirection table names queue %u, which nobody polls", q
			);
		uses[q]++;
	}
	for (uint32_t q = 0; q < queues; q++)
		if (uses[q] == 0)
			return err_set(
				err, -ENOTSUP,
				"its redirection table leaves queue %u without traffic", q
			);
	return 0;
}

int dpdk_rss_verify(const struct dpdk_rss *rss, uint16_t port, uint32_t queues, struct err *err) {
	int rc = verify_key(rss, port, err);
	return rc < 0 ? rc : verify_table(port, queues, err);
}

bool dpdk_rss_of_frame(
	const struct dpdk_rss *rss, const uint8_t *frame, uint32_t len, uint32_t *hash
) {
	if (len < 14)
		return false;
	uint32_t type = (uint32_t)frame[12] << 8 | frame[13], off = 14;
	if ((type == 0x8100 || type == 0x88a8) && len >= 18) {
		type = (uint32_t)frame[16] << 8 | frame[17];
		off = 18;
	}
	if (type == 0x0800 && len >= off + 20)
		*hash = dpdk_rss_toeplitz(rss->key, rss->key_len, frame + off + 12, 8);
	else if (type == 0x86dd && len >= off + 40)
		*hash = dpdk_rss_toeplitz(rss->key, rss->key_len, frame + off + 8, 32);
	else
		return false;
	return true;
}
