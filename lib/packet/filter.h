// The input's tcpdump expression, compiled once for each link type by libpcap and run on frames in
// memory.
#pragma once

#include "base/err.h"
#include "packet/link.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

struct filter; // immutable once made: any thread may run it

// Compiles `expression` for every link type. Returns NULL with err set when it does not compile for
// Ethernet (what is wrong with it is libpcap's text) or memory is out. Free with filter_free.
struct filter *filter_new(const char *expression, struct err *err);
void filter_free(struct filter *f);

// Whether the expression could be compiled for this link type; if not, err says why.
bool filter_has_link(const struct filter *f, enum link link, struct err *err);

// Whether the frame passes. `data` holds `len` octets of it.
bool filter_pass(
	const struct filter *f, const struct packet *p, const unsigned char *data, unsigned len
);

// An instruction of classic BPF as libpcap makes it: its bpf_insn, under a name that can stand beside
// the kernel's.
struct filter_insn {
	uint16_t code;
	uint8_t jump_true, jump_false; // instructions to pass over
	uint32_t k;
};

// The program that filter_pass runs on frames of this link type. Returns how many instructions it has, 0
// where the expression does not compile, and copies the first `max` of them.
uint32_t
filter_program(const struct filter *f, enum link link, struct filter_insn *insns, uint32_t max);
