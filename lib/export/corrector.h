// The exporter's part for late packets: takes their panes from all workers and gives out each stream's
// corrections once their batches are complete. Their memory is apart from that of windows, so that a flood
// of late packets costs corrections and nothing else.
#pragma once

#include "flow/corrections.h"

#include <stdbool.h>

// Gives out what `stream` has complete.
typedef void corrector_emit(void *ctx, uint32_t stream, const struct window_out *out, bool partial);

struct corrector_config {
	struct pane_store *const *stores; // of late packets, one a worker; borrowed are the stores
	uint32_t n_stores;
	uint32_t n_streams;
	uint64_t memory; // octets that batches may hold together
	corrector_emit *emit;
	void *ctx; // of emit
};

struct corrector; // one thread. NULL is one that has nothing to do, but for corrector_new.

// NULL when out of memory. Every stream is then given its windows. Free with _free.
struct corrector *corrector_new(const struct corrector_config *conf);
void corrector_free(struct corrector *c);

// How windows of a stream are made. Budget, memory and the start of live traffic do not count. 0 or -ENOMEM.
int corrector_add(struct corrector *c, uint32_t stream, const struct window_config *conf);

// Takes what was handed over and gives out what is complete at that horizon, INT64_MAX: all. Where memory has
// no place for another batch the oldest goes first, partial. Returns whether there was anything to do.
bool corrector_step(struct corrector *c, int64_t horizon_us, bool partial);

// Checkpoints, as exporter_marked and exporter_pass say; of one stream at a time, as corrections_save and
// corrections_load.
bool corrector_marked(const struct corrector *c);
void corrector_pass(struct corrector *c);
bool corrector_save(const struct corrector *c, uint32_t stream, struct state_writer *w);
int corrector_load(
	struct corrector *c, uint32_t stream, const struct state_record *r, struct err *err
);

// Whether memory was out and packets were lost: the log says so.
bool corrector_failed(const struct corrector *c);
