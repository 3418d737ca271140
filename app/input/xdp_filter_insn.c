// Each instruction becomes a few, in order. A read goes straight to the frame's first buffer, and by a
// helper where that does not hold it.

#include "xdp_filter_insn.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>

// Beyond, the helper reads: an instruction's offset has 16 bits.
#define DIRECT_MAX 0x7fff
// An index into the frame is the length of an IPv4 header, nearly always one without options. With a
// constant for it CAP_BPF is enough: a pointer plus a register takes CAP_PERFMON. Others are the helper's.
#define IDX_USUAL 20
// The last octet that the helper reads.
#define OFFSET_MAX 0xffff

static int unknown(struct xdp_translation *t) {
	return err_set(
		t->err, -EINVAL,
		"filter: instruction %u of classic BPF (code 0x%x, k %u) is not valid", t->i,
		t->classic[t->i].code, t->classic[t->i].k
	);
}

// ---- reading the frame ----

static bool is_indexed(const struct filter_insn *in) {
	return BPF_MODE(in->code) == BPF_IND;
}

static uint8_t read_into(const struct filter_insn *in) {
	return BPF_MODE(in->code) == BPF_MSH ? IDX : ACC;
}

static uint32_t read_octets(const struct filter_insn *in) {
	return BPF_SIZE(in->code) == BPF_W ? 4 : BPF_SIZE(in->code) == BPF_H ? 2 : 1;
}

// A helper call takes 27 ns, a read straight from the first buffer one or two.
static int add_read(struct xdp_translation *t) {
	const struct filter_insn *in = &t->classic[t->i];
	struct xdp_code *c = &t->code;
	uint32_t octets = read_octets(in), helper = to_helper(t, t->i);
	uint8_t to = read_into(in);
	// libpcap's interpreter would refuse all frames, the kernel's own take them for something else
	// than the frame's octets; neither is what was meant.
	if (in->k > INT32_MAX)
		return err_set(
			t->err, -EOPNOTSUPP,
			"filter: reads at offset %d, ahead of the frame, which the kernel cannot "
			"(accepted: offsets from 0 on; " XDP_FILTER_CURE ")",
			(int32_t)in->k
		);
	if (in->k > OFFSET_MAX)
		return err_set(
			t->err, -EOPNOTSUPP,
			"filter: reads at offset %u of the frame (accepted: up to %u; " XDP_FILTER_CURE
			")",
			in->k, OFFSET_MAX
		);
	uint32_t at = in->k + (is_indexed(in) ? IDX_USUAL : 0);
	if (at <= DIRECT_MAX) {
		if (is_indexed(in))
			xdp_code_jump(c, xdp_if32_k(BPF_JNE, IDX, IDX_USUAL), helper);
		xdp_code_add(c, xdp_read(BPF_W, 1, CTX, offsetof(struct xdp_md, data)));
		xdp_code_add(c, xdp_read(BPF_W, 3, CTX, offsetof(struct xdp_md, data_end)));
		xdp_code_add(c, xdp_op(BPF_MOV, 2, 1));
		xdp_code_add(c, xdp_op_k(BPF_ADD, 2, at + octets));
		xdp_code_jump(c, xdp_if(BPF_JGT, 2, 3), helper);
		xdp_code_add(c, xdp_read(BPF_SIZE(in->code), to, 1, (int16_t)at));
	} else {
		xdp_code_jump(c, xdp_always(), helper);
	}
	xdp_code_label(c, to_value(t, t->i));
	if (octets > 1)
		xdp_code_add(
			c,
			(struct bpf_insn
			){.code = BPF_ALU | BPF_END | BPF_TO_BE,
			  .dst_reg = to & 15,
			  .imm = (int32_t)octets * 8}
		);
	if (BPF_MODE(in->code) == BPF_MSH) {
		xdp_code_add(c, xdp_op32_k(BPF_AND, to, 0xf));
		xdp_code_add(c, xdp_op32_k(BPF_LSH, to, 2));
	}
	return 0;
}

void xdp_translate_helper(struct xdp_translation *t, uint32_t i) {
	const struct filter_insn *in = &t->classic[i];
	struct xdp_code *c = &t->code;
	xdp_code_label(c, to_helper(t, i));
	xdp_code_add(c, xdp_op(BPF_MOV, 1, CTX));
	if (is_indexed(in)) {
		// X + k does not wrap around: in 64 bits, before the helper cuts it to 32.
		xdp_code_add(c, xdp_op(BPF_MOV, 2, IDX));
		xdp_code_add(c, xdp_op_k(BPF_ADD, 2, in->k));
		xdp_code_jump(c, xdp_if_k(BPF_JGT, 2, OFFSET_MAX), to_refuse(t));
	} else {
		xdp_code_add(c, xdp_op32_k(BPF_MOV, 2, in->k));
	}
	xdp_code_add(c, xdp_op(BPF_MOV, 3, BPF_REG_10));
	xdp_code_add(c, xdp_op_k(BPF_ADD, 3, (uint32_t)SCRATCH));
	xdp_code_add(c, xdp_op32_k(BPF_MOV, 4, read_octets(in)));
	xdp_code_add(c, xdp_call(BPF_FUNC_xdp_load_bytes));
	xdp_code_jump(c, xdp_if_k(BPF_JNE, 0, 0), to_refuse(t));
	xdp_code_add(c, xdp_read(BPF_SIZE(in->code), read_into(in), BPF_REG_10, SCRATCH));
	xdp_code_jump(c, xdp_always(), to_value(t, i));
}

// ---- everything else ----

static int add_load(struct xdp_translation *t) {
	const struct filter_insn *in = &t->classic[t->i];
	uint8_t to = BPF_CLASS(in->code) == BPF_LD ? ACC : IDX;
	switch (in->code) {
	case BPF_LD | BPF_ABS | BPF_W:
	case BPF_LD | BPF_ABS | BPF_H:
	case BPF_LD | BPF_ABS | BPF_B:
	case BPF_LD | BPF_IND | BPF_W:
	case BPF_LD | BPF_IND | BPF_H:
	case BPF_LD | BPF_IND | BPF_B:
	case BPF_LDX | BPF_MSH | BPF_B:
		return add_read(t);
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
		xdp_code_add(&t->code, xdp_op32_k(BPF_MOV, to, in->k));
		return 0;
	case BPF_LD | BPF_LEN:
	case BPF_LDX | BPF_LEN:
		xdp_code_add(&t->code, xdp_op32(BPF_MOV, to, LENGTH));
		return 0;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
		if (in->k >= BPF_MEMWORDS)
			return unknown(t);
		xdp_code_add(&t->code, xdp_read(BPF_W, to, BPF_REG_10, MEMORY(in->k)));
		return 0;
	default:
		return unknown(t);
	}
}

static int add_store(struct xdp_translation *t) {
	const struct filter_insn *in = &t->classic[t->i];
	if ((in->code != BPF_ST && in->code != BPF_STX) || in->k >= BPF_MEMWORDS)
		return unknown(t);
	uint8_t from = in->code == BPF_ST ? ACC : IDX;
	xdp_code_add(&t->code, xdp_write(BPF_W, BPF_REG_10, MEMORY(in->k), from));
	return 0;
}

static int add_alu_x(struct xdp_translation *t, uint8_t op) {
	struct xdp_code *c = &t->code;
	switch (op) {
	case BPF_DIV:
	case BPF_MOD:
		xdp_code_jump(c, xdp_if32_k(BPF_JEQ, IDX, 0), to_refuse(t));
		break;
	case BPF_LSH:
	case BPF_RSH:
		// 32 and more shifts everything out; a processor takes the count modulo 32. With A
		// cleared ahead it does not matter what it does.
		xdp_code_add(
			c,
			(struct bpf_insn
			){.code = BPF_JMP32 | BPF_K | BPF_JLE, .dst_reg = IDX, .off = 1, .imm = 31}
		);
		xdp_code_add(c, xdp_op32_k(BPF_MOV, ACC, 0));
		break;
	default:
		break;
	}
	xdp_code_add(c, xdp_op32(op, ACC, IDX));
	return 0;
}

static int add_alu_k(struct xdp_translation *t, uint8_t op, uint32_t k) {
	struct xdp_code *c = &t->code;
	switch (op) {
	case BPF_DIV:
	case BPF_MOD:
		if (k == 0)
			return unknown(t);
		break;
	case BPF_LSH:
	case BPF_RSH:
		// libpcap compiles no such shift. Its interpreter leaves one to the processor.
		k &= 31;
		break;
	default:
		break;
	}
	xdp_code_add(c, xdp_op32_k(op, ACC, k));
	return 0;
}

static int add_alu(struct xdp_translation *t) {
	const struct filter_insn *in = &t->classic[t->i];
	uint8_t op = BPF_OP(in->code);
	if (in->code == (BPF_ALU | BPF_NEG)) {
		xdp_code_add(&t->code, xdp_op32_k(BPF_NEG, ACC, 0));
		return 0;
	}
	// BPF_NEG and what follows BPF_XOR are no operations on two values.
	if (in->code > UINT8_MAX || op > BPF_XOR || op == BPF_NEG)
		return unknown(t);
	return BPF_SRC(in->code) == BPF_X ? add_alu_x(t, op) : add_alu_k(t, op, in->k);
}

// Where the program goes on besides; `over`: instructions passed over.
static int reach(struct xdp_translation *t, uint32_t over) {
	if (over >= t->n - t->i - 1)
		return err_set(
			t->err, -EINVAL,
			"filter: instruction %u of classic BPF leads out of the program", t->i
		);
	t->reached[t->i + 1 + over] = true;
	return 0;
}

static void add_if(struct xdp_translation *t, uint8_t op, uint32_t label) {
	const struct filter_insn *in = &t->classic[t->i];
	struct bpf_insn insn = BPF_SRC(in->code) == BPF_X ? xdp_if32(op, ACC, IDX)
							  : xdp_if32_k(op, ACC, in->k);
	xdp_code_jump(&t->code, insn, label);
}

static int add_jump(struct xdp_translation *t) {
	const struct filter_insn *in = &t->classic[t->i];
	struct xdp_code *c = &t->code;
	uint8_t op = BPF_OP(in->code);
	uint32_t next = t->i + 1;
	if (in->code == (BPF_JMP | BPF_JA)) {
		if (in->k > INT32_MAX)
			return err_set(
				t->err, -EOPNOTSUPP,
				"filter: loops over headers, which the kernel cannot (accepted: "
				"expressions without protochain; " XDP_FILTER_CURE ")"
			);
		if (reach(t, in->k) < 0)
			return -EINVAL;
		xdp_code_jump(c, xdp_always(), next + in->k);
		return 0;
	}
	if (in->code > UINT8_MAX || op == BPF_JA || op > BPF_JSET)
		return unknown(t);
	if (reach(t, in->jump_true) < 0 || reach(t, in->jump_false) < 0)
		return -EINVAL;
	// One instruction where either way leads to the next: but what is not BPF_JSET has no name.
	if (in->jump_true == 0 && op != BPF_JSET) {
		op = op == BPF_JEQ ? BPF_JNE : op == BPF_JGT ? BPF_JLE : BPF_JLT;
		add_if(t, op, next + in->jump_false);
		return 0;
	}
	add_if(t, op, next + in->jump_true);
	if (in->jump_false != 0)
		xdp_code_jump(c, xdp_always(), next + in->jump_false);
	return 0;
}

static int add_return(struct xdp_translation *t) {
	const struct filter_insn *in = &t->classic[t->i];
	if (in->code == (BPF_RET | BPF_K)) {
		xdp_code_jump(&t->code, xdp_always(), in->k != 0 ? to_pass(t) : to_refuse(t));
		return 0;
	}
	if (in->code != (BPF_RET | BPF_A))
		return unknown(t);
	xdp_code_jump(&t->code, xdp_if32_k(BPF_JNE, ACC, 0), to_pass(t));
	xdp_code_jump(&t->code, xdp_always(), to_refuse(t));
	return 0;
}

int xdp_translate_insn(struct xdp_translation *t) {
	const struct filter_insn *in = &t->classic[t->i];
	int ret;
	xdp_code_label(&t->code, t->i);
	switch (BPF_CLASS(in->code)) {
	case BPF_JMP:
		return add_jump(t);
	case BPF_RET:
		return add_return(t);
	case BPF_LD:
	case BPF_LDX:
		ret = add_load(t);
		break;
	case BPF_ST:
	case BPF_STX:
		ret = add_store(t);
		break;
	case BPF_ALU:
		ret = add_alu(t);
		break;
	default:
		if (in->code == (BPF_MISC | BPF_TAX))
			xdp_code_add(&t->code, xdp_op32(BPF_MOV, IDX, ACC));
		else if (in->code == (BPF_MISC | BPF_TXA))
			xdp_code_add(&t->code, xdp_op32(BPF_MOV, ACC, IDX));
		else
			return unknown(t);
		ret = 0;
	}
	return ret < 0 ? ret : reach(t, 0);
}
