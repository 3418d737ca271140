// bpf_validate and bpf_filter on a copy of the program.

#include "filter_classic.h"

#include <pcap/pcap.h>

#include <stdlib.h>

static struct bpf_insn *copy(const struct filter_insn *insns, uint32_t n) {
	struct bpf_insn *to = calloc(n + 1, sizeof(*to));
	if (to == NULL)
		abort();
	for (uint32_t i = 0; i < n; i++)
		to[i] = (struct bpf_insn){
			.code = insns[i].code,
			.jt = insns[i].jump_true,
			.jf = insns[i].jump_false,
			.k = insns[i].k,
		};
	return to;
}

bool classic_valid(const struct filter_insn *insns, uint32_t n) {
	struct bpf_insn *program = copy(insns, n);
	bool valid = bpf_validate(program, (int)n) != 0;
	free(program);
	return valid;
}

bool classic_pass(const struct filter_insn *insns, uint32_t n, const uint8_t *frame, uint32_t len) {
	struct bpf_insn *program = copy(insns, n);
	bool pass = bpf_filter(program, frame, len, len) != 0;
	free(program);
	return pass;
}
