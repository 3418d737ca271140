// The order is that of the packets' safety: sockets are in the map before the program is attached. A
// socket that loses its interface leaves the map by itself.

#include "xdp_redirect.h"

#include "base/log.h"
#include "ebpf/program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int load(struct xdp_redirect *r, struct err *err) {
	size_t octets;
	const void *program = program_redirect(&octets);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "sluice");
	r->object = bpf_object__open_mem(program, octets, &opts);
	if (r->object == NULL)
		return err_set(err, -errno, "the XDP program: %s", strerror(errno));
	struct bpf_map *sockets = bpf_object__find_map_by_name(r->object, "sockets");
	struct bpf_map *unserved = bpf_object__find_map_by_name(r->object, "unserved");
	r->program = bpf_object__find_program_by_name(r->object, "redirect");
	bpf_map__set_max_entries(sockets, r->itf.queues);
	int ret = xdp_load(r->object, err);
	r->sockets_fd = bpf_map__fd(sockets);
	r->unserved_fd = bpf_map__fd(unserved);
	return ret;
}

struct xdp_redirect *xdp_redirect_new(const struct xdp_interface *itf, struct err *err) {
	struct xdp_redirect *r = calloc(1, sizeof(*r));
	if (r == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&r->lock, NULL);
	r->itf = *itf;
	if (load(r, err) == 0)
		return r;
	xdp_redirect_free(r);
	return NULL;
}

void xdp_redirect_free(struct xdp_redirect *r) {
	if (r == NULL)
		return;
	xdp_detach(&r->at);
	bpf_object__close(r->object);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static int enter(struct xdp_redirect *r, struct xdp_queue *q, bool zero_copy, struct err *err) {
	int ret = xdp_queue_open(q, &r->itf, zero_copy, err);
	if (ret < 0)
		return ret;
	int fd = xsk_socket__fd(q->socket);
	if (bpf_map_update_elem(r->sockets_fd, &q->id, &fd, BPF_ANY) == 0)
		return 0;
	ret = -errno;
	xdp_queue_close(q);
	return err_set(
		err, ret, "%s: receive queue %u: its socket cannot be given frames: %s",
		r->itf.name, q->id, strerror(-ret)
	);
}

int xdp_redirect_enter(
	struct xdp_redirect *r, struct xdp_queue *q, bool zero_copy, struct err *err
) {
	pthread_mutex_lock(&r->lock);
	int ret = enter(r, q, zero_copy, err);
	pthread_mutex_unlock(&r->lock);
	return ret;
}

// What the device itself had no room for, as in zero-copy mode while no frame is free.
static void count_device(struct xdp_redirect *r) {
	struct xdp_interface_stats stats;
	if (xdp_interface_stats(r->at.ifindex, &stats) == 0 && stats.missed >= r->device_before)
		r->device_missed = stats.missed - r->device_before;
}

// With the sockets in the map. Again for an interface that is back, or when somebody took the program
// off.
static int attach(struct xdp_redirect *r, struct err *err) {
	struct xdp_interface_stats stats = {0};
	int before = r->at.ifindex;
	xdp_detach(&r->at);
	xdp_interface_stats(r->itf.index, &stats);
	int ret = xdp_attach(&r->at, r->program, &r->itf, err);
	if (ret < 0)
		return ret;
	r->missed_past += r->device_missed;
	// Of a new interface nobody has seen what came ahead of the program.
	if (r->away && before != r->itf.index)
		r->missed_past += stats.received + stats.missed;
	r->device_before = stats.missed;
	r->device_missed = 0;
	return 0;
}

int xdp_redirect_attach(struct xdp_redirect *r, struct err *err) {
	pthread_mutex_lock(&r->lock);
	int ret = attach(r, err);
	pthread_mutex_unlock(&r->lock);
	return ret;
}

static int attach_again(struct xdp_redirect *r, struct xdp_queue *q, struct err *err) {
	int ret = attach(r, err);
	if (ret == 0 && r->at.generic && q->zero_copy) {
		xdp_queue_close(q);
		ret = enter(r, q, false, err);
	}
	if (ret < 0) {
		xdp_detach(&r->at);
		xdp_queue_close(q);
		return ret;
	}
	log_info("%s: the interface is back, packets are received again", r->itf.name);
	r->away = false;
	return 0;
}

static int return_locked(struct xdp_redirect *r, struct xdp_queue *q, struct err *err) {
	struct xdp_interface itf;
	bool attached = xdp_attached(&r->at);
	if (!attached && !r->away) {
		log_warn("%s: the interface went away; waiting for it to return", r->itf.name);
		r->away = true;
	}
	int ret = xdp_interface_get(&itf, r->itf.name, err);
	if (ret < 0)
		return ret;
	r->itf = itf;
	if (q->id >= itf.queues)
		return err_set(
			err, -ENOTSUP,
			"%s: came back with %u receive queue%s: there is no queue %u any more",
			itf.name, itf.queues, itf.queues == 1 ? "" : "s", q->id
		);
	ret = enter(r, q, !attached || !r->at.generic, err);
	return ret < 0 || attached ? ret : attach_again(r, q, err);
}

int xdp_redirect_return(struct xdp_redirect *r, struct xdp_queue *q, struct err *err) {
	pthread_mutex_lock(&r->lock);
	int ret = return_locked(r, q, err);
	pthread_mutex_unlock(&r->lock);
	return ret;
}

static void watch_state(struct xdp_redirect *r, const struct xdp_interface *itf) {
	if (itf->up != r->down)
		return;
	r->down = !itf->up;
	if (r->down)
		log_warn(
			"%s: the interface is down (cure: ip link set dev %s up)", itf->name,
			itf->name
		);
	else
		log_info("%s: the interface is up", itf->name);
}

// Somebody detached the link: the sockets are there, but nothing leads to them.
static void watch_program(struct xdp_redirect *r) {
	struct err err;
	if (r->away || xdp_attached(&r->at))
		return;
	if (!r->taken_off)
		log_warn("%s: somebody took the XDP program off", r->itf.name);
	int ret = attach(r, &err);
	if (ret == 0)
		log_info("%s: the XDP program is attached again", r->itf.name);
	else if (!r->taken_off)
		log_warn("%s (tried again until it succeeds)", err.text);
	r->taken_off = ret < 0;
}

void xdp_redirect_watch(struct xdp_redirect *r) {
	struct xdp_interface itf;
	pthread_mutex_lock(&r->lock);
	if (xdp_interface_get(&itf, r->itf.name, NULL) == 0 && itf.index == r->itf.index) {
		watch_state(r, &itf);
		watch_program(r);
		count_device(r);
	}
	pthread_mutex_unlock(&r->lock);
}

void xdp_redirect_leave(struct xdp_redirect *r, struct xdp_queue *q) {
	pthread_mutex_lock(&r->lock);
	xdp_queue_close(q);
	pthread_mutex_unlock(&r->lock);
}

uint64_t xdp_redirect_missed(struct xdp_redirect *r, const struct xdp_queue *q) {
	uint32_t first = 0;
	uint64_t unserved = 0;
	pthread_mutex_lock(&r->lock);
	uint64_t missed = xdp_queue_missed(q);
	if (q->id == 0) {
		count_device(r);
		bpf_map_lookup_elem(r->unserved_fd, &first, &unserved);
		missed += unserved + r->device_missed + r->missed_past;
	}
	pthread_mutex_unlock(&r->lock);
	return missed;
}
