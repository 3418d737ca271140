// Configures a device for reception only: everything it sees, at full length, VLAN tags left in, and
// where it can with the time of arrival.

#include "dpdk_port.h"

#include "base/log.h"
#include "base/units.h"

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CACHE_SIZE 256
#define CALIBRATION_US 20000

static int port_fail(const struct dpdk_port *port, int code, struct err *err, const char *what) {
	return dpdk_eal_fail(port->eal, code, err, "", "%s: %s", port->device->spec, what);
}

// ---- finding ----

static int find_pci(struct dpdk_port *port, struct err *err) {
	struct rte_dev_iterator it;
	uint16_t id = UINT16_MAX;
	if (rte_eth_iterator_init(&it, port->device->name) == 0) {
		id = rte_eth_iterator_next(&it);
		if (id < RTE_MAX_ETHPORTS)
			rte_eth_iterator_cleanup(&it);
	}
	if (id >= RTE_MAX_ETHPORTS)
		return dpdk_eal_fail(
			port->eal, -ENODEV, err,
			"see that its driver is part of this DPDK (dpdk-pmdinfo.py), that nobody else "
			"uses it, and that vfio works: dmesg",
			"%s: DPDK's drivers did not take this PCI device", port->device->spec
		);
	port->id = id;
	return 0;
}

static int find_virtual(struct dpdk_port *port, struct err *err) {
	const struct dpdk_device *d = port->device;
	if (rte_eth_dev_get_port_by_name(d->name, &port->id) == 0)
		return 0; // made by dpdk.args
	port->id = UINT16_MAX;
	int rc = rte_dev_probe(d->spec);
	if (rc < 0)
		return dpdk_eal_fail(
			port->eal, rc, err,
			"look at its arguments; virtual devices are named after their driver and a number, "
			"as in net_pcap0, net_tap0, net_ring0",
			"%s: DPDK cannot open this device", d->spec
		);
	if (rte_eth_dev_get_port_by_name(d->name, &port->id) < 0) {
		port->id = UINT16_MAX;
		return dpdk_eal_fail(
			port->eal, -ENODEV, err, "", "%s: this device has no Ethernet port", d->spec
		);
	}
	return 0;
}

int dpdk_port_find(
	struct dpdk_port *port, const struct dpdk_device *device, const struct dpdk_eal *eal,
	struct err *err
) {
	*port = (struct dpdk_port){.device = device, .eal = eal, .id = UINT16_MAX};
	return device->pci ? find_pci(port, err) : find_virtual(port, err);
}

uint16_t dpdk_port_given_queues(const struct dpdk_port *port) {
	static const char *const drivers[] = {
		"net_pcap", "net_ring", "net_vhost", "net_af_packet", "net_af_xdp"};
	struct rte_eth_dev_info info;
	if (rte_eth_dev_info_get(port->id, &info) < 0 || info.driver_name == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++)
		if (strcmp(info.driver_name, drivers[i]) == 0)
			return info.max_rx_queues;
	return 0;
}

// ---- memory ----

static uint32_t cache_size(uint32_t mbufs) {
	return mbufs / 16 < CACHE_SIZE ? mbufs / 16 : CACHE_SIZE;
}

uint32_t dpdk_port_cached_mbufs(uint32_t mbufs, uint32_t threads) {
	return threads * (cache_size(mbufs) + cache_size(mbufs) / 2);
}

uint64_t dpdk_port_pool_octets(uint32_t mbufs) {
	// mbuf, headroom and data, the pool's header before each and padding for memory channels
	uint64_t each = sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE
		+ 3 * RTE_CACHE_LINE_SIZE;
	return mbufs * each + (4 << 20);
}

// As rte_pktmbuf_pool_create does it, but for one flag: without huge pages it would let no mbuf cross
// a page of 4 KiB and need nearly twice the memory. Devices that want physical memory have huge pages.
static struct rte_mempool *
create_pool(const char *name, uint32_t mbufs, uint32_t room, int socket) {
	if (rte_eal_has_hugepages())
		return rte_pktmbuf_pool_create(
			name, mbufs, cache_size(mbufs), 0, (uint16_t)room, socket
		);
	struct rte_pktmbuf_pool_private priv = {.mbuf_data_room_size = (uint16_t)room};
	struct rte_mempool *pool = rte_mempool_create_empty(
		name, mbufs, (uint32_t)sizeof(struct rte_mbuf) + room, cache_size(mbufs),
		sizeof(priv), socket, RTE_MEMPOOL_F_NO_IOVA_CONTIG
	);
	if (pool == NULL)
		return NULL;
	if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL) == 0) {
		rte_pktmbuf_pool_init(pool, &priv);
		int rc = rte_mempool_populate_default(pool);
		if (rc >= 0) {
			rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
			return pool;
		}
		rte_errno = -rc;
	}
	rte_mempool_free(pool);
	return NULL;
}

static int make_pool(
	struct dpdk_port *port, const struct rte_eth_dev_info *info, uint32_t mbufs, struct err *err
) {
	if (port->pool != NULL)
		return 0;
	char name[RTE_MEMPOOL_NAMESIZE], cure[512];
	uint32_t room = RTE_MBUF_DEFAULT_DATAROOM;
	if (info->min_rx_bufsize > room
	    && info->min_rx_bufsize <= UINT16_MAX - RTE_PKTMBUF_HEADROOM)
		room = info->min_rx_bufsize;
	snprintf(name, sizeof(name), "sluice_%u", port->id);
	port->pool = create_pool(
		name, mbufs, room + RTE_PKTMBUF_HEADROOM, rte_eth_dev_socket_id(port->id)
	);
	if (port->pool != NULL)
		return 0;
	int code = rte_errno > 0 ? rte_errno : ENOMEM;
	if (rte_eal_has_hugepages())
		dpdk_eal_memory_cure(dpdk_port_pool_octets(mbufs), cure, sizeof(cure));
	else
		snprintf(cure, sizeof(cure), "fewer dpdk.mbufs, or a larger -m in dpdk.args");
	return dpdk_eal_fail(
		port->eal, -code, err, cure, "%s: no memory for %u mbufs on NUMA node %d",
		port->device->spec, mbufs, rte_eth_dev_socket_id(port->id)
	);
}

// ---- configuring ----

// The longest frames the device can give: in one mbuf, or in several where it offers that.
static uint32_t choose_mtu(const struct rte_eth_dev_info *info, bool scatter) {
	// 65535 stands for "the driver does not say": then its default is the best known.
	if (info->max_mtu == UINT16_MAX || info->max_mtu <= RTE_ETHER_MTU)
		return 0;
	uint32_t one = RTE_MBUF_DEFAULT_DATAROOM - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN
		- 2 * RTE_VLAN_HLEN;
	return scatter || info->max_mtu <= one ? info->max_mtu : one;
}

static int configure(
	struct dpdk_port *port, const struct dpdk_port_config *conf,
	const struct rte_eth_dev_info *info
) {
	struct rte_eth_conf c = {0};
	uint64_t wanted = RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_TIMESTAMP;
	if (conf->rss) {
		wanted |= RTE_ETH_RX_OFFLOAD_RSS_HASH;
		c.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		c.rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
			.rss_key = port->rss.key,
			.rss_key_len = (uint8_t)port->rss.key_len,
			.rss_hf = port->rss.functions,
		};
	}
	c.rxmode.offloads = info->rx_offload_capa & wanted;
	c.rxmode.mtu = choose_mtu(info, c.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER);
	// Some drivers want as many transmit as receive queues, and few mind.
	uint16_t tx = info->max_tx_queues < conf->queues ? info->max_tx_queues : conf->queues;
	int rc = rte_eth_dev_configure(port->id, conf->queues, tx, &c);
	if (rc < 0 && c.rxmode.mtu != 0) {
		c.rxmode.mtu = 0;
		rc = rte_eth_dev_configure(port->id, conf->queues, tx, &c);
	}
	uint16_t rx_desc = (uint16_t)(conf->rx_desc < UINT16_MAX ? conf->rx_desc : UINT16_MAX);
	uint16_t tx_desc = 64; // never used
	if (rc == 0)
		rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx_desc, &tx_desc);
	struct rte_eth_rxconf rxconf = info->default_rxconf;
	rxconf.offloads = c.rxmode.offloads;
	int socket = rte_eth_dev_socket_id(port->id);
	for (uint16_t q = 0; q < conf->queues && rc == 0; q++)
		rc = rte_eth_rx_queue_setup(
			port->id, q, rx_desc, (unsigned)socket, &rxconf, port->pool
		);
	for (uint16_t q = 0; q < tx && rc == 0; q++)
		rc = rte_eth_tx_queue_setup(
			port->id, q, tx_desc, (unsigned)socket, &info->default_txconf
		);
	return rc;
}

// ---- time ----

static bool calibrate(struct dpdk_port *port) {
	uint64_t ticks0, ticks1;
	int64_t us0, us1;
	if (dpdk_clock_read(port->id, port->live, &ticks0, &us0) < 0)
		return false;
	usleep(CALIBRATION_US);
	return dpdk_clock_read(port->id, port->live, &ticks1, &us1) == 0
		&& dpdk_clock_init(&port->clock, ticks0, us0, ticks1, us1);
}

// The field is registered by drivers that stamp packets, at the latest when they start.
static void find_stamp(struct dpdk_port *port, const struct rte_eth_dev_info *info) {
	port->stamp = DPDK_STAMP_NONE;
	port->stamp_flag = 0;
	int field = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL);
	int flag = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, NULL);
	if (field < 0 || flag < 0)
		return;
	bool pcap = strcmp(info->driver_name, "net_pcap") == 0;
	if (pcap && !dpdk_device_is_capture(port->device))
		return; // repeated packets have none, and an interface's follow UTC back when it is set
	if (pcap)
		port->stamp = DPDK_STAMP_US;
	else if ((info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0 && calibrate(port))
		port->stamp = DPDK_STAMP_TICKS;
	else
		return;
	port->stamp_offset = field;
	port->stamp_flag = RTE_BIT64(flag);
}

// ---- start and stop ----

static void describe(const struct dpdk_port *port, const struct rte_eth_dev_info *info) {
	static const char *const stamps[] = {
		"the system's clock", "packet stamps", "its own clock"};
	uint16_t mtu = 0;
	rte_eth_dev_get_mtu(port->id, &mtu);
	log_info(
		"%s: driver %s, %u queue%s%s, MTU %u, time from %s", port->device->name,
		info->driver_name, port->queues, units_plural(port->queues),
		port->with_rss ? " by symmetric RSS" : "", mtu, stamps[port->stamp]
	);
	struct rte_eth_link link;
	if (rte_eth_link_get_nowait(port->id, &link) == 0 && link.link_status == RTE_ETH_LINK_DOWN)
		log_info("%s: its link is down", port->device->name);
}

int dpdk_port_start(struct dpdk_port *port, const struct dpdk_port_config *conf, struct err *err) {
	struct rte_eth_dev_info info;
	struct err why = {0};
	int rc = rte_eth_dev_info_get(port->id, &info);
	if (rc < 0)
		return port_fail(port, rc, err, "it does not describe itself");
	if (conf->queues > info.max_rx_queues)
		return err_set(
			err, -ENOTSUP, "%s: %u receive queues are needed, it has %u",
			port->device->spec, conf->queues, info.max_rx_queues
		);
	if (conf->rss && dpdk_rss_choose(&port->rss, port->id, conf->queues, &why) < 0)
		return err_set(err, -ENOTSUP, "%s: %s", port->device->spec, why.text);
	rc = make_pool(port, &info, conf->mbufs, err);
	if (rc < 0)
		return rc;
	rc = configure(port, conf, &info);
	if (rc < 0)
		return port_fail(port, conf->rss ? -ENOTSUP : rc, err, "it cannot be set up");
	rc = rte_eth_dev_start(port->id);
	if (rc < 0)
		return port_fail(port, conf->rss ? -ENOTSUP : rc, err, "it does not start");
	port->started = true;
	port->live = conf->clock;
	port->queues = conf->queues;
	port->with_rss = conf->rss;
	if (conf->rss && dpdk_rss_verify(&port->rss, port->id, conf->queues, &why) < 0) {
		dpdk_port_stop(port);
		return err_set(err, -ENOTSUP, "%s: %s", port->device->spec, why.text);
	}
	// Devices without these modes see everything anyway.
	rc = rte_eth_promiscuous_enable(port->id);
	if (rc < 0 && rc != -ENOTSUP)
		log_warn(
			"%s: it sees only frames for itself: promiscuous mode: %s",
			port->device->name, rte_strerror(-rc)
		);
	rte_eth_allmulticast_enable(port->id);
	find_stamp(port, &info);
	describe(port, &info);
	return 0;
}

void dpdk_port_stop(struct dpdk_port *port) {
	if (port->started)
		rte_eth_dev_stop(port->id);
	port->started = false;
	port->with_rss = false;
}

void dpdk_port_close(struct dpdk_port *port) {
	dpdk_port_stop(port);
	if (port->id != UINT16_MAX)
		rte_eth_dev_close(port->id);
	rte_mempool_free(port->pool);
	port->pool = NULL;
	port->id = UINT16_MAX;
}
