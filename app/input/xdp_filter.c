// The program around the translated instructions: what each finds at the start, and the two ways out.
// Classic BPF has two registers and jumps forward only, so its instructions follow each other as they are.

#include "xdp_filter.h"

#include "xdp_filter_insn.h"

#include "base/log.h"

#include <bpf/bpf.h>

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "sluice_filter"
#define LICENSE "Dual BSD/GPL"
#define LOG_OCTETS (1u << 20)

static bool mentions(const struct xdp_translation *t, uint8_t mode, uint32_t k) {
	for (uint32_t i = 0; i < t->n; i++) {
		uint16_t code = t->classic[i].code;
		if ((code == (BPF_LD | mode) || code == (BPF_LDX | mode))
		    && (mode != BPF_MEM || t->classic[i].k == k))
			return true;
	}
	return false;
}

static void add_start(struct xdp_translation *t) {
	struct xdp_code *c = &t->code;
	xdp_code_add(c, xdp_op(BPF_MOV, CTX, 1));
	if (mentions(t, BPF_LEN, 0)) {
		xdp_code_add(c, xdp_call(BPF_FUNC_xdp_get_buff_len));
		xdp_code_add(c, xdp_op32(BPF_MOV, LENGTH, 0));
	}
	xdp_code_add(c, xdp_op32_k(BPF_MOV, ACC, 0));
	xdp_code_add(c, xdp_op32_k(BPF_MOV, IDX, 0));
	for (uint32_t k = 0; k < BPF_MEMWORDS; k++)
		if (mentions(t, BPF_MEM, k))
			xdp_code_add(c, xdp_write(BPF_W, BPF_REG_10, MEMORY(k), ACC));
}

static void add_next(struct xdp_translation *t, uint32_t label, uint32_t entry, int next_map_fd) {
	struct xdp_code *c = &t->code;
	if (!c->label[label].used) // the verifier takes no code that nothing leads to
		return;
	xdp_code_label(c, label);
	xdp_code_add(c, xdp_op(BPF_MOV, 1, CTX));
	xdp_code_map(c, 2, BPF_PSEUDO_MAP_FD, next_map_fd);
	xdp_code_add(c, xdp_op32_k(BPF_MOV, 3, entry));
	xdp_code_add(c, xdp_call(BPF_FUNC_tail_call));
	xdp_code_jump(c, xdp_always(), to_lost(t)); // nobody is in that entry
}

static void add_end(struct xdp_translation *t, int next_map_fd, int lost_map_fd) {
	struct xdp_code *c = &t->code;
	add_next(t, to_pass(t), XDP_FILTER_PASSED, next_map_fd);
	add_next(t, to_refuse(t), XDP_FILTER_REFUSED, next_map_fd);
	xdp_code_label(c, to_lost(t));
	xdp_code_map(c, 1, BPF_PSEUDO_MAP_VALUE, lost_map_fd);
	xdp_code_add(c, xdp_op32_k(BPF_MOV, 2, 1));
	xdp_code_add(
		c,
		(struct bpf_insn
		){.code = BPF_STX | BPF_ATOMIC | BPF_DW,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_2,
		  .imm = BPF_ADD}
	);
	xdp_code_add(c, xdp_op32_k(BPF_MOV, 0, XDP_PASS));
	xdp_code_add(c, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

int xdp_filter_translate(
	const struct filter_insn *classic, uint32_t n_classic, int next_map_fd, int lost_map_fd,
	struct bpf_insn **insns, uint32_t *n, struct err *err
) {
	struct xdp_translation t = {.classic = classic, .n = n_classic, .err = err};
	int ret = -EINVAL;
	if (n_classic == 0) {
		err_set(err, ret, "filter: no program");
		goto out;
	}
	// Each becomes one or more, but for what nothing leads to.
	if (n_classic > XDP_CODE_MAX) {
		t.code.n = n_classic;
		ret = -E2BIG;
		goto too_long;
	}
	t.reached = calloc(n_classic, sizeof(*t.reached));
	ret = t.reached == NULL ? -ENOMEM : xdp_code_init(&t.code, labels(n_classic));
	if (ret < 0) {
		err_set(err, ret, "out of memory");
		goto out;
	}
	add_start(&t);
	t.reached[0] = true;
	for (t.i = 0; t.i < t.n; t.i++)
		if (t.reached[t.i] && (ret = xdp_translate_insn(&t)) < 0)
			goto out;
	for (uint32_t i = 0; i < t.n; i++)
		if (t.code.label[to_helper(&t, i)].used)
			xdp_translate_helper(&t, i);
	add_end(&t, next_map_fd, lost_map_fd);
	ret = xdp_code_end(&t.code);
	if (ret < 0)
		goto too_long;
	*insns = t.code.insn;
	*n = t.code.n;
	t.code.insn = NULL;
	goto out;
too_long:
	err_set(err, ret,
		"filter: %u instructions are too many for the kernel (accepted: up to %u; networks in the "
		"place of hosts make it shorter; " XDP_FILTER_CURE ")",
		t.code.n, XDP_CODE_MAX);
out:
	xdp_code_fini(&t.code);
	free(t.reached);
	return ret;
}

int xdp_filter_compile(
	const struct filter *f, int next_map_fd, int lost_map_fd, struct bpf_insn **insns,
	uint32_t *n, struct err *err
) {
	uint32_t n_classic = filter_program(f, LINK_ETHERNET, NULL, 0);
	struct filter_insn *classic = calloc(n_classic + 1, sizeof(*classic));
	if (classic == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	filter_program(f, LINK_ETHERNET, classic, n_classic);
	int ret = xdp_filter_translate(classic, n_classic, next_map_fd, lost_map_fd, insns, n, err);
	free(classic);
	return ret;
}

// What the verifier has against it, for who asked for debugging.
static void explain(const struct bpf_insn *insns, uint32_t n, struct bpf_prog_load_opts *opts) {
	char *text = calloc(1, LOG_OCTETS);
	if (text == NULL)
		return;
	opts->log_level = 1;
	opts->log_buf = text;
	opts->log_size = LOG_OCTETS;
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, NAME, LICENSE, insns, n, opts);
	size_t len = strlen(text);
	log_debug("filter: %s", text + (len > 2000 ? len - 2000 : 0));
	if (fd >= 0)
		close(fd);
	free(text);
}

int xdp_filter_load(const struct bpf_insn *insns, uint32_t n, int *prog_fd, struct err *err) {
	LIBBPF_OPTS(
		bpf_prog_load_opts, opts, .expected_attach_type = BPF_XDP,
		.prog_flags = BPF_F_XDP_HAS_FRAGS
	);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, NAME, LICENSE, insns, n, &opts);
	if (fd >= 0) {
		*prog_fd = fd;
		return 0;
	}
	switch (fd) {
	case -EPERM:
		return err_set(
			err, fd,
			"filter: no privilege to load an XDP program (cure: run as root, or give it the "
			"capabilities cap_bpf and cap_net_admin)"
		);
	case -E2BIG:
	case -EFAULT: // too many branches ahead of an end
		return err_set(
			err, -E2BIG,
			"filter: %u instructions with this many branches are too much for the kernel's verifier "
			"(accepted: shorter ones; networks in the place of hosts help; " XDP_FILTER_CURE
			")",
			n
		);
	default:
		explain(insns, n, &opts);
		return err_set(
			err, fd,
			"filter: the kernel does not take its program: %s (Linux 6.1 or newer is needed; "
			"SLUICE_LOG=debug shows what it says)",
			strerror(-fd)
		);
	}
}
