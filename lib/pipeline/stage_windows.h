// The windows stage: counts packets in windows of so many packets, where there are streams of them. Behind
// match, whose events it counts too.
#pragma once

#include "flow/count_save.h"
#include "packet/burst.h"

struct stage_windows {
	struct count_table *table; // owned; one a stream
	uint32_t n;
};

// `conf`: `n` of them. 0 or -ENOMEM. Free with stage_windows_fini, also when all zero.
int stage_windows_init(
	struct stage_windows *st, const struct count_config *conf, uint32_t n, bool patient,
	const struct mem *mem
);
void stage_windows_fini(struct stage_windows *st);

// The part of the burst in work: those that the track stage counts.
void stage_windows_run(struct stage_windows *st, const struct burst *b);

// Between bursts: what is done so far is ahead of a mark.
void stage_windows_mark(struct stage_windows *st);

// As base/state_io.h has it. _load also -ENOMEM: more open windows than there is room for.
void stage_windows_save_begin(struct stage_windows *st, struct state_writer *to);
bool stage_windows_save_step(struct stage_windows *st);
void stage_windows_save_end(struct stage_windows *st);
int stage_windows_load(
	struct stage_windows *st, const struct state_record *r, const struct share *share,
	struct err *err
);

// No more packets come: what is open goes to the exporter, which is waited for.
void stage_windows_finish(struct stage_windows *st);
