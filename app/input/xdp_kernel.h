// Kernel mode's kernel side: the maps that panes are counted in, a program for each interface, and the
// filter's program where there is a filter. Counts come out through a source (xdp_kernel_source.h).
#pragma once

#include "xdp_loaded.h"
#include "xdp_panes.h"

#include "base/err.h"
#include "base/key_cut.h"

#include <stdint.h>

struct bpf_object;
struct bpf_program;
struct filter;

struct xdp_kernel_config {
	uint32_t n_programs; // interfaces
	uint64_t width_ns; // of a pane
	uint32_t fields; // FIELD_BIT()s of the finest key
	struct key_cut cut; // of the same
	uint32_t tunnels; // enum tunnel
	uint32_t rows; // of a processor, wanted
	uint64_t memory; // octets that all tables together may take
	const struct filter *filter; // borrowed during open; NULL: everything
};

struct xdp_kernel {
	// Owned; by interface, in the configuration's order; one for all where no key tells them apart.
	struct bpf_object **object;
	uint32_t n_objects;
	struct xdp_panes panes;
	struct kernel_config shared; // what all programs are told
	uint32_t n_states; // processors
	struct kernel_state *state; // owned, shared with the programs; by processor
	struct kernel_clock *clock; // owned, shared with the programs
	int *filter; // owned; descriptors of the filter's programs, by object; 0: none
};

// Makes the tables and loads the programs; installs no table, attaches nothing. NULL with err set.
struct xdp_kernel *xdp_kernel_open(const struct xdp_kernel_config *config, struct err *err);
void xdp_kernel_close(struct xdp_kernel *k);

// Gives the programs tables to count in from `now_ns` (UTC) on, and the offset of UTC to the monotonic
// clock. 0 or -errno with err set.
int xdp_kernel_begin(struct xdp_kernel *k, uint64_t now_ns, int64_t offset_ns, struct err *err);

// Event time's offset to CLOCK_MONOTONIC, from now on.
void xdp_kernel_set_offset(struct xdp_kernel *k, int64_t offset_ns);

// The program to attach to an interface, loaded. Borrowed.
struct bpf_program *xdp_kernel_program(const struct xdp_kernel *k, uint32_t i);
struct xdp_loaded xdp_kernel_loaded(const struct xdp_kernel *k, uint32_t i);

// Frames that the filter's program did not get or did not hand on, or that came by a processor that was not
// there at the start.
uint64_t xdp_kernel_lost(const struct xdp_kernel *k);
