// Jumps keep their label until the end, when every label's place is known; what does not fit is counted,
// so that an error can say by how much.

#include "xdp_code.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int xdp_code_init(struct xdp_code *c, uint32_t n_labels) {
	*c = (struct xdp_code){
		.insn = calloc(XDP_CODE_MAX, sizeof(*c->insn)),
		.jump = calloc(XDP_CODE_MAX, sizeof(*c->jump)),
		.label = calloc(n_labels, sizeof(*c->label)),
		.n_labels = n_labels,
	};
	return c->insn != NULL && c->jump != NULL && c->label != NULL ? 0 : -ENOMEM;
}

void xdp_code_fini(struct xdp_code *c) {
	free(c->insn);
	free(c->jump);
	free(c->label);
	*c = (struct xdp_code){0};
}

void xdp_code_add(struct xdp_code *c, struct bpf_insn insn) {
	if (c->n < XDP_CODE_MAX)
		c->insn[c->n] = insn;
	c->n++;
}

void xdp_code_jump(struct xdp_code *c, struct bpf_insn insn, uint32_t label) {
	assert(label < c->n_labels);
	c->label[label].used = true;
	if (c->n < XDP_CODE_MAX)
		c->jump[c->n] = label + 1;
	xdp_code_add(c, insn);
}

void xdp_code_label(struct xdp_code *c, uint32_t label) {
	assert(label < c->n_labels);
	c->label[label].at = c->n;
}

void xdp_code_map(struct xdp_code *c, uint8_t to, uint8_t kind, int fd) {
	xdp_code_add(
		c,
		(struct bpf_insn
		){.code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = to & 15,
		  .src_reg = kind & 15,
		  .imm = fd}
	);
	xdp_code_add(c, (struct bpf_insn){0}); // the upper half; of an address: the offset
}

int xdp_code_end(struct xdp_code *c) {
	if (c->n > XDP_CODE_MAX)
		return -E2BIG;
	for (uint32_t i = 0; i < c->n; i++) {
		if (c->jump[i] == 0)
			continue;
		int64_t off = (int64_t)c->label[c->jump[i] - 1].at - (int64_t)i - 1;
		assert(off >= INT16_MIN && off <= INT16_MAX);
		c->insn[i].off = (int16_t)off;
	}
	return 0;
}
