// Counters of a thread, into a checkpoint and back: by name, so that a later version that counts more, or
// counts it elsewhere, goes on from them.
#pragma once

#include "base/state_io.h"
#include "pipeline/tally.h"

enum tally_state {
	STATE_TALLY = STATE_PIPELINE, // of one thread, or of runs before
};

bool tally_save(const struct tally *t, struct state_writer *w);

// Adds what such a record counts; names that are not known any more are left out. 0, also for records of
// other kinds, or -EBADMSG with err set.
int tally_load(struct tally *t, const struct state_record *r, struct err *err);
