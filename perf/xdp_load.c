// Opens, sets up and loads the bench's own XDP programs, which are part of the executable.

#include "xdp_load.h"

#include "bench.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <string.h>

struct bpf_object *
xdp_bench_open(const void *(*program)(size_t *octets), const void *config, size_t config_octets) {
	size_t size, found;
	const void *code = program(&size);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "bench");
	struct bpf_object *object = bpf_object__open_mem(code, size, &opts);
	if (object == NULL)
		bench_wrong("an XDP program cannot be opened: %s", strerror(errno));
	struct bpf_map *map;
	bpf_object__for_each_map(map, object) {
		const void *value = bpf_map__initial_value(map, &found);
		if (value == NULL || strstr(bpf_map__name(map), ".rodata") == NULL
		    || found != config_octets)
			continue;
		if (bpf_map__set_initial_value(map, config, config_octets) < 0)
			bench_wrong("the constants of an XDP program cannot be set");
		return object;
	}
	bench_wrong("an XDP program has no constants of %zu octets", config_octets);
}

void xdp_bench_entries(struct bpf_object *object, const char *name, uint32_t entries) {
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	if (map == NULL || bpf_map__set_max_entries(map, entries) < 0)
		bench_wrong("the map %s cannot be given %u entries", name, entries);
}

void xdp_bench_load(struct bpf_object *object) {
	int rc = bpf_object__load(object);
	if (rc < 0)
		bench_wrong("an XDP program cannot be loaded: %s", strerror(-rc));
}

int xdp_bench_program(const struct bpf_object *object, const char *name) {
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	if (program == NULL)
		bench_wrong("no program %s", name);
	return bpf_program__fd(program);
}

int xdp_bench_map(const struct bpf_object *object, const char *name) {
	int fd = bpf_object__find_map_fd_by_name(object, name);
	if (fd < 0)
		bench_wrong("no map %s", name);
	return fd;
}

uint32_t xdp_bench_processors(void) {
	int n = libbpf_num_possible_cpus();
	if (n <= 0)
		bench_wrong("the kernel does not say how many processors there may be");
	return (uint32_t)n;
}
