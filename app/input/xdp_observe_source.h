// A source over some of observe mode's rings: their frames in the order of their time stamps, whichever
// processor received them.
#pragma once

#include "xdp_observe.h"

#include "base/err.h"
#include "packet/source.h"

#include <stdatomic.h>
#include <stdint.h>

struct xdp_observe_part {
	struct xdp_observe *observe; // borrowed, outlives the source
	uint32_t first, step; // takes rings first, first + step, ...; each ring has one source
	// What was missed elsewhere, told by this source; NULL: nothing. Borrowed.
	const _Atomic(uint64_t) *missed;
};

// NULL with err set. Free with xdp_observe_source_free.
struct source *xdp_observe_source(const struct xdp_observe_part *part, struct err *err);
void xdp_observe_source_free(struct source *src);
