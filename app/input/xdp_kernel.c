// Sizing tables, telling the programs what they need to know before they are loaded, and tying them
// together: all interfaces' programs share the first one's maps.

#include "xdp_kernel.h"

#include "xdp_caps.h"
#include "xdp_filter.h"
#include "xdp_loaded.h"

#include "base/field.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/units.h"
#include "ebpf/program.h"
#include "packet/flow_key_hash.h"
#include "packet/verdict.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static_assert(REASON_COUNT <= KERNEL_REASONS_MAX);
static_assert(sizeof(struct flow_key) == sizeof(((struct kernel_config *)0)->mask));
static_assert(XDP_FILTER_PASSED == KERNEL_NEXT_PASSED && XDP_FILTER_REFUSED == KERNEL_NEXT_REFUSED);

// Fewer make no table.
#define SLOTS_MIN 1024

static const char *const shared_maps[] = {"panes", "states", "clock", "lost", "fragments"};

static int map_fd(const struct xdp_kernel *k, const char *name) {
	return bpf_object__find_map_fd_by_name(k->object[0], name);
}

// One more than the highest number of a processor that this machine has.
static uint32_t count_processors(void) {
	uint32_t last = 0;
	int possible = libbpf_num_possible_cpus();
	uint32_t most = possible > 0 ? (uint32_t)possible : 1;
	FILE *f = fopen("/sys/devices/system/cpu/present", "re");
	if (f == NULL)
		return most;
	for (int c; (c = fgetc(f)) != EOF;) // "0-3,8-11"
		last = c >= '0' && c <= '9' ? last * 10 + (uint32_t)(c - '0')
			: c == '\n'         ? last
					    : 0;
	fclose(f);
	return last < most ? last + 1 : most;
}

static uint64_t table_octets(const struct xdp_panes_config *c) {
	uint64_t lines = (uint64_t)c->regions * KERNEL_REGION_LINES(c->slots);
	// Of who may not measure (CAP_PERFMON) the kernel takes care by rounding up.
	if (!xdp_caps_fast())
		lines = 1ull << (64 - __builtin_clzll(lines - 1));
	return (c->installed + c->spares) * lines * sizeof(struct kernel_line);
}

// As many rows as are wanted, or as memory allows. 0 or -ENOMEM with err set.
static int
size_tables(struct xdp_panes_config *c, const struct xdp_kernel_config *config, struct err *err) {
	c->width_ns = config->width_ns;
	xdp_panes_count(c->width_ns, &c->installed, &c->spares);
	c->regions = count_processors();
	c->slots = SLOTS_MIN;
	while (c->slots - c->slots / 8 < config->rows && c->slots < KERNEL_SLOTS_MAX) {
		struct xdp_panes_config more = *c;
		more.slots *= 2;
		if (table_octets(&more) > config->memory
		    || (uint64_t)more.regions * KERNEL_REGION_LINES(more.slots) > INT32_MAX)
			break;
		*c = more;
	}
	c->limit = c->slots - c->slots / 8;
	if (table_octets(c) > config->memory)
		return err_set(
			err, -ENOMEM,
			"flow.memory: leaves %llu KiB for kernel mode's tables, and %u panes for "
			"each of %u processor%s take %llu KiB at the least (cure: more memory, or "
			"wider windows)",
			(unsigned long long)(config->memory >> 10), c->installed + c->spares,
			c->regions, units_plural(c->regions),
			(unsigned long long)(table_octets(c) >> 10)
		);
	log_info(
		"xdp kernel mode: tables of %u flows for each of %u processor%s, %u panes of them: "
		"%llu MiB (flow.rows, flow.memory)",
		c->limit, c->regions, units_plural(c->regions), c->installed + c->spares,
		(unsigned long long)(table_octets(c) >> 20)
	);
	return 0;
}

static void draw_numbers(struct kernel_config *c) {
	struct hash_seed seed;
	for (int i = 0; i < 16; i++) {
		if (i % 4 == 0)
			hash_seed_init(&seed);
		c->nh[i] = (uint32_t)(seed.k[i % 4] >> 16);
	}
	hash_seed_init(&seed);
	c->finish = seed.k[0] | 1;
}

static void fill_config(struct xdp_kernel *k, const struct xdp_kernel_config *config) {
	struct kernel_config *c = &k->shared;
	struct flow_key mask;
	flow_key_mask(&mask, config->fields);
	flow_key_cut(&mask, &config->cut);
	*c = (struct kernel_config){
		.width_ns = config->width_ns,
		.slots = k->panes.config.slots,
		.limit = k->panes.config.limit,
		.region_lines = k->panes.region_lines,
		.n_panes = k->panes.config.installed,
		.tunnels = config->tunnels | (xdp_caps_fast() ? KERNEL_DIRECT : 0),
	};
	memcpy(c->mask, &mask, sizeof(c->mask));
	c->shift = (uint32_t)(64 - __builtin_ctz(c->slots));
	draw_numbers(c);
}

static int set_config(struct xdp_kernel *k, struct bpf_object *object, struct err *err) {
	struct kernel_config config = k->shared;
	struct bpf_map *map;
	config.in_port = k->n_objects - 1;
	bpf_object__for_each_map(map, object) {
		size_t octets = 0;
		const void *value = bpf_map__initial_value(map, &octets);
		if (value != NULL && octets == sizeof(config)
		    && strstr(bpf_map__name(map), ".rodata") != NULL)
			return bpf_map__set_initial_value(map, &config, octets);
	}
	return err_set(err, -EINVAL, "the XDP program has no configuration");
}

static int size_map(struct bpf_object *object, const char *name, uint32_t n) {
	return bpf_map__set_max_entries(bpf_object__find_map_by_name(object, name), n);
}

// Sizes for the first program's maps; the others take the first one's.
static int set_maps(struct xdp_kernel *k, struct bpf_object *object) {
	struct bpf_map *panes = bpf_object__find_map_by_name(object, "panes");
	int rc = bpf_map__set_inner_map_fd(panes, k->panes.map[0].fd);
	if (rc == 0 && k->n_objects == 1) {
		rc = size_map(object, "panes", k->panes.config.installed);
		return rc == 0 ? size_map(object, "states", k->n_states) : rc;
	}
	for (size_t i = 0; i < sizeof(shared_maps) / sizeof(shared_maps[0]) && rc == 0; i++)
		rc = bpf_map__reuse_fd(
			bpf_object__find_map_by_name(object, shared_maps[i]),
			map_fd(k, shared_maps[i])
		);
	return rc;
}

static int load(struct xdp_kernel *k, bool filtered, struct err *err) {
	size_t size;
	const void *program = program_kernel(&size);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "sluice");
	struct bpf_object *object = bpf_object__open_mem(program, size, &opts);
	if (object == NULL)
		return err_set(err, -errno, "the XDP program: %s", strerror(errno));
	k->object[k->n_objects++] = object;
	int rc = set_config(k, object, err);
	if (rc < 0)
		return rc;
	rc = set_maps(k, object);
	for (struct bpf_program *p = bpf_object__next_program(object, NULL); rc == 0 && p != NULL;
	     p = bpf_object__next_program(object, p))
		rc = bpf_program__set_autoload(
			p, filtered || strcmp(bpf_program__name(p), "passed") == 0
		);
	if (rc < 0)
		return err_set(err, rc, "the XDP program's maps: %s", strerror(-rc));
	return xdp_load(object, err);
}

// The filter's program goes on to those of one interface, so each interface has its own.
static int add_filter(struct xdp_kernel *k, const struct filter *filter, struct err *err) {
	static const char *const entries[KERNEL_NEXT_FILTER] = {
		[KERNEL_NEXT_PASSED] = "passed",
		[KERNEL_NEXT_REFUSED] = "refused",
	};
	struct bpf_object *object = k->object[k->n_objects - 1];
	int next = bpf_object__find_map_fd_by_name(object, "next");
	struct bpf_insn *insns = NULL;
	uint32_t n = 0, at;
	int rc = xdp_filter_compile(filter, next, map_fd(k, "lost"), &insns, &n, err);
	if (rc < 0)
		return err_wrap(err, rc, "input.filter");
	rc = xdp_filter_load(insns, n, &k->filter[k->n_objects - 1], err);
	free(insns);
	if (rc < 0)
		return err_wrap(err, rc, "input.filter");
	for (at = 0; at < KERNEL_NEXT_FILTER && rc == 0; at++) {
		int fd = bpf_program__fd(bpf_object__find_program_by_name(object, entries[at]));
		rc = bpf_map_update_elem(next, &at, &fd, BPF_ANY);
	}
	at = KERNEL_NEXT_FILTER;
	if (rc == 0)
		rc = bpf_map_update_elem(next, &at, &k->filter[k->n_objects - 1], BPF_ANY);
	return rc < 0 ? err_set(err, rc, "the filter's program: %s", strerror(-rc)) : 0;
}

static uint64_t states_octets(const struct xdp_kernel *k) {
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	return (k->n_states * sizeof(struct kernel_state) + page - 1) / page * page;
}

static int map_memory(struct xdp_kernel *k, struct err *err) {
	int both = PROT_READ | PROT_WRITE;
	void *state = mmap(NULL, states_octets(k), both, MAP_SHARED, map_fd(k, "states"), 0);
	void *clock = mmap(NULL, sizeof(*k->clock), both, MAP_SHARED, map_fd(k, "clock"), 0);
	k->state = state != MAP_FAILED ? state : NULL;
	k->clock = clock != MAP_FAILED ? clock : NULL;
	if (k->state == NULL || k->clock == NULL)
		return err_set(
			err, -errno, "mapping the XDP program's counters: %s", strerror(errno)
		);
	return 0;
}

struct xdp_kernel *xdp_kernel_open(const struct xdp_kernel_config *config, struct err *err) {
	struct xdp_kernel *k = calloc(1, sizeof(*k));
	if (k == NULL)
		goto no_memory;
	k->object = calloc(config->n_programs, sizeof(struct bpf_object *));
	k->filter = calloc(config->n_programs, sizeof(*k->filter));
	if (k->object == NULL || k->filter == NULL)
		goto no_memory;
	struct xdp_panes_config panes;
	if (size_tables(&panes, config, err) < 0)
		goto fail;
	k->n_states = panes.regions;
	if (xdp_panes_open(&k->panes, &panes, err) < 0)
		goto fail;
	fill_config(k, config);
	// Programs differ in the number of the interface: where that is in no key, one is enough.
	uint32_t n = config->fields & FIELD_BIT(FIELD_IN_PORT) ? config->n_programs : 1;
	for (uint32_t i = 0; i < n; i++)
		if (load(k, config->filter != NULL, err) < 0
		    || (config->filter != NULL && add_filter(k, config->filter, err) < 0))
			goto fail;
	if (map_memory(k, err) < 0)
		goto fail;
	return k;
no_memory:
	err_set(err, -ENOMEM, "out of memory");
fail:
	xdp_kernel_close(k);
	return NULL;
}

void xdp_kernel_close(struct xdp_kernel *k) {
	if (k == NULL)
		return;
	if (k->state != NULL)
		munmap(k->state, states_octets(k));
	if (k->clock != NULL)
		munmap(k->clock, sizeof(*k->clock));
	for (uint32_t i = 0; i < k->n_objects; i++) {
		if (k->filter[i] > 0)
			close(k->filter[i]);
		bpf_object__close(k->object[i]);
	}
	xdp_panes_close(&k->panes);
	free(k->filter);
	free(k->object);
	free(k);
}

void xdp_kernel_set_offset(struct xdp_kernel *k, int64_t offset_ns) {
	__atomic_store_n(&k->clock->offset_ns, (uint64_t)offset_ns, __ATOMIC_RELAXED);
}

int xdp_kernel_begin(struct xdp_kernel *k, uint64_t now_ns, int64_t offset_ns, struct err *err) {
	xdp_kernel_set_offset(k, offset_ns);
	// No pane starts there, so that the first frame looks for its own.
	for (uint32_t i = 0; i < k->n_states; i++)
		k->state[i].start_ns = KERNEL_NO_PANE;
	return xdp_panes_begin(&k->panes, map_fd(k, "panes"), now_ns, err);
}

struct xdp_loaded xdp_kernel_loaded(const struct xdp_kernel *k, uint32_t i) {
	i = i < k->n_objects ? i : 0;
	struct xdp_loaded l = {
		.object = k->object[i],
		.name = k->filter[i] > 0 ? "filtered" : "passed",
		.goes_on = k->filter[i] > 0,
	};
	l.image = program_kernel(&l.octets);
	return l;
}

struct bpf_program *xdp_kernel_program(const struct xdp_kernel *k, uint32_t i) {
	struct xdp_loaded l = xdp_kernel_loaded(k, i);
	return bpf_object__find_program_by_name(l.object, l.name);
}

uint64_t xdp_kernel_lost(const struct xdp_kernel *k) {
	uint32_t first = 0;
	uint64_t lost = 0;
	return bpf_map_lookup_elem(map_fd(k, "lost"), &first, &lost) == 0 ? lost : 0;
}
