// The cases of bench_xdp that others are measured by: a program that does nothing, the parser alone, and
// minimal counters of 5-tuples over the kernel's hash maps and over kernel mode's table.

#include "bench_xdp.h"
#include "xdp_bench.h"
#include "xdp_load.h"
#include "xdp_programs.h"

#include "ebpf/kernel.h"
#include "packet/tunnel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

void xdp_cases_empty(struct xdp_cases *all) {
	const struct bpf_insn body[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", body, 2, NULL);
	if (fd < 0)
		bench_wrong("the empty program cannot be loaded: %s", strerror(-fd));
	xdp_case_add(all, fd, "empty");
}

// What the program on this processor has counted.
static struct xdp_bench_state state_of(const struct xdp_case *c, const struct bpf_object *object) {
	struct xdp_bench_state sum = {0}, s;
	for (uint32_t cpu = 0; cpu < xdp_bench_processors(); cpu++) {
		if (bpf_map_lookup_elem(xdp_bench_map(object, "states"), &cpu, &s) < 0)
			bench_wrong("%s: its counters cannot be read", c->name);
		sum.turn += s.turn;
		sum.octets += s.octets;
		sum.ports += s.ports;
		sum.refused += s.refused;
	}
	return sum;
}

// ---- the parser ----

static void check_parse(struct xdp_case *c, uint64_t frames) {
	struct xdp_bench_state s = state_of(c, c->own);
	if (s.turn != frames || s.refused != 0 || s.octets != frames * XDP_FRAME_IP_LEN
	    || s.ports != frames * XDP_FRAME_SRC_PORT)
		bench_wrong(
			"%s: %llu frames parsed of %llu", c->name, (unsigned long long)s.turn,
			(unsigned long long)frames
		);
}

static struct xdp_case *add_parse(struct xdp_cases *all, const char *name) {
	struct xdp_bench_config config = {.tunnels = TUNNEL_ALL | KERNEL_DIRECT};
	struct bpf_object *object = xdp_bench_open(program_xdp_parse, &config, sizeof(config));
	xdp_bench_entries(object, "states", xdp_bench_processors());
	xdp_bench_load(object);
	struct xdp_case *c = xdp_case_add(all, xdp_bench_program(object, "parse"), "%s", name);
	c->own = object;
	c->check = check_parse;
	return c;
}

void xdp_cases_parse(struct xdp_cases *all) {
	add_parse(all, "parse");
	xdp_frame_vxlan(add_parse(all, "parse_vxlan"));
}

// ---- minimal counters ----

struct minimal {
	struct bpf_object *object;
	const char *map;
	uint32_t keys, copies; // of a value: one, or one for each processor
};

static void wrong(const struct xdp_case *c, uint64_t rows, uint64_t packets, uint64_t bytes) {
	bench_wrong(
		"%s: %llu rows, %llu packets, %llu octets after %llu frames", c->name,
		(unsigned long long)rows, (unsigned long long)packets, (unsigned long long)bytes,
		(unsigned long long)c->frames
	);
}

static bool
right(const struct minimal *m, uint64_t frames, uint64_t rows, uint64_t packets, uint64_t bytes) {
	return rows == xdp_bench_keys(frames, m->keys) && packets == frames
		&& bytes == frames * XDP_FRAME_IP_LEN;
}

static void check_minimal(struct xdp_case *c, uint64_t frames) {
	struct minimal *m = c->own;
	struct xdp_bench_count *count = calloc(m->copies, sizeof(*count));
	struct xdp_bench_key key, *last = NULL;
	uint64_t rows = 0, packets = 0, bytes = 0;
	int fd = xdp_bench_map(m->object, m->map);
	if (count == NULL)
		bench_refuse("out of memory");
	for (; bpf_map_get_next_key(fd, last, &key) == 0; last = &key, rows++) {
		if (bpf_map_lookup_elem(fd, &key, count) < 0)
			bench_wrong("%s: a row cannot be read", c->name);
		for (uint32_t i = 0; i < m->copies; i++) {
			packets += count[i].packets;
			bytes += count[i].bytes;
		}
	}
	free(count);
	if (!right(m, frames, rows, packets, bytes))
		wrong(c, rows, packets, bytes);
}

static struct minimal *minimal_new(struct bpf_object *object, const char *map, uint32_t keys) {
	struct minimal *m = calloc(1, sizeof(*m));
	if (m == NULL)
		bench_refuse("out of memory");
	*m = (struct minimal){.object = object, .map = map, .keys = keys, .copies = 1};
	return m;
}

// Objects of their own for each: the other one's map is of no account.
static void add_hash(struct xdp_cases *all, const char *program, const char *map, uint32_t keys) {
	struct xdp_bench_config config = {.perturb = keys};
	struct bpf_object *object = xdp_bench_open(program_xdp_minimal, &config, sizeof(config));
	xdp_bench_entries(object, "states", xdp_bench_processors());
	xdp_bench_entries(object, map, keys);
	xdp_bench_load(object);
	struct xdp_case *c = xdp_case_add(
		all, xdp_bench_program(object, program), "minimal_%s_%u", program, keys
	);
	c->own = minimal_new(object, map, keys);
	c->check = check_minimal;
}

// ---- over kernel mode's table ----

static void check_table(struct xdp_case *c, uint64_t frames) {
	struct minimal *m = c->own;
	struct xdp_bench_sums s;
	xdp_bench_read_table(&s, xdp_bench_map(m->object, m->map), m->keys);
	if (!right(m, frames, s.rows, s.packets, s.bytes))
		wrong(c, s.rows, s.packets, s.bytes);
}

static void add_table(struct xdp_cases *all, const char *program, uint32_t keys) {
	struct kernel_config config;
	xdp_bench_table(&config, keys);
	struct bpf_object *object = xdp_bench_open(
		program_xdp_minimal_table, &config, sizeof(config)
	);
	xdp_bench_entries(object, "states", xdp_bench_processors());
	xdp_bench_entries(object, "rows", config.region_lines * xdp_bench_processors());
	xdp_bench_load(object);
	struct xdp_case *c = xdp_case_add(
		all, xdp_bench_program(object, program), "minimal_%s_%u", program, keys
	);
	c->own = minimal_new(object, "rows", keys);
	c->check = check_table;
}

void xdp_cases_minimal(struct xdp_cases *all, uint32_t keys) {
	add_hash(all, "percpu", "own", keys);
	((struct minimal *)all->item[all->n - 1].own)->copies = xdp_bench_processors();
	add_hash(all, "hash", "shared", keys);
	add_table(all, "table", keys);
	add_table(all, "timed", keys);
}
