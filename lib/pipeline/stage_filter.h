// The filter stage: packets that the configured expression does not take get their verdict.
#pragma once

#include "packet/burst.h"
#include "packet/filter.h"
#include "packet/source.h"
#include "packet/verdict.h"

struct stage_filter {
	const struct filter *filter; // borrowed; NULL: everything passes
	uint8_t *scratch; // owned; a frame in several segments is gathered here
};

// 0 or -ENOMEM.
int stage_filter_init(struct stage_filter *st, const struct filter *filter);
void stage_filter_fini(struct stage_filter *st);

// Whole burst. `src` is where it came from (gather).
void stage_filter_run(struct stage_filter *st, const struct source *src, struct burst *b);
