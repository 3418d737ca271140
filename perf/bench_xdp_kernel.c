// The cases of bench_xdp that are kernel mode's own program, with the benchmarks' switch that makes many
// flows of one frame. One pane, all the time there is.

#include "bench_xdp.h"
#include "xdp_load.h"

#include "ebpf/kernel.h"
#include "ebpf/program.h"
#include "packet/tunnel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SLOTS_MIN 1024u // as app/input/xdp_kernel.c has it

struct kernel {
	uint32_t keys;
	int pane; // descriptor of the map that it counts in
};

// Numbers without a pattern, the same in every run; those of the program are secret.
static uint64_t number(uint64_t *state) {
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void xdp_bench_table(struct kernel_config *config, uint32_t keys) {
	uint64_t seed = 1;
	uint32_t slots = SLOTS_MIN;
	while (slots - slots / 8 < keys)
		slots *= 2;
	*config = (struct kernel_config){
		.width_ns = ~0ull,
		.finish = number(&seed) | 1,
		.shift = (uint32_t)(64 - __builtin_ctz(slots)),
		.slots = slots,
		.limit = slots - slots / 8,
		.region_lines = KERNEL_REGION_LINES(slots),
		.n_panes = 1,
		.tunnels = TUNNEL_ALL | KERNEL_DIRECT, // as root
		.perturb = keys,
	};
	memset(config->mask, 0xff, sizeof(config->mask));
	config->mask[3] = UINT32_MAX; // the place of the hash
	for (int i = 0; i < 16; i++)
		config->nh[i] = (uint32_t)number(&seed);
}

void xdp_bench_read_table(struct xdp_bench_sums *sums, int map, uint32_t keys) {
	struct kernel_config config;
	xdp_bench_table(&config, keys);
	*sums = (struct xdp_bench_sums){0};
	uint32_t lines = config.region_lines * xdp_bench_processors();
	size_t octets = lines * sizeof(struct kernel_line);
	const struct kernel_line *line = mmap(NULL, octets, PROT_READ, MAP_SHARED, map, 0);
	if (line == MAP_FAILED)
		bench_wrong("a pane's map cannot be read: %s", strerror(errno));
	for (uint32_t first = 0; first < lines; first += config.region_lines) {
		sums->counted += ((const struct kernel_head *)&line[first])->counted;
		const struct kernel_row
			*row = (const void *)&line[first + KERNEL_LINE_ROWS(config.slots)];
		for (uint32_t i = 0; i < config.slots; i++) {
			if (row[i].packets == 0)
				continue;
			sums->rows++;
			sums->packets += row[i].packets;
			sums->bytes += row[i].bytes;
		}
	}
	munmap((void *)(uintptr_t)line, octets);
}

static void check(struct xdp_case *c, uint64_t frames) {
	const struct kernel *k = c->own;
	struct xdp_bench_sums s;
	xdp_bench_read_table(&s, k->pane, k->keys);
	if (s.counted != frames || s.rows != xdp_bench_keys(frames, k->keys) || s.packets != frames
	    || s.bytes != frames * XDP_FRAME_IP_LEN)
		bench_wrong(
			"%s: %llu counted, %llu rows, %llu packets, %llu octets after %llu frames",
			c->name, (unsigned long long)s.counted, (unsigned long long)s.rows,
			(unsigned long long)s.packets, (unsigned long long)s.bytes,
			(unsigned long long)frames
		);
}

static int make_pane(const struct kernel_config *config) {
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "bench_pane", sizeof(uint32_t), sizeof(struct kernel_line),
		config->region_lines * xdp_bench_processors(), &opts
	);
	if (fd < 0)
		bench_wrong("kernel: a pane's map cannot be made: %s", strerror(-fd));
	return fd;
}

void xdp_cases_kernel(struct xdp_cases *all, uint32_t keys) {
	struct kernel_config config;
	struct kernel *k = calloc(1, sizeof(*k));
	uint32_t slot = 0;
	if (k == NULL)
		bench_refuse("out of memory");
	xdp_bench_table(&config, keys);
	k->keys = keys;
	k->pane = make_pane(&config);
	struct bpf_object *object = xdp_bench_open(program_kernel, &config, sizeof(config));
	xdp_bench_entries(object, "states", xdp_bench_processors());
	if (bpf_map__set_inner_map_fd(bpf_object__find_map_by_name(object, "panes"), k->pane) < 0)
		bench_wrong("kernel: no map of panes");
	xdp_bench_load(object);
	if (bpf_map_update_elem(xdp_bench_map(object, "panes"), &slot, &k->pane, BPF_ANY) < 0)
		bench_wrong("kernel: the pane's map cannot be installed");
	struct xdp_case *c = xdp_case_add(
		all, xdp_bench_program(object, "passed"), "kernel_%u", keys
	);
	c->own = k;
	c->check = check;
}
