// The windows stage: counts packets in windows of so many packets, where there are streams of them. Behind
// match, whose events it counts too.
#pragma once

#include "flow/count_table.h"
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

// No more packets come: what is open goes to the exporter, which is waited for.
void stage_windows_finish(struct stage_windows *st);
