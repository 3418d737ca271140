// What the run as a whole puts into a checkpoint, and how all of a checkpoint's records find who they
// belong to.
#pragma once

#include "base/err.h"
#include "base/state_io.h"

struct run;

enum app_state {
	STATE_RUN = STATE_APP,
};

// `missed`: frames, so far.
bool state_record_run(const struct run *run, uint64_t missed, struct state_writer *w);
