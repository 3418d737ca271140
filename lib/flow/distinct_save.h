// Sets of values as records of a checkpoint: values go as they are, of estimated sets the registers. To whom a
// set belongs is told by a key.
#pragma once

#include "base/state_io.h"
#include "flow/distinct.h"

// The set of a sum, for which it has one, in a record of that kind. False: the writer is full.
bool distinct_save(
	const struct distinct *d, const struct flow_sum *of, struct state_writer *w, uint16_t kind,
	uint16_t version
);

// Whose set a record is: its key, not hashed, and its rule; all else is zero. 0 or -EBADMSG: it is not a set.
int distinct_saved_of(const struct state_record *r, struct flow_sum *of);

// Adds what distinct_saved_of accepted to a set, which is empty. What there is no room for is missing from
// it, and it says so.
void distinct_load(struct distinct *d, uint32_t set, const struct state_record *r);
