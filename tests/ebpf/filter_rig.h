// What a filter is run in by a test: the maps it needs, and two programs that say which of them it handed
// the frame to.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct bpf_insn;

enum filter_answer {
	FILTER_PASSED,
	FILTER_REFUSED,
	FILTER_LOST, // XDP_PASS: neither got it
	FILTER_FAULT, // the kernel did not run it, or returned something else
};

struct filter_rig {
	int next, lost; // the maps
	int target[2]; // programs
};

// Exits when the kernel does not make them.
void filter_rig_init(struct filter_rig *r);
void filter_rig_fini(struct filter_rig *r);

// Puts the programs into the map, or takes them out.
void filter_rig_connect(struct filter_rig *r, bool connected);

// What the filter counted as lost so far.
uint64_t filter_rig_lost(const struct filter_rig *r);

// Runs a loaded filter on a frame. The first `linear` octets are in the first buffer, as far as they fit;
// 0: as many as do. `ns` (may be NULL): nanoseconds a frame over `repeat` runs.
enum filter_answer filter_rig_run(
	int prog_fd, const uint8_t *frame, uint32_t len, uint32_t linear, uint32_t repeat,
	uint32_t *ns
);

// Whether this kernel can run a frame with less in the first buffer than fits.
bool filter_rig_splits(int prog_fd);
