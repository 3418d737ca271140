// A worker's part of a checkpoint, taken up between two bursts: panes and alerts ahead of it are the
// exporter's, the rest is saved beside the packets that come next.
#pragma once

#include "pipeline/worker.h"

// Counters as of now go into the checkpoint, and all that is tracked begins to.
void worker_save_begin(struct worker *w);

// Between bursts, while w->saving.
void worker_save_step(struct worker *w);

// It came to its end, or to an end ahead of that.
void worker_save_end(struct worker *w, enum state_pool_outcome how);
