// The DPDK input: devices of the configuration become ports, their receive queues become sources, and
// the sources are given to workers, by RSS where every device can do it and else by software.

#include "dpdk_device.h"
#include "dpdk_eal.h"
#include "dpdk_port.h"
#include "dpdk_source.h"
#include "input.h"
#include "input_ops.h"
#include "machine.h"

#include "base/log.h"
#include "base/units.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Packets on their way between a receiver and one worker, at most.
#define IN_FLIGHT_WORKER 1536

struct dpdk_input {
	struct input base;
	const struct conf *conf; // borrowed
	struct live_clock *clock; // borrowed
	struct dpdk_eal *eal;
	struct dpdk_device *device;
	uint32_t n_devices; // taken apart
	struct dpdk_port *port; // of device[i]
	uint32_t n_ports; // found
};

// ---- whether `auto` may take it ----

bool input_dpdk_usable(const struct conf *conf, struct err *err) {
	uint64_t octets = 0;
	for (uint32_t i = 0; i < conf->input.device.n; i++) {
		const char *text = conf->input.device.item[i];
		char address[16], cure[512];
		struct machine_pci pci;
		if (dpdk_device_looks_virtual(text))
			continue;
		if (!machine_pci_address(text, address)) {
			err_set(err, -EINVAL,
				"%s is neither a PCI address nor a virtual device (net_NAME,...)",
				text);
			return false;
		}
		if (machine_pci_read(address, &pci) < 0) {
			err_set(err, -ENODEV, "there is no PCI device %s", address);
			return false;
		}
		octets += dpdk_port_pool_octets(conf->dpdk.mbufs);
		if (machine_huge_free(false) < octets && conf->dpdk.hugepages) {
			dpdk_eal_memory_cure(octets, cure, sizeof(cure));
			err_set(err, -ENOMEM, "too few huge pages are free for %s (%s)", address,
				cure);
			return false;
		}
	}
	return true;
}

// ---- devices and ports ----

static int take_apart(struct dpdk_input *in, struct err *err) {
	const struct conf_list *list = &in->conf->input.device;
	in->device = calloc(list->n, sizeof(*in->device));
	in->port = calloc(list->n, sizeof(*in->port));
	if (in->device == NULL || in->port == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < list->n; i++) {
		struct dpdk_device *d = &in->device[in->n_devices++];
		int rc = dpdk_device_parse(d, list->item[i], err);
		if (rc == 0)
			rc = dpdk_device_check(d, err);
		if (rc < 0)
			return rc;
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(in->device[k].name, d->name) == 0)
				return err_set(
					err, -EEXIST,
					"%s: this device is named twice (virtual devices are told apart "
					"by the number behind the driver's name: net_pcap0, net_pcap1)",
					d->name
				);
	}
	return 0;
}

static int find_ports(struct dpdk_input *in, struct err *err) {
	for (uint32_t i = 0; i < in->n_devices; i++) {
		dpdk_eal_opening(in->eal);
		in->n_ports++;
		int rc = dpdk_port_find(&in->port[i], &in->device[i], in->eal, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

// ---- dispatch ----

// Whether each worker can have a queue of its own on every port. `given_too`: also where a virtual
// device's arguments gave it the queues, and nobody knows how packets get into them.
static int queues_for_workers(const struct dpdk_input *in, bool given_too, struct err *err) {
	uint32_t workers = in->conf->input.workers;
	for (uint32_t i = 0; i < in->n_ports; i++) {
		const struct dpdk_port *port = &in->port[i];
		uint16_t given = dpdk_port_given_queues(port);
		struct dpdk_rss rss;
		struct err why;
		if (given != 0 && (!given_too || given != workers))
			return err_set(
				err, -ENOTSUP, "%s: its arguments give it %u receive queue%s%s",
				in->device[i].spec, given, units_plural(given),
				given_too ? "" : " whose use is not known"
			);
		if (given == 0 && dpdk_rss_choose(&rss, port->id, workers, &why) < 0)
			return err_set(err, -ENOTSUP, "%s: %s", in->device[i].spec, why.text);
	}
	return 0;
}

static int start_ports(struct dpdk_input *in, bool by_queue, struct err *err) {
	uint32_t workers = in->conf->input.workers;
	for (uint32_t i = 0; i < in->n_ports; i++) {
		uint16_t given = dpdk_port_given_queues(&in->port[i]);
		struct dpdk_port_config c = {
			.queues = given != 0 ? given
				: by_queue   ? (uint16_t)workers
					     : 1,
			.rss = by_queue && given == 0 && workers > 1,
			.mbufs = in->conf->dpdk.mbufs,
			.rx_desc = in->conf->dpdk.rx_desc,
			.clock = in->clock,
		};
		dpdk_eal_opening(in->eal);
		int rc = dpdk_port_start(&in->port[i], &c, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

// Sets `by_queue`: worker w receives from queue w itself. With one worker there is nothing to spread.
static int start(struct dpdk_input *in, bool *by_queue, struct err *err) {
	uint32_t workers = in->conf->input.workers, dispatch = in->conf->input.dispatch;
	*by_queue = false;
	if (workers == 1 || dispatch == CONF_DISPATCH_SOFTWARE)
		return start_ports(in, false, err);
	bool explicit = dispatch == CONF_DISPATCH_RSS;
	int rc = queues_for_workers(in, explicit, err);
	if (rc == 0) {
		*by_queue = true;
		rc = start_ports(in, true, err);
	}
	if (rc != -ENOTSUP)
		return rc;
	if (explicit) {
		struct err why = *err;
		return err_set(
			err, rc,
			"input.dispatch: rss: not with %u workers on %s (cure: input.dispatch = "
			"software)",
			workers, why.text
		);
	}
	log_info(
		"input.dispatch: auto: software, one receiver for %u workers: %s", workers,
		err->text
	);
	*by_queue = false;
	for (uint32_t i = 0; i < in->n_ports; i++)
		dpdk_port_stop(&in->port[i]);
	return start_ports(in, false, err);
}

// Mbufs that are left when drivers have filled their queues must suffice for what is on its way.
static int check_mbufs(const struct dpdk_input *in, bool software, struct err *err) {
	uint32_t workers = in->conf->input.workers, mbufs = in->conf->dpdk.mbufs;
	uint32_t threads = software ? 1 : workers;
	for (uint32_t i = 0; i < in->n_ports; i++) {
		uint32_t need = threads * 2 * BURST_MAX + dpdk_port_cached_mbufs(mbufs, threads);
		// A capture waits when its mbufs are used up, a wire does not.
		if (software && !dpdk_device_is_capture(&in->device[i]))
			need += workers * IN_FLIGHT_WORKER;
		uint32_t left = rte_mempool_avail_count(in->port[i].pool);
		uint32_t enough = mbufs + need - left; // caches grow with the pool
		enough += dpdk_port_cached_mbufs(UINT32_MAX, threads)
			- dpdk_port_cached_mbufs(mbufs, threads);
		if (left < need)
			return err_set(
				err, -ENOBUFS,
				"dpdk.mbufs: %u: too few for %s with %u worker%s: it keeps %u for itself, "
				"and of the rest %u are needed (cure: dpdk.mbufs = %u)",
				mbufs, in->device[i].name, workers, units_plural(workers),
				mbufs - left, need, enough
			);
	}
	return 0;
}

// ---- sources ----

static int add_source(
	struct dpdk_input *in, const struct dpdk_lane *lanes, uint32_t n, bool capture,
	uint32_t worker, struct err *err
) {
	struct source *src = capture ? dpdk_source_capture(lanes, n, err)
				     : dpdk_source_live(lanes, err);
	if (src == NULL)
		return -ENOMEM;
	in->base.sources[in->base.n_sources] = src;
	in->base.worker[in->base.n_sources++] = worker;
	return 0;
}

// The sources of one worker: a source for each live queue, and one for all captures, which are one
// input in the order given (contract, section 2). Queues `first` to `last` of each port are its own.
static int add_sources(
	struct dpdk_input *in, uint32_t worker, uint16_t first, uint16_t last,
	struct dpdk_lane *lanes, struct err *err
) {
	uint32_t n_lanes = 0;
	for (uint32_t i = 0; i < in->n_ports; i++) {
		bool capture = dpdk_device_is_capture(&in->device[i]);
		for (uint32_t q = first; q <= last && q < in->port[i].queues; q++) {
			struct dpdk_lane lane = {&in->port[i], (uint16_t)q, (uint8_t)i};
			if (capture) {
				// as one input they have one number, like the files of backend = pcap
				lane.in_port = n_lanes > 0 ? lanes[0].in_port : lane.in_port;
				lanes[n_lanes++] = lane;
				continue;
			}
			int rc = add_source(in, &lane, 1, false, worker, err);
			if (rc < 0)
				return rc;
		}
	}
	return n_lanes > 0 ? add_source(in, lanes, n_lanes, true, worker, err) : 0;
}

static int make_sources(struct dpdk_input *in, bool by_queue, struct err *err) {
	uint32_t workers = in->conf->input.workers, n = 0;
	for (uint32_t i = 0; i < in->n_ports; i++)
		n += in->port[i].queues;
	in->base.sources = calloc(n, sizeof(struct source *));
	in->base.worker = calloc(n, sizeof(*in->base.worker));
	struct dpdk_lane *lanes = calloc(n, sizeof(*lanes));
	int rc = -ENOMEM;
	if (in->base.sources == NULL || in->base.worker == NULL || lanes == NULL) {
		err_set(err, rc, "out of memory");
		goto end;
	}
	rc = 0;
	if (!by_queue)
		rc = add_sources(in, 0, 0, UINT16_MAX, lanes, err);
	for (uint32_t w = 0; by_queue && w < workers && rc == 0; w++)
		rc = add_sources(in, w, (uint16_t)w, (uint16_t)w, lanes, err);
end:
	free(lanes);
	return rc;
}

// ---- input_ops ----

static int dpdk_thread_enter(struct input *base, struct err *err) {
	if (rte_lcore_id() != LCORE_ID_ANY)
		return 0;
	if (rte_thread_register() == 0)
		return 0;
	return err_set(
		err, -rte_errno, "DPDK does not take another thread: %s", rte_strerror(rte_errno)
	);
}

static void dpdk_thread_leave(struct input *base) {
	// EAL's own main thread stays what it is.
	if (rte_lcore_id() != LCORE_ID_ANY && rte_eal_lcore_role(rte_lcore_id()) == ROLE_NON_EAL)
		rte_thread_unregister();
}

static const struct mem *dpdk_mem(struct input *base, uint32_t worker) {
	return mem_pages(); // near the worker: it touches them first
}

void input_dpdk_close(struct input *base) {
	struct dpdk_input *in = (struct dpdk_input *)base;
	if (in == NULL)
		return;
	for (uint32_t i = 0; i < base->n_sources; i++)
		dpdk_source_free(base->sources[i]);
	free(base->sources);
	free(base->worker);
	for (uint32_t i = 0; i < in->n_ports; i++)
		dpdk_port_close(&in->port[i]);
	dpdk_eal_stop(in->eal);
	for (uint32_t i = 0; i < in->n_devices; i++)
		dpdk_device_fini(&in->device[i]);
	free(in->port);
	free(in->device);
	free(in);
}

struct input *input_dpdk_open(const struct conf *conf, struct live_clock *clock, struct err *err) {
	struct dpdk_input *in = calloc(1, sizeof(*in));
	if (in == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	in->base.ops = input_backend("dpdk");
	in->base.thread_enter = dpdk_thread_enter;
	in->base.thread_leave = dpdk_thread_leave;
	in->base.mem = dpdk_mem;
	in->conf = conf;
	in->clock = clock;
	bool by_queue;
	if (take_apart(in, err) < 0)
		goto fail;
	// EAL's own needs, and a pool for each device
	uint64_t octets = (32ull << 20) + in->n_devices * dpdk_port_pool_octets(conf->dpdk.mbufs);
	in->eal = dpdk_eal_start(conf, in->device, in->n_devices, octets, err);
	if (in->eal == NULL || find_ports(in, err) < 0 || start(in, &by_queue, err) < 0)
		goto fail;
	in->base.software = conf->input.workers > 1 && !by_queue;
	if (check_mbufs(in, in->base.software, err) < 0 || make_sources(in, by_queue, err) < 0)
		goto fail;
	dpdk_eal_settled(in->eal);
	return &in->base;
fail:
	input_dpdk_close(&in->base);
	return NULL;
}
