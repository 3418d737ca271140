// The maps that kernel mode counts in: some installed, one for each of the next panes of event time, the
// others on their way through the reader. A map is read only when it was replaced, and the kernel lets
// go of it before the replacement is done.
#pragma once

#include "ebpf/kernel.h"

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define XDP_PANES_MAX 32 // installed

struct xdp_panes_config {
	uint64_t width_ns; // of a pane
	uint32_t installed; // 3 .. XDP_PANES_MAX
	uint32_t spares; // further maps, 1 ..
	uint32_t regions; // of a map: one a processor
	uint32_t slots; // of a region, a power of two
	uint32_t limit; // rows of a region
};

struct xdp_pane_map {
	int fd; // owned; 0: none
	struct kernel_line *line; // owned, shared with the program while it is installed
	uint64_t start_ns; // of its pane, UTC
	uint64_t since_ns; // CLOCK_MONOTONIC: when it was installed
};

// One thread's: the collector's, once the maps are installed.
struct xdp_panes {
	struct xdp_panes_config config;
	uint32_t region_lines;
	int outer; // borrowed; 0: not begun
	struct xdp_pane_map *map; // owned
	uint32_t n_maps;
	uint32_t *installed; // owned; map by slot of the outer map
	uint32_t *clean; // owned
	uint32_t n_clean;
	uint32_t *taken; // owned, in the order they were taken away
	uint32_t n_taken;
	bool singly; // this kernel replaces one map at a time
	uint64_t end_ns; // UTC: when all were taken away for good; 0: they were not
};

// How many panes are installed at a time, and how many spares go with them, for panes so wide: the reader
// may be kept waiting by the kernel for some hundredths of a second.
void xdp_panes_count(uint64_t width_ns, uint32_t *installed, uint32_t *spares);

// Makes the maps. 0 or -errno with err set; in any case to be closed.
int xdp_panes_open(struct xdp_panes *p, const struct xdp_panes_config *config, struct err *err);
void xdp_panes_close(struct xdp_panes *p);

// Installs maps into `outer` for the pane that holds `now_ns` (UTC) and those that follow. 0 or -errno with
// err set.
int xdp_panes_begin(struct xdp_panes *p, int outer, uint64_t now_ns, struct err *err);

// Replaces the maps of panes that are over, and one that fills up or has been there long. 0 or -errno with err
// set.
int xdp_panes_rotate(struct xdp_panes *p, uint64_t now_ns, uint64_t mono_ns, struct err *err);

// Whether there is a map for the pane that holds `now_ns`.
bool xdp_panes_ready(const struct xdp_panes *p, uint64_t now_ns);

// Takes all maps away for good, at `now_ns`: the program counts nowhere any more. 0 or -errno with err set;
// they are taken in any case.
int xdp_panes_end(struct xdp_panes *p, uint64_t now_ns, struct err *err);

// The map that was taken away first and is to be read; NULL: none.
struct xdp_pane_map *xdp_panes_taken(const struct xdp_panes *p);

// That map has been read and made clean: heads and rows in use.
void xdp_panes_give_back(struct xdp_panes *p);

// Nothing before this can come any more: the start of the earliest pane that is installed or taken, but never
// a time that is not yet: of those taken at the end some are for panes that would have come.
uint64_t xdp_panes_horizon_ns(const struct xdp_panes *p);

// The first line of a region.
static inline struct kernel_line *
xdp_panes_region(const struct xdp_panes *p, const struct xdp_pane_map *m, uint32_t region) {
	return m->line + (uint64_t)region * p->region_lines;
}
