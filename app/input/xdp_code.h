// A program for the kernel under construction: eBPF instructions one after the other, and jumps to
// labels that are set later.
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

// A jump reaches 32,767 instructions far: of a program no longer than that, from end to end.
#define XDP_CODE_MAX 32767

struct xdp_code {
	struct bpf_insn *insn; // owned; the first XDP_CODE_MAX of n
	uint32_t n; // also counts what did not fit
	uint32_t *jump; // owned; per instruction: the label it jumps to plus 1, 0: none
	struct xdp_label {
		uint32_t at; // instruction
		bool used; // something jumps there
	} * label; // owned
	uint32_t n_labels;
};

// 0 or -ENOMEM. Labels are 0 .. n_labels - 1. Free with xdp_code_fini, also after an error.
int xdp_code_init(struct xdp_code *c, uint32_t n_labels);
void xdp_code_fini(struct xdp_code *c);

void xdp_code_add(struct xdp_code *c, struct bpf_insn insn);

// A jump to a label; the offset is filled in by xdp_code_end.
void xdp_code_jump(struct xdp_code *c, struct bpf_insn insn, uint32_t label);

// The label is here, ahead of the next instruction.
void xdp_code_label(struct xdp_code *c, uint32_t label);

// A descriptor into a register: of a map (BPF_PSEUDO_MAP_FD), or the address of its first octet
// (BPF_PSEUDO_MAP_VALUE).
void xdp_code_map(struct xdp_code *c, uint8_t to, uint8_t kind, int fd);

// Fills in the jumps: 0 or -E2BIG.
int xdp_code_end(struct xdp_code *c);

// ---- instructions ----

// Of two registers, or of one and a constant.
static inline struct bpf_insn xdp_insn(uint8_t code, uint8_t a, uint8_t b) {
	return (struct bpf_insn){.code = code, .dst_reg = a & 15, .src_reg = b & 15};
}

static inline struct bpf_insn xdp_insn_k(uint8_t code, uint8_t a, uint32_t k) {
	return (struct bpf_insn){.code = code, .dst_reg = a & 15, .imm = (int32_t)k};
}

// `to` = `to` op another register or a constant, in 64 bits
static inline struct bpf_insn xdp_op(uint8_t op, uint8_t to, uint8_t from) {
	return xdp_insn(BPF_ALU64 | BPF_X | op, to, from);
}

static inline struct bpf_insn xdp_op_k(uint8_t op, uint8_t to, uint32_t k) {
	return xdp_insn_k(BPF_ALU64 | BPF_K | op, to, k);
}

// the same in 32 bits; the upper half becomes 0
static inline struct bpf_insn xdp_op32(uint8_t op, uint8_t to, uint8_t from) {
	return xdp_insn(BPF_ALU | BPF_X | op, to, from);
}

static inline struct bpf_insn xdp_op32_k(uint8_t op, uint8_t to, uint32_t k) {
	return xdp_insn_k(BPF_ALU | BPF_K | op, to, k);
}

// `size`: BPF_W, BPF_H or BPF_B; the upper bits become 0
static inline struct bpf_insn xdp_read(uint8_t size, uint8_t to, uint8_t base, int16_t off) {
	struct bpf_insn insn = xdp_insn(BPF_LDX | BPF_MEM | size, to, base);
	insn.off = off;
	return insn;
}

static inline struct bpf_insn xdp_write(uint8_t size, uint8_t base, int16_t off, uint8_t from) {
	struct bpf_insn insn = xdp_insn(BPF_STX | BPF_MEM | size, base, from);
	insn.off = off;
	return insn;
}

static inline struct bpf_insn xdp_call(int32_t helper) {
	return (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = helper};
}

// jumps, comparing in 64 or 32 bits
static inline struct bpf_insn xdp_if(uint8_t op, uint8_t a, uint8_t b) {
	return xdp_insn(BPF_JMP | BPF_X | op, a, b);
}

static inline struct bpf_insn xdp_if_k(uint8_t op, uint8_t a, uint32_t k) {
	return xdp_insn_k(BPF_JMP | BPF_K | op, a, k);
}

static inline struct bpf_insn xdp_if32(uint8_t op, uint8_t a, uint8_t b) {
	return xdp_insn(BPF_JMP32 | BPF_X | op, a, b);
}

static inline struct bpf_insn xdp_if32_k(uint8_t op, uint8_t a, uint32_t k) {
	return xdp_insn_k(BPF_JMP32 | BPF_K | op, a, k);
}

static inline struct bpf_insn xdp_always(void) {
	return (struct bpf_insn){.code = BPF_JMP | BPF_JA};
}
