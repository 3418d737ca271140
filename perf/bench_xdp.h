// What the parts of bench_xdp share: programs that the kernel runs on one frame, many times, and how
// what they did is checked. Wrong results end the bench (bench_wrong).
#pragma once

#include "bench.h"

#include <stddef.h>
#include <stdint.h>

struct kernel_config;

#define XDP_CASES_MAX 32
#define XDP_FRAME_MAX 2048

struct xdp_case {
	char name[32];
	int fd; // of the program
	uint32_t verdict; // that it must return
	uint32_t at_once; // frames that a run may have; 0: any number
	uint32_t octets;
	uint8_t frame[XDP_FRAME_MAX];
	void *own; // of whoever made the case
	// After each run, with its frames; NULL: nothing to do.
	void (*after)(struct xdp_case *c, uint32_t frames);
	// At the end, with the frames of all runs.
	void (*check)(struct xdp_case *c, uint64_t frames);
	uint64_t frames; // run so far
	struct bench_series ns;
};

struct xdp_cases {
	uint32_t n;
	struct xdp_case item[XDP_CASES_MAX];
};

// A case of a program and the frame made by xdp_frame_udp.
struct xdp_case *xdp_case_add(struct xdp_cases *all, int fd, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// Ethernet, IPv4, UDP, padded with zeros to `octets` (60 .. XDP_FRAME_MAX).
void xdp_frame_udp(struct xdp_case *c, uint32_t octets);

// Ethernet, a VLAN tag, IPv4, UDP, VXLAN, and in it Ethernet, IPv4, UDP.
void xdp_frame_vxlan(struct xdp_case *c);

#define XDP_FRAME_IP_LEN 46u // of the innermost IP packet, in any of these frames of 60 octets
#define XDP_FRAME_SRC_PORT 0x1000u

// ---- what programs are loaded with ----

// What kernel mode's program is loaded with for so many keys, and all regions of a map of one pane
// together.
struct xdp_bench_sums {
	uint64_t counted; // as the regions' heads say
	uint64_t rows, packets, bytes;
};
void xdp_bench_table(struct kernel_config *config, uint32_t keys);
void xdp_bench_read_table(struct xdp_bench_sums *sums, int map, uint32_t keys);

// Keys that xdp_bench_perturb made in so many frames.
uint32_t xdp_bench_keys(uint64_t frames, uint32_t perturb);

// ---- the cases ----

// A program that does nothing.
void xdp_cases_empty(struct xdp_cases *all);
// The parser alone.
void xdp_cases_parse(struct xdp_cases *all);
// Minimal counters with so many keys.
void xdp_cases_minimal(struct xdp_cases *all, uint32_t keys);
// The modes' own programs. Redirect goes to a network namespace of its own, and stays there.
void xdp_cases_observe(struct xdp_cases *all);
void xdp_cases_redirect(struct xdp_cases *all);
void xdp_cases_kernel(struct xdp_cases *all, uint32_t keys);
