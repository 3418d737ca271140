// Sums as records of a checkpoint: as they are in memory, some of them in each record.
#pragma once

#include "base/state_io.h"
#include "flow/sums.h"

// Sums that a record holds at most.
#define SUMS_SAVED_MAX 512

// What flow saves. Numbers are for ever.
enum flow_state {
	STATE_WINDOWS = STATE_EXPORT + 0x10, // a set of windows begins
	STATE_SLICE, // a slice begins
	STATE_SUMS, // sums of that slice
	STATE_SLICE_END,
	STATE_OPEN_SUMS, // open sessions or flows: a uint64_t how many, then sums, then their timers
	STATE_SET, // distinct values of one of the sums before
	STATE_BATCH, // a batch of corrections begins; a set of windows follows
	STATE_COUNT_OPEN, // a worker's: an open window of so many packets
};

// `n` sums in as many records as it takes. False: the writer is full.
bool sums_save(
	const struct flow_sum *sum, uint32_t n, struct state_writer *w, uint16_t kind,
	uint16_t version
);

// The i-th sum of `len` octets of them, checked as far as any sum can be, without its set; a copy, for
// records are not aligned as sums are. 0 or -EBADMSG.
int sums_load(const void *octets, uint32_t len, uint32_t i, struct flow_sum *sum);
