// Nanoseconds a frame of the XDP programs, as the kernel runs them on a frame of ours
// (BPF_PROG_TEST_RUN): observe into its ring, redirect to a socket, beside a program that does nothing.
// What reading the ring costs is not in it.

#include "bench.h"

#include "app/input/xdp_observe.h"
#include "app/input/xdp_observe_source.h"
#ifdef HAVE_XDP_SOCKETS
#include "app/input/xdp_redirect.h"
#endif
#include "packet/burst.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING (32ull << 20)
#define FRAMES_MAX 16384u // of the longest fit the ring
#define SKIPPED 77 // meson's exit status for what cannot run here

static const uint32_t lengths[] = {60, 512, 1514};
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static uint32_t frames = FRAMES_MAX; // a measurement

// Nanoseconds a frame, by the kernel's own clock around all of them.
static double run(int fd, uint32_t len, uint32_t verdict) {
	uint8_t frame[2048] = {[12] = 0x08, [14] = 0x45};
	LIBBPF_OPTS(
		bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		.repeat = (int)frames
	);
	int rc = bpf_prog_test_run_opts(fd, &opts);
	if (rc < 0)
		bench_wrong("the kernel does not run the program: %s", strerror(-rc));
	if (opts.retval != verdict)
		bench_wrong("verdict %u, not %u", opts.retval, verdict);
	return opts.duration;
}

static int load_empty(void) {
	const struct bpf_insn body[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", body, 2, NULL);
	if (fd < 0)
		bench_wrong("the empty program cannot be loaded: %s", strerror(-fd));
	return fd;
}

// ---- observe ----

struct observe {
	struct xdp_observe *kernel;
	struct source *src;
	int fd;
};

static void open_observe(struct observe *o) {
	struct err err = {0};
	o->kernel = xdp_observe_open(1, 1, RING, 2048, &err);
	if (o->kernel != NULL)
		o->src = xdp_observe_source(
			&(struct xdp_observe_part){.observe = o->kernel, .step = 1}, &err
		);
	if (o->src == NULL || o->src->ops->attach(o->src) < 0)
		bench_wrong("observe: %s", err.text);
	o->fd = bpf_program__fd(xdp_observe_program(o->kernel, 0));
}

// All that went in must come out.
static void drain(struct observe *o, uint32_t len) {
	static struct burst b;
	struct source_stats stats;
	for (uint32_t n = 0, polls = 0; n < frames; polls++) {
		if (polls > 10000000)
			bench_wrong("observe: %u frames of %u came out", n, frames);
		if (o->src->ops->recv(o->src, &b) <= 0)
			continue;
		for (uint32_t i = 0; i < b.n; i++)
			if (b.pkt[i].wire_len != len || b.pkt[i].cap_len != len)
				bench_wrong("observe: %u octets, not %u", b.pkt[i].wire_len, len);
		n += b.n;
		o->src->ops->release(o->src, &b);
	}
	o->src->ops->stats(o->src, &stats);
	if (stats.missed != 0)
		bench_wrong("observe: %llu missed", (unsigned long long)stats.missed);
}

static void close_observe(struct observe *o) {
	o->src->ops->detach(o->src);
	xdp_observe_source_free(o->src);
	xdp_observe_close(o->kernel);
}

// ---- redirect ----

#ifdef HAVE_XDP_SOCKETS
// Test runs come in by the loopback interface's queue 0: of a network namespace of our own, so that
// nobody is in the way.
struct redirect {
	struct xdp_redirect *kernel;
	struct xdp_queue queue;
	int fd;
};

static void open_redirect(struct redirect *r) {
	struct xdp_interface itf;
	struct err err = {0};
	if (unshare(CLONE_NEWNET) < 0)
		bench_wrong("no network namespace: %s", strerror(errno));
	if (xdp_interface_get(&itf, "lo", &err) == 0) {
		itf.mtu = 1500; // of what is run here
		r->kernel = xdp_redirect_new(&itf, &err);
	}
	if (r->kernel == NULL || xdp_queue_init(&r->queue, 0, 0, XDP_QUEUE_FRAMES_MIN, &err) < 0
	    || xdp_redirect_enter(r->kernel, &r->queue, false, &err) < 0)
		bench_wrong("redirect: %s", err.text);
	r->fd = bpf_program__fd(r->kernel->program);
}

static void close_redirect(struct redirect *r) {
	if (xdp_redirect_missed(r->kernel, &r->queue) != 0)
		bench_wrong("redirect: frames found no socket");
	xdp_queue_fini(&r->queue);
	xdp_redirect_free(r->kernel);
}
#else
struct redirect {
	int fd;
};
static void open_redirect(struct redirect *r) {
	r->fd = -1;
}
static void close_redirect(struct redirect *r) {}
#endif

int main(int argc, char **argv) {
	uint32_t repeats = 15;
	int cpu = -1, opt;
	while ((opt = getopt(argc, argv, "n:r:c:")) != -1) {
		if (opt == 'n')
			frames = bench_number("-n", optarg, 1, FRAMES_MAX);
		else if (opt == 'r')
			repeats = bench_number("-r", optarg, 1, BENCH_REPEATS_MAX);
		else if (opt == 'c')
			cpu = (int)bench_number("-c", optarg, 0, CPU_SETSIZE - 1);
		else
			bench_refuse("usage: bench_xdp [-n FRAMES] [-r REPEATS] [-c CPU]");
	}
	if (geteuid() != 0) {
		fprintf(stderr, "bench_xdp: needs root, to load programs\n");
		return SKIPPED;
	}
	bench_pin(cpu);
	struct observe observe = {0};
	struct redirect redirect = {0};
	int empty_fd = load_empty();
	open_observe(&observe);
	open_redirect(&redirect);

	struct bench_series empty = {.name = "empty"}, socket = {.name = "redirect"},
			    copy[LENGTHS] = {
				    {.name = "observe_60"},
				    {.name = "observe_512"},
				    {.name = "observe_1514"},
			    };
	for (uint32_t i = 0; i <= repeats; i++) {
		double e = run(empty_fd, 60, XDP_PASS), s = 0, c[LENGTHS];
		if (redirect.fd >= 0)
			s = run(redirect.fd, 60, XDP_REDIRECT);
		for (uint32_t k = 0; k < LENGTHS; k++) {
			c[k] = run(observe.fd, lengths[k], XDP_PASS);
			drain(&observe, lengths[k]);
		}
		// the first round touches the ring's memory
		if (i == 0)
			continue;
		bench_add(&empty, e);
		bench_add(&socket, s);
		for (uint32_t k = 0; k < LENGTHS; k++)
			bench_add(&copy[k], c[k]);
	}
	printf("{\"bench\":\"xdp\",\"frames\":%u,\"unit\":\"ns\",", frames);
	bench_print(&empty, stdout);
	if (redirect.fd >= 0) {
		printf(",");
		bench_print(&socket, stdout);
	}
	for (uint32_t k = 0; k < LENGTHS; k++) {
		printf(",");
		bench_print(&copy[k], stdout);
	}
	printf("}\n");
	close_observe(&observe);
	close_redirect(&redirect);
	close(empty_fd);
	return 0;
}
