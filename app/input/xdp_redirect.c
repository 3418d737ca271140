// The order is that of the packets' safety: sockets are in the map before the program is attached. A
// socket that loses its interface leaves the map by itself.

#include "xdp_redirect.h"

#include "xdp_loaded.h"

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
	r->loaded = (struct xdp_loaded
	){.object = r->object, .name = "redirect", .image = program, .octets = octets};
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
	bpf_object__close(r->object);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void xdp_redirect_move(struct xdp_redirect *r, const struct xdp_interface *itf) {
	r->itf = *itf;
}

static int enter(struct xdp_redirect *r, struct xdp_queue *q, bool zero_copy, struct err *err) {
	int ret = xdp_queue_open(q, &r->itf, zero_copy, err);
	if (ret < 0)
		return ret;
	int fd = xdp_queue_fd(q);
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
	pthread_mutex_unlock(&r->lock);
	if (q->id == 0)
		bpf_map_lookup_elem(r->unserved_fd, &first, &unserved);
	return missed + unserved;
}

uint64_t xdp_redirect_left(struct xdp_redirect *r, const struct xdp_queue *q) {
	pthread_mutex_lock(&r->lock);
	uint64_t left = xdp_queue_left(q);
	pthread_mutex_unlock(&r->lock);
	return left;
}
