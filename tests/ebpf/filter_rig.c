// BPF_PROG_TEST_RUN: a tail call goes on into the target, whose value is the run's.

#include "filter_rig.h"

#include "tap.h"

#include <bpf/bpf.h>

#include <linux/bpf.h>
#include <unistd.h>

// What the targets return, to be told from every action of XDP.
#define ANSWER 40

static int or_exit(int fd, const char *what) {
	if (fd >= 0)
		return fd;
	tap_bail_out("the kernel does not take %s: error %d", what, -fd);
}

static int target(int32_t answer) {
	const struct bpf_insn body[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = answer},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(
		bpf_prog_load_opts, opts, .expected_attach_type = BPF_XDP,
		.prog_flags = BPF_F_XDP_HAS_FRAGS
	);
	return or_exit(
		bpf_prog_load(BPF_PROG_TYPE_XDP, "target", "Dual BSD/GPL", body, 2, &opts),
		"a program"
	);
}

void filter_rig_init(struct filter_rig *r) {
	r->next = or_exit(
		bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "next", 4, 4, 2, NULL), "a program array"
	);
	r->lost = or_exit(bpf_map_create(BPF_MAP_TYPE_ARRAY, "lost", 4, 8, 1, NULL), "an array");
	r->target[0] = target(ANSWER + FILTER_PASSED);
	r->target[1] = target(ANSWER + FILTER_REFUSED);
	filter_rig_connect(r, true);
}

void filter_rig_fini(struct filter_rig *r) {
	close(r->next);
	close(r->lost);
	close(r->target[0]);
	close(r->target[1]);
}

void filter_rig_connect(struct filter_rig *r, bool connected) {
	for (uint32_t i = 0; i < 2; i++)
		if (connected)
			or_exit(bpf_map_update_elem(r->next, &i, &r->target[i], BPF_ANY),
				"an entry");
		else
			bpf_map_delete_elem(r->next, &i);
}

uint64_t filter_rig_lost(const struct filter_rig *r) {
	uint32_t key = 0;
	uint64_t n = 0;
	bpf_map_lookup_elem(r->lost, &key, &n);
	return n;
}

enum filter_answer filter_rig_run(
	int prog_fd, const uint8_t *frame, uint32_t len, uint32_t linear, uint32_t repeat,
	uint32_t *ns
) {
	struct xdp_md ctx = {.data_end = linear < len ? linear : len};
	LIBBPF_OPTS(
		bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		.repeat = (int)repeat, .ctx_in = linear > 0 ? &ctx : NULL,
		.ctx_size_in = linear > 0 ? sizeof(ctx) : 0
	);
	if (bpf_prog_test_run_opts(prog_fd, &opts) < 0)
		return FILTER_FAULT;
	if (ns != NULL)
		*ns = opts.duration;
	switch (opts.retval) {
	case ANSWER + FILTER_PASSED:
		return FILTER_PASSED;
	case ANSWER + FILTER_REFUSED:
		return FILTER_REFUSED;
	case XDP_PASS:
		return FILTER_LOST;
	default:
		return FILTER_FAULT;
	}
}

bool filter_rig_splits(int prog_fd) {
	static const uint8_t frame[128];
	return filter_rig_run(prog_fd, frame, sizeof(frame), 20, 1, NULL) != FILTER_FAULT;
}
