// The flood as XDP frames: the kernel runs a program on frames that it makes (BPF_PROG_TEST_RUN with
// BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18), and gives them to the interface by the batch, without a socket
// or a buffer of the stack's on the way. To veth's other end they are what a driver's are.

#include "bench.h"
#include "flood.h"
#include "xdp_bench.h"
#include "xdp_load.h"
#include "xdp_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <linux/bpf.h>
#include <string.h>

#define AT_ONCE 64
#define FRAMES_A_CALL 262144u

void flood_xdp(struct flood *f) {
	uint8_t frame[FLOOD_OCTETS_MAX];
	flood_frame(f, frame);
	struct xdp_flood_config config = {
		.interface = (uint32_t)f->interface,
		.flows = f->flows,
		.address = FLOOD_ADDRESS,
		.port = FLOOD_PORT,
		.sum = flood_sum(frame),
	};
	struct bpf_object *object = xdp_bench_open(program_xdp_flood, &config, sizeof(config));
	xdp_bench_load(object);
	int fd = xdp_bench_program(object, "flood");
	struct xdp_md ctx = {.data_end = f->octets};
	double began = flood_now(), processor = flood_processor();
	while (f->sent < f->frames && flood_now() < began + f->seconds) {
		uint32_t n = (uint32_t)(f->frames - f->sent);
		n = n < FRAMES_A_CALL ? n : FRAMES_A_CALL;
		LIBBPF_OPTS(
			bpf_test_run_opts, opts, .data_in = frame, .data_size_in = f->octets,
			.ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = (int)n,
			.flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = AT_ONCE
		);
		int rc = bpf_prog_test_run_opts(fd, &opts);
		if (rc < 0)
			bench_refuse(
				"the kernel does not send XDP frames: %s (Linux 5.18 does)",
				strerror(-rc)
			);
		f->sent += n;
	}
	f->took = flood_now() - began;
	f->processor = flood_processor() - processor;
	bpf_object__close(object);
}
