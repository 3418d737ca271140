// Counts out of kernel mode's tables, as a count source: rotates the tables, reads those that were taken
// away, keeps the programs' clock.
#pragma once

#include "xdp_kernel.h"

#include "base/err.h"
#include "pipeline/count_source.h"

#include <stdatomic.h>
#include <stdint.h>

struct live_clock;
struct xdp_watch;

// `k` is borrowed, the clock, and the watch, which is asked for what the devices missed, and closed when
// the counting is to end, by the thread that stops the source. NULL with err set.
struct count_source *xdp_kernel_source(
	struct xdp_kernel *k, struct xdp_watch *watch, struct live_clock *clock, struct err *err
);
void xdp_kernel_source_free(struct count_source *src);
