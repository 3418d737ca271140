// A source over some of observe mode's rings: their frames in the order of their time stamps, whichever
// processor received them.
#pragma once

#include "xdp_observe.h"

#include "base/err.h"
#include "packet/source.h"

#include <stdint.h>

struct live_clock;
struct xdp_watch;

struct xdp_observe_part {
	struct xdp_observe *observe; // borrowed, outlives the source
	uint32_t first, step; // takes rings first, first + step, ...; each ring has one source
	// Asked for what the devices missed, which this source then tells; NULL: another does. Borrowed.
	struct xdp_watch *watch;
	struct live_clock *clock; // borrowed: what frames' stamps are in UTC
};

// NULL with err set. Free with xdp_observe_source_free.
struct source *xdp_observe_source(const struct xdp_observe_part *part, struct err *err);
void xdp_observe_source_free(struct source *src);
