// Every kind of instruction with operands that matter to it, and at the end one bit of what came out.

#include "filter_random.h"

#include "dice.h"

#include <linux/bpf_common.h>
#include <linux/filter.h>

#define WORDS 4 // of M[] that are used

struct random {
	uint64_t state;
	uint32_t reach;
};

static uint32_t upto(struct random *r, uint32_t n) {
	return (uint32_t)((dice_next(&r->state) >> 20) % n);
}

static uint32_t word(struct random *r) {
	static const uint32_t edges[] = {
		0,         1, 2, 31, 32, 0xff, 0x7fff, 0xffff, 0x10000, INT32_MAX, INT32_MAX + 1u,
		UINT32_MAX};
	uint32_t k = upto(r, 1u << 31) * 2 + upto(r, 2);
	switch (upto(r, 4)) {
	case 0:
		return edges[upto(r, sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return k;
	case 2:
		return k >> upto(r, 32);
	default:
		return upto(r, 64);
	}
}

static uint32_t offset(struct random *r) {
	// A program that ends at a read says nothing about what follows.
	switch (upto(r, 64)) {
	case 0:
		return upto(r, 0x10000);
	case 1:
	case 2:
		return r->reach - 5 + upto(r, 8);
	default:
		return upto(r, r->reach < 40 ? r->reach / 2 : 20);
	}
}

static struct filter_insn load(struct random *r) {
	static const uint16_t sizes[] = {BPF_W, BPF_H, BPF_B};
	uint16_t size = sizes[upto(r, 3)];
	switch (upto(r, 8)) {
	case 0:
		return (struct filter_insn){BPF_LDX | BPF_MSH | BPF_B, .k = offset(r)};
	case 1:
		return (struct filter_insn){BPF_LD | BPF_LEN};
	case 2:
		return (struct filter_insn){BPF_LDX | BPF_LEN};
	case 3:
		return (struct filter_insn
		){BPF_LDX | BPF_IMM, .k = upto(r, 3) ? offset(r) : word(r)};
	case 4:
		return (struct filter_insn){BPF_LD | BPF_IMM, .k = word(r)};
	case 5:
		return (struct filter_insn
		){BPF_LD | BPF_IND | size, .k = upto(r, 4) ? upto(r, 8) : offset(r)};
	default:
		return (struct filter_insn){BPF_LD | BPF_ABS | size, .k = offset(r)};
	}
}

static struct filter_insn alu(struct random *r) {
	static const uint16_t ops[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_MOD,
		BPF_OR,  BPF_AND, BPF_XOR, BPF_LSH, BPF_RSH,
	};
	uint16_t op = ops[upto(r, sizeof(ops) / sizeof(ops[0]))];
	uint32_t k = op == BPF_LSH || op == BPF_RSH ? upto(r, 40) : word(r);
	if (upto(r, 12) == 0)
		return (struct filter_insn){BPF_ALU | BPF_NEG};
	if (upto(r, 3) == 0)
		return (struct filter_insn){(uint16_t)(BPF_ALU | BPF_X | op)};
	return (struct filter_insn){(uint16_t)(BPF_ALU | BPF_K | op), .k = k > 0 ? k : 3};
}

static struct filter_insn memory(struct random *r) {
	static const uint16_t codes[] = {BPF_ST, BPF_STX, BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM};
	return (struct filter_insn){codes[upto(r, 4)], .k = upto(r, WORDS) * 5};
}

// `left`: instructions behind this one
static struct filter_insn jump(struct random *r, uint32_t left) {
	static const uint16_t ops[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
	uint32_t far = left < 8 ? left : 8;
	uint16_t op = ops[upto(r, 4)];
	if (upto(r, 8) == 0)
		return (struct filter_insn){BPF_JMP | BPF_JA, .k = upto(r, far)};
	return (struct filter_insn){
		.code = (uint16_t)(BPF_JMP | op | (upto(r, 2) ? BPF_X : BPF_K)),
		.jump_true = (uint8_t)upto(r, far),
		.jump_false = (uint8_t)upto(r, far),
		.k = word(r),
	};
}

static struct filter_insn any(struct random *r, uint32_t left) {
	switch (upto(r, 16)) {
	case 0:
		return (struct filter_insn){BPF_MISC | BPF_TAX};
	case 1:
		return (struct filter_insn){BPF_MISC | BPF_TXA};
	case 2:
	case 3:
		return memory(r);
	case 4:
	case 5:
	case 6:
		return jump(r, left);
	case 7:
		if (upto(r, 4) == 0)
			return upto(r, 2) ? (struct filter_insn){BPF_RET | BPF_A}
					  : (struct filter_insn){BPF_RET | BPF_K, .k = upto(r, 2)};
		return alu(r);
	case 8:
	case 9:
	case 10:
		return alu(r);
	default:
		return load(r);
	}
}

uint32_t filter_random(uint32_t seed, uint32_t reach, struct filter_insn insns[FILTER_RANDOM_MAX]) {
	struct random r = {.state = 0x9e3779b97f4a7c15 * (seed + 1ull), .reach = reach};
	uint32_t n = WORDS + 4 + upto(&r, FILTER_RANDOM_MAX - WORDS - 4), i = 0;
	for (; i < WORDS; i++)
		insns[i] = (struct filter_insn){BPF_ST, .k = i * 5};
	for (; i < n - 2; i++)
		insns[i] = any(&r, n - i - 1);
	insns[i++] = (struct filter_insn){BPF_ALU | BPF_AND | BPF_K, .k = 1u << upto(&r, 32)};
	insns[i++] = (struct filter_insn){BPF_RET | BPF_A};
	return i;
}
