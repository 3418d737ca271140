// What a watch knows of keys, into a checkpoint and back.
#pragma once

#include "base/state_io.h"
#include "export/watch.h"

// False: the writer is full.
bool watch_save(const struct watch *w, struct state_writer *to);

// The watch as watch_init left it gets the records of its _save, STATE_WATCH first. Where there is less
// memory than before some keys are not known any more, and counted so. 0, or -EBADMSG with err set.
int watch_load(struct watch *w, const struct state_record *r, struct err *err);
