// Corrections of one stream: what late packets add to windows that they missed. Packets that came in the
// same slot of event time are one batch, of which windows are made as of any packets; a batch is complete
// when nothing earlier than the slot's end is late any more, so that it does not depend on the threads.
#pragma once

#include "base/state_io.h"
#include "flow/window.h"

#include <stdint.h>

struct corrections;

// What a stream puts into one batch: EVERY or SIZE; for sessions and flows GAP or IDLE, up to the next
// whole second. 0: windows of so many packets have no corrections.
int64_t corrections_slot_us(enum window_kind kind, int64_t size_us, int64_t step_us);

// One thread. `conf` as for window_set_new. NULL when out of memory. Free with _free.
struct corrections *corrections_new(const struct window_config *conf);
void corrections_free(struct corrections *c);

// Adds all rows of a pane of late packets. 0 or -ENOMEM: nothing of it was added.
int corrections_add(struct corrections *c, const struct pane *pane);

// The next of what is complete when nothing is late any more that comes when the newest time less the
// lateness is before `horizon_us`. NULL if there is none. As window_set_close.
const struct window_out *corrections_close(struct corrections *c, int64_t horizon_us);

// Checkpoints: all batches, once what is complete was given out. _load takes their records into what holds
// nothing yet, STATE_BATCH first. 0, or -errno with err set: -EBADMSG, or out of memory.
bool corrections_save(const struct corrections *c, struct state_writer *w);
int corrections_load(struct corrections *c, const struct state_record *r, struct err *err);

// The horizon at which the oldest batch is complete; INT64_MAX when there is none.
int64_t corrections_oldest(const struct corrections *c);
