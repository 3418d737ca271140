// Programs of classic BPF that libpcap's compiler does not make, run in the kernel: random ones agree with
// libpcap's interpreter, long ones up to a bound, and invalid ones are refused. Needs root, no interface;
// prints TAP.

#include "app/input/xdp_filter.h"

#include "packet/filter.h"

#include "filter_classic.h"
#include "filter_frames.h"
#include "filter_random.h"
#include "filter_rig.h"
#include "tap.h"
#include "xdp_test.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANDOM_PROGRAMS 2000
#define RANDOM_FRAMES 24
#define COUNT(list) (sizeof(list) / sizeof(list[0]))

static struct filter_rig rig;
static struct filter_frames frames;
static bool splits; // frames can be run in buffers of any size

static int load_classic(const struct filter_insn *classic, uint32_t n, struct err *err) {
	struct bpf_insn *insns;
	uint32_t n_insns;
	int fd = -1,
	    ret = xdp_filter_translate(classic, n, rig.next, rig.lost, &insns, &n_insns, err);
	if (ret < 0)
		return ret;
	ret = xdp_filter_load(insns, n_insns, &fd, err);
	free(insns);
	return ret < 0 ? ret : fd;
}

static void print_program(const struct filter_insn *insns, uint32_t n) {
	for (uint32_t i = 0; i < n; i++)
		printf("# %3u: code 0x%02x jt %u jf %u k 0x%x\n", i, insns[i].code,
		       insns[i].jump_true, insns[i].jump_false, insns[i].k);
}

static bool random_agrees(uint32_t seed, uint32_t *passed) {
	struct filter_insn insns[FILTER_RANDOM_MAX];
	const struct filter_frame *first = &frames.frame[seed % frames.n_own];
	uint32_t n = filter_random(seed, first->len, insns);
	struct err err = {0};
	int fd = classic_valid(insns, n) ? load_classic(insns, n, &err) : -EINVAL;
	bool ok = fd >= 0;
	for (uint32_t i = 0; ok && i < RANDOM_FRAMES; i++) {
		const struct filter_frame *frame = i == 0
			? first
			: &frames.frame[(seed * 31 + i * 97) % frames.n_own];
		bool want = classic_pass(insns, n, frame->data, frame->len);
		uint32_t linear = splits && i % 2 ? 14 + (seed + i) % 50 : 0;
		enum filter_answer got = filter_rig_run(
			fd, frame->data, frame->len, linear, 1, NULL
		);
		ok = got == (want ? FILTER_PASSED : FILTER_REFUSED);
		*passed += want;
		if (!ok)
			printf("# seed %u, a frame of %u octets: %d\n", seed, frame->len, got);
	}
	if (!ok) {
		printf("# seed %u: %s\n", seed, err.text);
		print_program(insns, n);
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

static void test_random(void) {
	uint32_t passed = 0, right = 0;
	for (uint32_t seed = 0; seed < RANDOM_PROGRAMS; seed++)
		right += random_agrees(seed, &passed);
	tap_ok(right == RANDOM_PROGRAMS && passed > RANDOM_PROGRAMS,
	       "%u of %u random programs agree with libpcap's interpreter, %u of %u frames pass",
	       right, RANDOM_PROGRAMS, passed, RANDOM_PROGRAMS * RANDOM_FRAMES);
}

// One program on the first frame, in one buffer and in two.
static enum filter_answer run_classic(const struct filter_insn *insns, uint32_t n) {
	const struct filter_frame *f = &frames.frame[0];
	struct err err = {0};
	int fd = load_classic(insns, n, &err);
	enum filter_answer one = FILTER_FAULT, two;
	if (fd >= 0) {
		one = filter_rig_run(fd, f->data, f->len, 0, 1, NULL);
		two = splits ? filter_rig_run(fd, f->data, f->len, 14, 1, NULL) : one;
		one = one == two ? one : FILTER_FAULT;
		close(fd);
	}
	return one;
}

static void test_edges(void) {
	const struct filter_insn memory[] = {
		{BPF_LDX | BPF_MEM, .k = 15}, {BPF_LD | BPF_MEM, .k = 3},
		{BPF_ALU | BPF_OR | BPF_X},   {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0},
		{BPF_RET | BPF_K, .k = 1},    {BPF_RET | BPF_K, .k = 0},
	};
	tap_ok(run_classic(memory, COUNT(memory)) == FILTER_PASSED, "M[] starts at 0");
	const struct filter_insn wrap[] = {
		{BPF_LDX | BPF_IMM, .k = UINT32_MAX - 1},
		{BPF_LD | BPF_B | BPF_IND, .k = 5},
		{BPF_RET | BPF_K, .k = 1},
	};
	tap_ok(run_classic(wrap, COUNT(wrap)) == FILTER_REFUSED, "an index does not wrap around");
	static const uint16_t shifts[] = {BPF_LSH, BPF_RSH};
	bool ok = true;
	for (uint32_t by = 0; by < 70; by++)
		for (size_t i = 0; i < COUNT(shifts); i++) {
			struct filter_insn shift[] = {
				{BPF_LDX | BPF_IMM, .k = by},
				{BPF_LD | BPF_IMM, .k = 0x80000001},
				{(uint16_t)(BPF_ALU | BPF_X | shifts[i])},
				{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0},
				{BPF_RET | BPF_K, .k = 1},
				{BPF_RET | BPF_K, .k = 0},
			};
			shift[3].k = by > 31           ? 0
				: shifts[i] == BPF_LSH ? 0x80000001u << by
						       : 0x80000001u >> by;
			ok = ok && run_classic(shift, COUNT(shift)) == FILTER_PASSED;
		}
	tap_ok(ok, "shifts by 32 and more give 0");
}

// What libpcap makes of a list of hosts, without waiting for its optimizer: source and destination against
// n / 2 addresses each.
static uint32_t long_program(struct filter_insn *to, uint32_t n) {
	uint32_t i = 0, at;
	for (uint32_t part = 0; part < 2; part++) {
		to[i++] = (struct filter_insn){BPF_LD | BPF_W | BPF_ABS, .k = 26 + 4 * part};
		for (at = 0; at < n / 2; at++) {
			uint32_t host = at + 1 == n / 2 ? 0xac100315 : 0xc6120000 + at;
			to[i++] = (struct filter_insn){BPF_JMP | BPF_JEQ | BPF_K, 1, 0, host};
			to[i++] = (struct filter_insn){BPF_JMP | BPF_JA, .k = 1};
			to[i++] = (struct filter_insn){BPF_RET | BPF_K, .k = 1};
		}
	}
	to[i++] = (struct filter_insn){BPF_RET | BPF_K, .k = 0};
	return i;
}

static void test_long(void) {
	static const struct {
		uint32_t n;
		int want;
		const char *says;
	} lengths[] = {
		{2000, 0, ""},
		{7000, 0, ""},
		{9000, -E2BIG, "the kernel's verifier"},
		{10000, -E2BIG, "the kernel's verifier"},
		{11000, -E2BIG, "up to 32767"},
		{60000, -E2BIG, "up to 32767"},
	};
	struct filter_insn *program = calloc(190000, sizeof(*program));
	if (program == NULL)
		tap_bail_out("out of memory");
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct err err = {0};
		uint32_t n = long_program(program, lengths[i].n);
		int fd = load_classic(program, n, &err);
		bool ok = lengths[i].want == 0 ? fd >= 0 : fd == lengths[i].want;
		ok = ok && strstr(err.text, lengths[i].says) != NULL;
		for (uint32_t k = 0; fd >= 0 && k < frames.n_own; k++) {
			const struct filter_frame *f = &frames.frame[k];
			bool want = classic_pass(program, n, f->data, f->len);
			ok = ok
				&& filter_rig_run(fd, f->data, f->len, 0, 1, NULL)
					== (want ? FILTER_PASSED : FILTER_REFUSED);
		}
		tap_ok(ok, "%u comparisons: %s", lengths[i].n,
		       fd >= 0 ? "run and agree" : err.text);
		if (fd >= 0)
			close(fd);
	}
	free(program);
}

// ---- refusals ----

static void
refuses_program(const char *what, const struct filter_insn *insns, uint32_t n, const char *says) {
	struct err err = {0};
	int got = load_classic(insns, n, &err);
	tap_ok(got == -EINVAL && strstr(err.text, says) != NULL, "%s is refused: %s", what,
	       err.text);
}

static void test_refusals(void) {
	struct filter_insn ret = {BPF_RET | BPF_K, .k = 1};
	refuses_program("no program", &ret, 0, "no program");
	refuses_program(
		"a jump out of the program",
		(struct filter_insn[]){{BPF_JMP | BPF_JA, .k = 1}, ret}, 2, "leads out"
	);
	refuses_program(
		"a branch out of the program",
		(struct filter_insn[]){{BPF_JMP | BPF_JEQ, 0, 1, 9}, ret}, 2, "leads out"
	);
	refuses_program(
		"a program without an end", (struct filter_insn[]){{BPF_LD | BPF_IMM}}, 1,
		"leads out"
	);
	refuses_program(
		"M[16]", (struct filter_insn[]){{BPF_ST, .k = 16}, ret}, 2, "instruction 0"
	);
	refuses_program(
		"division by 0", (struct filter_insn[]){{BPF_ALU | BPF_DIV | BPF_K, .k = 0}, ret},
		2, "code 0x34"
	);
	static const uint16_t unknown[] = {
		BPF_LDX | BPF_ABS,
		BPF_LD | BPF_MSH | BPF_B,
		BPF_LD | BPF_ABS | BPF_DW,
		BPF_ALU | BPF_NEG | BPF_X,
		BPF_ALU | 0xb0,
		BPF_JMP | 0x50,
		BPF_JMP | BPF_JA | BPF_X,
		BPF_RET | BPF_X,
		BPF_MISC | 0x40,
		BPF_ST | BPF_H,
		0x100 | BPF_ALU,
		0x105,
	};
	bool ok = true;
	for (size_t i = 0; i < COUNT(unknown); i++) {
		struct err err = {0};
		struct filter_insn insns[] = {{unknown[i], .k = 0}, ret};
		int got = load_classic(insns, 2, &err);
		ok = ok && got == -EINVAL && strstr(err.text, "is not valid") != NULL;
		if (got != -EINVAL)
			printf("# code 0x%x: %d\n", unknown[i], got);
	}
	tap_ok(ok, "%zu codes that classic BPF does not have are refused", COUNT(unknown));
}

int main(void) {
	if (!xdp_test_ready())
		return 0;
	filter_rig_init(&rig);
	filter_frames_init(&frames);
	splits = filter_rig_splits(rig.target[0]);
	test_random();
	test_edges();
	test_long();
	test_refusals();
	filter_frames_fini(&frames);
	filter_rig_fini(&rig);
	return tap_end();
}
