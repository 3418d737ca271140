// What the bench's own XDP programs and bench_xdp agree on. One frame is all that BPF_PROG_TEST_RUN
// repeats: flows are made of it in the program, the same ones in each program.
#pragma once

#include <linux/types.h>

// Constants to the verifier, written before a program is loaded.
struct xdp_bench_config {
	__u32 perturb; // so many keys, a power of two
	__u32 tunnels; // that the parser looks into: enum tunnel
};

// Of each processor, as kernel mode has it.
struct xdp_bench_state {
	__u64 turn; // frames that were what they were made to be
	__u64 octets; // that the parser found in IP packets
	__u64 ports; // sum of the source ports
	__u64 refused; // frames that were not
	__u64 fill[12]; // lines are fetched in pairs
};

struct xdp_bench_key {
	__u32 src;
	__u32 dst;
	__u16 src_port; // network order, as the addresses
	__u16 dst_port;
	__u32 proto;
};

struct xdp_bench_count {
	__u64 packets;
	__u64 bytes;
};

struct xdp_flood_config {
	__u32 interface;
	__u32 flows; // a power of two, at most 65536
	__u32 address; // source of the first, host order, its lower half zero
	__u32 port; // source port of the first
	__u32 sum; // of the first one's IP header without its checksum, folded once
};

struct xdp_flood_state {
	__u64 turn; // frames so far
};

// What the source port is changed by: kernel mode's own sequence (ebpf/kernel.bpf.c).
static inline __u16 xdp_bench_perturb(__u64 turn, __u32 keys) {
	return (__u16)((turn * 0x9e3779b97f4a7c15) >> 32 & (keys - 1));
}
