// Loads observe.bpf.c once for each interface, with the interface's number as a constant; maps are made
// by the first and shared by the others.

#include "xdp_observe.h"

#include "xdp_loaded.h"

#include "ebpf/program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING_OCTETS (8ull << 20)
#define RING_LEAST (1ull << 20)
#define RINGS_TOGETHER (512ull << 20)

uint32_t xdp_observe_rings(void) {
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (uint32_t)n : 1;
}

uint64_t xdp_observe_ring_octets(uint32_t n_rings) {
	uint64_t octets = RING_OCTETS;
	while (octets > RING_LEAST && octets * n_rings > RINGS_TOGETHER)
		octets /= 2;
	return octets;
}

struct bpf_program *xdp_observe_program(const struct xdp_observe *o, uint32_t i) {
	return bpf_object__find_program_by_name(o->object[i], "observe");
}

struct xdp_loaded xdp_observe_loaded(const struct xdp_observe *o, uint32_t i) {
	struct xdp_loaded l = {.object = o->object[i], .name = "observe"};
	l.image = program_observe(&l.octets);
	return l;
}

static size_t states_octets(const struct xdp_observe *o) {
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return (o->n_states * sizeof(struct observe_state) + page - 1) / page * page;
}

static int map_fd(const struct xdp_observe *o, const char *name) {
	return bpf_map__fd(bpf_object__find_map_by_name(o->object[0], name));
}

static int
set_config(struct bpf_object *object, const struct observe_config *config, struct err *err) {
	struct bpf_map *map;
	bpf_object__for_each_map(map, object) {
		size_t octets = 0;
		const void *value = bpf_map__initial_value(map, &octets);
		if (value == NULL || strstr(bpf_map__name(map), ".rodata") == NULL)
			continue;
		if (octets == sizeof(*config))
			return bpf_map__set_initial_value(map, config, octets);
	}
	return err_set(err, -EINVAL, "the XDP program has no configuration");
}

// Sizes for the first program's maps; the others take the first one's.
static int set_maps(struct xdp_observe *o, uint32_t i) {
	static const char *const names[] = {"rings", "states"};
	int rc = 0;
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]) && rc == 0; k++) {
		struct bpf_map *map = bpf_object__find_map_by_name(o->object[i], names[k]);
		rc = i == 0 ? bpf_map__set_max_entries(map, o->n_states)
			    : bpf_map__reuse_fd(map, map_fd(o, names[k]));
	}
	return rc;
}

static int load(struct xdp_observe *o, uint32_t snaplen, uint64_t octets, struct err *err) {
	size_t size;
	const void *program = program_observe(&size);
	uint32_t i = o->n_objects;
	struct observe_config config = {
		.in_port = i,
		.snaplen = snaplen < OBSERVE_SNAPLEN_MAX ? snaplen : OBSERVE_SNAPLEN_MAX,
		.wake_octets = XDP_RING_WAKE(octets),
	};
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "sluice");
	o->object[i] = bpf_object__open_mem(program, size, &opts);
	if (o->object[i] == NULL)
		return err_set(err, -errno, "the XDP program: %s", strerror(errno));
	o->n_objects++;
	int rc = set_config(o->object[i], &config, err);
	if (rc < 0)
		return rc;
	rc = set_maps(o, i);
	if (rc < 0)
		return err_set(err, rc, "the XDP program's maps: %s", strerror(-rc));
	return xdp_load(o->object[i], err);
}

static int fill_rings(struct xdp_observe *o, struct err *err) {
	for (uint32_t cpu = 0; cpu < o->n_states; cpu++) {
		int rc = bpf_map_update_elem(
			map_fd(o, "rings"), &cpu, &o->ring[cpu % o->n_rings].fd, BPF_ANY
		);
		if (rc < 0)
			return err_set(
				err, rc, "the ring buffer of processor %u: %s", cpu, strerror(-rc)
			);
	}
	return 0;
}

static int map_states(struct xdp_observe *o, struct err *err) {
	void *states = mmap(
		NULL, states_octets(o), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd(o, "states"), 0
	);
	if (states == MAP_FAILED)
		return err_set(
			err, -errno, "mapping the XDP program's counters: %s", strerror(errno)
		);
	o->state = states;
	return 0;
}

struct xdp_observe *xdp_observe_open(
	uint32_t n_programs, uint32_t n_rings, uint64_t octets, uint32_t snaplen, struct err *err
) {
	struct xdp_observe *o = calloc(1, sizeof(*o));
	if (o == NULL)
		goto no_memory;
	int cpus = libbpf_num_possible_cpus();
	o->n_states = cpus > 0 ? (uint32_t)cpus : 1;
	n_rings = n_rings < o->n_states ? n_rings : o->n_states;
	o->object = calloc(n_programs, sizeof(struct bpf_object *));
	o->ring = calloc(n_rings, sizeof(*o->ring));
	if (o->object == NULL || o->ring == NULL)
		goto no_memory;
	for (uint32_t i = 0; i < n_programs; i++)
		if (load(o, snaplen, octets, err) < 0)
			goto fail;
	while (o->n_rings < n_rings)
		if (xdp_ring_open(&o->ring[o->n_rings++], octets, err) < 0)
			goto fail;
	if (fill_rings(o, err) < 0 || map_states(o, err) < 0)
		goto fail;
	return o;
no_memory:
	err_set(err, -ENOMEM, "out of memory");
fail:
	xdp_observe_close(o);
	return NULL;
}

void xdp_observe_close(struct xdp_observe *o) {
	if (o == NULL)
		return;
	if (o->state != NULL)
		munmap(o->state, states_octets(o));
	for (uint32_t i = 0; i < o->n_rings; i++)
		xdp_ring_close(&o->ring[i]);
	for (uint32_t i = 0; i < o->n_objects; i++)
		bpf_object__close(o->object[i]);
	free(o->ring);
	free(o->object);
	free(o);
}
