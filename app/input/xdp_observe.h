// Observe mode's kernel side: ring buffers, their shared counters, and a program for each interface
// that copies frames into them. Frames come out through sources (xdp_observe_source.h).
#pragma once

#include "xdp_loaded.h"
#include "xdp_ring.h"

#include "base/err.h"

#include <stdint.h>

struct bpf_map;
struct bpf_object;
struct bpf_program;

struct xdp_observe {
	struct bpf_object **object; // owned; by interface, in the configuration's order
	uint32_t n_objects;
	struct xdp_ring *ring; // owned
	uint32_t n_rings;
	struct observe_state *state; // owned, shared with the programs; by processor
	uint32_t n_states; // possible processors; processor c writes to ring c % n_rings
};

// Makes `n_rings` rings of `octets` each and loads `n_programs` programs; attaches nothing. NULL with
// err set.
struct xdp_observe *xdp_observe_open(
	uint32_t n_programs, uint32_t n_rings, uint64_t octets, uint32_t snaplen, struct err *err
);
void xdp_observe_close(struct xdp_observe *o);

// The program of an interface, loaded. Borrowed.
struct bpf_program *xdp_observe_program(const struct xdp_observe *o, uint32_t i);
struct xdp_loaded xdp_observe_loaded(const struct xdp_observe *o, uint32_t i);

// As many rings as there are processors, and what each may hold without the sum taking too much.
uint32_t xdp_observe_rings(void);
uint64_t xdp_observe_ring_octets(uint32_t n_rings);
