// The XDP input: interfaces of an ordinary host, their frames copied as they pass (observe) or taken from
// the host (redirect). Programs go with the process, whatever ends it.

#include "input.h"
#include "input_ops.h"
#include "xdp_caps.h"
#include "xdp_interface.h"
#include "xdp_kernel.h"
#include "xdp_kernel_source.h"
#include "xdp_observe.h"
#include "xdp_observe_source.h"
#include "xdp_refusal.h"
#include "xdp_watch.h"

#include "app/streams.h"
#include "base/log.h"
#include "base/units.h"
#include "packet/filter.h"
#ifdef HAVE_XDP_SOCKETS
#include "xdp_socket.h"
#endif

#include <bpf/libbpf.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Of flow.memory, what kernel mode's tables may take: they are there from the start.
#define KERNEL_MEMORY_PART 8

struct xdp_device {
	struct xdp_interface interface;
};

struct xdp_input {
	struct input base;
	const struct conf *conf; // borrowed
	struct live_clock *clock; // borrowed
	struct xdp_device *device; // owned
	uint32_t n_devices;
	struct xdp_observe *observe; // NULL: another mode
	struct xdp_kernel *kernel; // NULL: another mode
	struct xdp_watch watch;
};

// ---- what libbpf says ----

static int log_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
static int log_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap) {
	char *text = NULL;
	if (level == LIBBPF_DEBUG || vasprintf(&text, fmt, ap) < 0)
		return 0;
	// The verifier's log is many lines; its end says what it did not like.
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;)
		if (line[0] != '\0')
			log_debug("%s", line);
	free(text);
	return 0;
}

// ---- devices ----

static struct xdp_caps needed(const struct conf *conf) {
	struct xdp_caps need = {
		.sockets = conf->input.xdp_mode == CONF_XDP_REDIRECT,
		.shared = conf->input.xdp_attach == CONF_XDP_SHARED,
	};
	// A file that is begun anew may lie in somebody else's folder.
	for (uint32_t i = 0; i < conf->n_sinks; i++)
		need.files = need.files || conf->sink[i].rotate_size > 0
			|| conf->sink[i].rotate_every_us > 0;
	return need;
}

static int check_mode(const struct conf *conf, struct err *err) {
	if (conf->input.xdp_mode == CONF_XDP_KERNEL && conf->match.rules.n > 0)
		return err_set(
			err, -ENOTSUP,
			"input.xdp_mode: kernel: payloads do not leave the kernel, so nothing can be "
			"matched (accepted: match.rules empty, or observe, redirect)"
		);
	return input_xdp_check_built(conf, err);
}

int input_xdp_check_built(const struct conf *conf, struct err *err) {
#ifndef HAVE_XDP_SOCKETS
	if (conf->input.xdp_mode == CONF_XDP_REDIRECT)
		return err_set(
			err, -ENOTSUP,
			"input.xdp_mode: redirect: not part of this build, which was made without "
			"libxdp (cure: install it, Debian: libxdp-dev, and build again)"
		);
#endif
#ifndef HAVE_XDP_SHARED
	if (conf->input.xdp_attach == CONF_XDP_SHARED)
		return err_set(err, -ENOTSUP, "input.xdp_attach: shared: " XDP_SHARED_NOT_BUILT);
#endif
	return 0;
}

static int find_device(struct xdp_interface *itf, const char *name, struct err *err) {
	int rc = xdp_interface_get(itf, name, err);
	if (rc == 0 && !itf->ethernet)
		rc = err_set(err, -ENOTSUP, "%s: its frames are not Ethernet's", name);
	return rc;
}

bool input_xdp_usable(const struct conf *conf, struct err *err) {
	struct xdp_caps need = needed(conf);
	struct xdp_interface itf;
	for (uint32_t i = 0; i < conf->input.device.n; i++)
		if (find_device(&itf, conf->input.device.item[i], err) < 0)
			return false;
	return check_mode(conf, err) == 0 && xdp_caps_check(&need, err) == 0;
}

static int find_devices(struct xdp_input *in, struct err *err) {
	const struct conf_list *list = &in->conf->input.device;
	in->device = calloc(list->n, sizeof(*in->device));
	if (in->device == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < list->n; i++) {
		int rc = find_device(&in->device[i].interface, list->item[i], err);
		if (rc < 0)
			return rc;
		for (uint32_t k = 0; k < i; k++)
			if (in->device[k].interface.index == in->device[i].interface.index)
				return err_set(
					err, -EEXIST, "%s: this interface is named twice",
					list->item[i]
				);
		in->n_devices++;
	}
	return 0;
}

// ---- sources ----

static int make_room(struct xdp_input *in, uint32_t n, struct err *err) {
	in->base.sources = calloc(n, sizeof(struct source *));
	in->base.worker = calloc(n, sizeof(*in->base.worker));
	if (in->base.sources == NULL || in->base.worker == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

// Whether one receiver spreads: the processor or queue that a frame comes by need not be the same for
// both directions of a conversation, nor for all fragments of a datagram, so `auto` does not rely on it.
static int
choose_dispatch(struct xdp_input *in, uint32_t queues, const char *what, struct err *err) {
	uint32_t workers = in->conf->input.workers;
	bool direct = in->conf->input.dispatch == CONF_DISPATCH_RSS;
	in->base.software = workers > 1 && !direct;
	if (direct && workers > queues)
		return err_set(
			err, -EINVAL,
			"input.dispatch: rss: not with %u workers on %u %s%s (cure: input.workers = %u, "
			"or input.dispatch = software)",
			workers, queues, what, units_plural(queues), queues
		);
	return 0;
}

static int open_watch(struct xdp_input *in, struct err *err) {
	bool shared = in->conf->input.xdp_attach == CONF_XDP_SHARED;
	return xdp_watch_open(&in->watch, in->n_devices, shared, err);
}

static int open_observe(struct xdp_input *in, struct err *err) {
	const struct conf_input *conf = &in->conf->input;
	uint32_t n_rings = xdp_observe_rings();
	int rc = choose_dispatch(in, n_rings, "processor", err);
	if (rc < 0)
		return rc;
	if (conf->snaplen > OBSERVE_SNAPLEN_MAX)
		log_info(
			"input.snaplen: %u: observe mode copies %u octets of a frame at most",
			conf->snaplen, OBSERVE_SNAPLEN_MAX
		);
	uint64_t octets = xdp_observe_ring_octets(n_rings);
	in->observe = xdp_observe_open(in->n_devices, n_rings, octets, conf->snaplen, err);
	if (in->observe == NULL)
		return -EIO;
	uint32_t n = in->base.software ? 1 : conf->workers;
	rc = make_room(in, n, err);
	for (uint32_t w = 0; w < n && rc == 0; w++) {
		struct xdp_observe_part part = {
			.observe = in->observe,
			.first = w,
			.step = n,
			.watch = w == 0 ? &in->watch : NULL,
			.clock = in->clock,
		};
		in->base.sources[w] = xdp_observe_source(&part, err);
		if (in->base.sources[w] == NULL)
			return -EIO;
		in->base.worker[w] = w;
		in->base.n_sources++;
	}
	if (rc == 0)
		rc = open_watch(in, err);
	for (uint32_t i = 0; i < in->n_devices && rc == 0; i++) {
		struct xdp_loaded program = xdp_observe_loaded(in->observe, i);
		rc = xdp_watch_add(&in->watch, &in->device[i].interface, &program, err);
	}
	return rc;
}

static int open_kernel(struct xdp_input *in, struct err *err) {
	const struct conf *conf = in->conf;
	if (conf->input.workers > 1)
		log_info(
			"input.workers: %u: kernel mode counts on every processor; one thread collects",
			conf->input.workers
		);
	struct xdp_kernel_config kc = {
		.n_programs = in->n_devices,
		.width_ns = (uint64_t)streams_pane_width(conf) * 1000,
		.tunnels = conf->input.tunnels,
		.rows = conf->flow.rows,
		.memory = conf->flow.memory / KERNEL_MEMORY_PART,
	};
	kc.fields = streams_fields(conf, &kc.cut);
	struct filter *filter = NULL;
	if (conf->input.filter[0] != '\0' && (filter = filter_new(conf->input.filter, err)) == NULL)
		return -EINVAL;
	kc.filter = filter;
	in->kernel = xdp_kernel_open(&kc, err);
	filter_free(filter);
	if (in->kernel == NULL)
		return -EIO;
	in->base.counts = xdp_kernel_source(in->kernel, &in->watch, in->clock, err);
	int rc = in->base.counts == NULL ? -EIO : open_watch(in, err);
	for (uint32_t i = 0; i < in->n_devices && rc == 0; i++) {
		struct xdp_loaded program = xdp_kernel_loaded(in->kernel, i);
		rc = xdp_watch_add(&in->watch, &in->device[i].interface, &program, err);
	}
	return rc;
}

static int open_redirect(struct xdp_input *in, struct err *err) {
#ifdef HAVE_XDP_SOCKETS
	uint32_t n = 0, most = 0, workers = in->conf->input.workers;
	for (uint32_t i = 0; i < in->n_devices; i++) {
		uint32_t queues = in->device[i].interface.queues;
		n += queues;
		most = queues > most ? queues : most;
	}
	int rc = choose_dispatch(in, most, "receive queue", err);
	if (rc == 0)
		rc = make_room(in, n, err);
	if (rc == 0)
		rc = open_watch(in, err);
	for (uint32_t i = 0; i < in->n_devices && rc == 0; i++) {
		uint32_t first = in->base.n_sources;
		rc = xdp_sockets_open(
			in->conf, &in->device[i].interface, (uint8_t)i, &in->watch, in->clock,
			in->base.sources, &in->base.n_sources, err
		);
		for (uint32_t k = first; k < in->base.n_sources; k++)
			in->base.worker[k] = in->base.software ? 0 : (k - first) % workers;
	}
	return rc;
#else
	return check_mode(in->conf, err);
#endif
}

static int open_mode(struct xdp_input *in, struct err *err) {
	switch (in->conf->input.xdp_mode) {
	case CONF_XDP_OBSERVE:
		return open_observe(in, err);
	case CONF_XDP_KERNEL:
		return open_kernel(in, err);
	default:
		return open_redirect(in, err);
	}
}

static void close_source(struct xdp_input *in, struct source *src) {
	if (in->conf->input.xdp_mode == CONF_XDP_OBSERVE)
		xdp_observe_source_free(src);
#ifdef HAVE_XDP_SOCKETS
	else
		xdp_sockets_close(src);
#endif
}

// ---- input_ops ----

static const struct mem *xdp_mem(struct input *base, uint32_t worker) {
	return mem_pages(); // near the worker: it touches them first
}

void input_xdp_close(struct input *base) {
	struct xdp_input *in = (struct xdp_input *)base;
	if (in == NULL)
		return;
	xdp_watch_close(&in->watch);
	for (uint32_t i = 0; i < base->n_sources; i++)
		close_source(in, base->sources[i]);
	xdp_observe_close(in->observe);
	xdp_kernel_source_free(in->base.counts);
	xdp_kernel_close(in->kernel);
	free(base->sources);
	free(base->worker);
	free(in->device);
	free(in);
}

struct input *input_xdp_open(const struct conf *conf, struct live_clock *clock, struct err *err) {
	struct xdp_caps need = needed(conf);
	struct xdp_input *in = calloc(1, sizeof(*in));
	if (in == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	in->base.ops = input_backend("xdp");
	in->base.mem = xdp_mem;
	in->conf = conf;
	in->clock = clock;
	in->watch.wake = in->watch.events = -1;
	libbpf_set_print(log_libbpf);
	// The host shares its processors with us, unless some were named.
	in->base.sparing = conf->input.n_cpus == 0 && conf->input.xdp_poll == CONF_XDP_WAKEUP;
	if (check_mode(conf, err) < 0 || find_devices(in, err) < 0
	    || xdp_caps_check(&need, err) < 0)
		goto fail;
	if (open_mode(in, err) < 0)
		goto fail;
	xdp_caps_drop(&need);
	if (xdp_watch_start(&in->watch, err) < 0)
		goto fail;
	return &in->base;
fail:
	input_xdp_close(&in->base);
	return NULL;
}
