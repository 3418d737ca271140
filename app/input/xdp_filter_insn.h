// Translating one instruction of classic BPF into the kernel's; the program around them is
// xdp_filter.c's.
#pragma once

#include "xdp_code.h"

#include "base/err.h"
#include "packet/filter.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define XDP_FILTER_CURE "input.xdp_mode = observe or redirect takes every filter"

// Registers that helpers keep.
#define CTX BPF_REG_6
#define ACC BPF_REG_7 // classic BPF's A, upper half 0
#define IDX BPF_REG_8 // classic BPF's X, upper half 0
#define LENGTH BPF_REG_9 // of the frame, where the program asks for it

// On the stack: what the helper reads into, and M[].
#define SCRATCH (-8)
#define MEMORY(k) ((int16_t)(SCRATCH - 4 * (int)(k)-4))

struct xdp_translation {
	struct xdp_code code;
	const struct filter_insn *classic; // borrowed
	uint32_t n;
	uint32_t i; // the instruction at hand
	bool *reached; // n: a jump or the instruction ahead leads there
	struct err *err;
};

// Labels: each classic instruction's own, then these.
static inline uint32_t to_pass(const struct xdp_translation *t) {
	return t->n;
}
static inline uint32_t to_refuse(const struct xdp_translation *t) {
	return t->n + 1;
}
static inline uint32_t to_lost(const struct xdp_translation *t) {
	return t->n + 2;
}
static inline uint32_t to_helper(const struct xdp_translation *t, uint32_t i) {
	return t->n + 3 + 2 * i;
}
static inline uint32_t to_value(const struct xdp_translation *t, uint32_t i) {
	return t->n + 4 + 2 * i;
}
static inline uint32_t labels(uint32_t n) {
	return n + 3 + 2 * n;
}

// Translates instruction `i` and marks where it leads to. 0, -EINVAL or -EOPNOTSUPP with err set.
int xdp_translate_insn(struct xdp_translation *t);

// For a read of the frame: the part that stands behind the rest, for what is not in the first buffer.
void xdp_translate_helper(struct xdp_translation *t, uint32_t i);
