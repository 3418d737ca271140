// Reads the records of one complete window out of the table of its sums, some at a time, so that a window
// of any size takes no memory beside its table: all of them in any order, or the largest, and what is left.
#pragma once

#include "flow/biflow.h"
#include "flow/ranking.h"

#include <stdbool.h>
#include <stdint.h>

#define READOUT_BATCH 256

// One stream's. One thread.
struct readout {
	const struct biflow *biflow; // borrowed
	struct ranking ranking; // .conf.top 0: all are read
	const struct sums *from; // borrowed; NULL: no window is being read
	uint32_t at; // how far it has been
	struct flow_sum left; // what is not among the largest; packets 0: nothing
	struct flow_back left_back;
	struct flow_sum *sum; // READOUT_BATCH of them; owned
	struct flow_back *back; // of each; owned
};

// 0 or -ENOMEM. Free with readout_fini, also when all zero.
int readout_init(
	struct readout *r, const struct biflow *biflow, const struct ranking_config *ranking
);
void readout_fini(struct readout *r);

// Begins with a window, whose sums must stay as they are until the last is read.
void readout_begin(struct readout *r, const struct sums *from);

// Whether a window is being read.
static inline bool readout_open(const struct readout *r) {
	return r->from != NULL;
}

// The next records, in r->sum and r->back; where the largest are read the first of them first, behind the
// last one what is left. Returns how many; fewer than READOUT_BATCH: those were the last.
uint32_t readout_next(struct readout *r);
