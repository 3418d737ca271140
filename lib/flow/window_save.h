// The windows of a stream that are open, into a checkpoint and back: what is saved is what they are made
// of (slices, and the sums of open sessions and flows), and what can be made of that is made anew.
#pragma once

#include "base/state_io.h"
#include "flow/window.h"

// Exporter: whatever is open. False: the writer is full.
bool window_set_save(const struct window_set *ws, struct state_writer *w);

// The records of window_set_save, one after the other, into a set that holds nothing yet, of the same
// configuration but for memory. 0, or -errno with err set: -EBADMSG, -ENOBUFS: more is open than fits into
// less memory than they were saved with, or out of memory.
int window_set_load(struct window_set *ws, const struct state_record *r, struct err *err);
