// What every packet goes through in order of arrival, on the thread that receives it: event time and
// lateness, the parser, the filter. A worker with queues of its own and the receiver both have one.
#pragma once

#include "base/hash.h"
#include "base/state_io.h"
#include "packet/event_clock.h"
#include "packet/parse.h"
#include "pipeline/stage_filter.h"
#include "pipeline/tally.h"

#include <stdint.h>

struct intake_config {
	struct event_bounds time;
	uint32_t tunnels; // enum tunnel
	const struct filter *filter; // borrowed; NULL: everything
	struct hash_seed seed;
};

struct intake {
	struct event_bounds time;
	struct fragment_table *fragments; // owned
	struct parser parser;
	struct stage_filter filter;
};

// 0 or -ENOMEM.
int intake_init(struct intake *in, const struct intake_config *conf);
void intake_fini(struct intake *in);

// Stamps, parses and filters a burst that `src` just gave and that is not `parsed`.
void intake_run(struct intake *in, struct source *src, struct burst *b);

// Checkpoints, as base/state_io.h says; a load goes ahead of the first burst.
void intake_save_begin(struct intake *in, struct state_writer *w);
bool intake_save_step(struct intake *in);
void intake_save_end(struct intake *in);
int intake_load(struct intake *in, const struct state_record *r, struct err *err);

// The event time before which nothing of an input whose newest time is `newest_us` counts any more.
static inline int64_t intake_horizon(int64_t newest_us, int64_t lateness_us) {
	int64_t horizon;
	if (newest_us == INT64_MAX) // ended
		return newest_us;
	if (__builtin_sub_overflow(newest_us, lateness_us, &horizon))
		return INT64_MIN;
	return horizon;
}
