// The tcpdump expression as an XDP program: it runs ahead of the programs that count, and hands the frame
// to one of them by a tail call.
#pragma once

#include "base/err.h"

#include <stdint.h>

struct bpf_insn; // linux/bpf.h
struct filter;
struct filter_insn; // packet/filter.h

// Entries of the program array that the frame goes on to; both programs take frames in several buffers
// (xdp.frags).
#define XDP_FILTER_PASSED 0
#define XDP_FILTER_REFUSED 1

// Translates the filter's program for Ethernet, with filter_pass's answer for every frame: what is read
// beyond the end refuses it, and its length is that of all its buffers. `next_map_fd` is a
// BPF_MAP_TYPE_PROG_ARRAY; when the entry in it is empty the program adds 1 to the uint64_t at the start of
// `lost_map_fd`, a BPF_MAP_TYPE_ARRAY, and returns XDP_PASS. Both maps are borrowed; the program holds them
// once it is loaded.
// Returns 0 and `insns`, to be freed by the caller, `n` long. -EOPNOTSUPP: a filter that the kernel cannot
// run (it loops, as protochain does; reads outside octets 0 .. 65535 of a frame); -E2BIG: it is too long;
// -EINVAL: no program of libpcap's; -ENOMEM. err says which and what is accepted. Any thread.
int xdp_filter_compile(
	const struct filter *f, int next_map_fd, int lost_map_fd, struct bpf_insn **insns,
	uint32_t *n, struct err *err
);

// The same for any program of classic BPF, `n_classic` instructions long.
int xdp_filter_translate(
	const struct filter_insn *classic, uint32_t n_classic, int next_map_fd, int lost_map_fd,
	struct bpf_insn **insns, uint32_t *n, struct err *err
);

// Loads a translated filter as an xdp.frags program. Returns 0 and its descriptor, for the caller to close;
// -E2BIG: too much for the verifier; -EPERM; or another -errno, with err set.
int xdp_filter_load(const struct bpf_insn *insns, uint32_t n, int *prog_fd, struct err *err);
