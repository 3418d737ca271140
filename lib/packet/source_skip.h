// Frames at the beginning of an input that a run before has taken already: given back unseen. And how far
// an input was taken, for a checkpoint.
#pragma once

#include "base/state_io.h"
#include "packet/source.h"

#include <errno.h>

// A record of source_save.
#define STATE_SOURCE (STATE_PACKET + 0x80)

// For whoever calls recv, behind a call that gave n > 0 packets: keeps count, drops what is to be skipped.
// Returns how many packets the burst has left.
int source_skip(struct source *src, struct burst *b, int n);

static inline int source_taken(struct source *src, struct burst *b, int n) {
	src->frames += (uint64_t)n;
	return LIKELY(src->skip == 0) ? n : source_skip(src, b, n);
}

// Where an input is, as a record of a checkpoint; and back, ahead of the first recv. `sources` are in the
// order of saving.
bool source_save(struct source *const *sources, uint32_t n, struct state_writer *w);
int source_load(
	struct source *const *sources, uint32_t n, const struct state_record *r, struct err *err
);
