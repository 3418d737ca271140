// Nanoseconds a frame of the XDP programs, as the kernel runs them on a frame of ours
// (BPF_PROG_TEST_RUN), beside a program that does nothing and minimal counters, all in turn. What it
// costs to read what they leave is not in it.

#include "bench_xdp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <linux/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES 1000000u
#define FRAMES_MAX 16777216u
#define SKIPPED 77 // meson's exit status for what cannot run here

static const uint32_t keys[] = {1, 16384, 65536};

struct xdp_case *xdp_case_add(struct xdp_cases *all, int fd, const char *fmt, ...) {
	va_list ap;
	if (all->n == XDP_CASES_MAX)
		bench_refuse("more than %u cases", XDP_CASES_MAX);
	struct xdp_case *c = &all->item[all->n++];
	va_start(ap, fmt);
	vsnprintf(c->name, sizeof(c->name), fmt, ap);
	va_end(ap);
	c->ns.name = c->name;
	c->fd = fd;
	c->verdict = XDP_PASS;
	xdp_frame_udp(c, 60);
	return c;
}

// Nanoseconds a frame, by the kernel's own clock around all of them.
static double run(struct xdp_case *c, uint32_t frames) {
	if (c->at_once != 0 && frames > c->at_once)
		frames = c->at_once;
	LIBBPF_OPTS(
		bpf_test_run_opts, opts, .data_in = c->frame, .data_size_in = c->octets,
		.repeat = (int)frames
	);
	int rc = bpf_prog_test_run_opts(c->fd, &opts);
	if (rc < 0)
		bench_wrong("%s: the kernel does not run the program: %s", c->name, strerror(-rc));
	if (opts.retval != c->verdict)
		bench_wrong("%s: verdict %u, not %u", c->name, opts.retval, c->verdict);
	if (c->after != NULL)
		c->after(c, frames);
	c->frames += frames;
	return opts.duration;
}

static void measure(struct xdp_cases *all, uint32_t frames, uint32_t repeats) {
	// The first round inserts the rows and touches the memory.
	for (uint32_t round = 0; round <= repeats; round++)
		for (uint32_t i = 0; i < all->n; i++) {
			double ns = run(&all->item[i], frames);
			if (round > 0)
				bench_add(&all->item[i].ns, ns);
		}
	for (uint32_t i = 0; i < all->n; i++)
		if (all->item[i].check != NULL)
			all->item[i].check(&all->item[i], all->item[i].frames);
}

static void print(const struct xdp_cases *all, uint32_t frames) {
	printf("{\"bench\":\"xdp\",\"frames\":%u,\"unit\":\"ns\",\"keys\":[", frames);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		printf("%s%u", i > 0 ? "," : "", keys[i]);
	printf("]");
	for (uint32_t i = 0; i < all->n; i++) {
		printf(",");
		bench_print(&all->item[i].ns, stdout);
	}
	printf("}\n");
}

int main(int argc, char **argv) {
	static struct xdp_cases all;
	uint32_t frames = FRAMES, repeats = 7;
	const struct bench_option options[] = {
		{'n', &frames, 1, FRAMES_MAX},
		{'r', &repeats, 1, BENCH_REPEATS_MAX},
	};
	int cpu = bench_options(
		argc, argv, options, sizeof(options) / sizeof(options[0]),
		"usage: bench_xdp [-n FRAMES] [-r REPEATS] [-c CPU]"
	);
	if (geteuid() != 0) {
		fprintf(stderr, "bench_xdp: needs root, to load programs\n");
		return SKIPPED;
	}
	bench_pin(cpu);
	xdp_cases_empty(&all);
	xdp_cases_parse(&all);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		xdp_cases_minimal(&all, keys[i]);
		xdp_cases_kernel(&all, keys[i]);
	}
	xdp_cases_observe(&all);
	xdp_cases_redirect(&all);
	measure(&all, frames, repeats);
	print(&all, frames);
	return 0;
}
