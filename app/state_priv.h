// What a run's state is made of: for its own files.
#pragma once

#include "app/state.h"
#include "state/saver.h"

#include <stdatomic.h>

struct run_state {
	const struct conf *conf; // borrowed
	char *asked; // owned
	struct state_store *store; // owned
	struct state_pool *pool; // owned
	struct state_pool **pools; // owned: pointers to them
	uint32_t n_pools;
	struct saver *saver; // owned; NULL: nothing runs yet
	// Main thread's.
	int64_t next_us; // when the next checkpoint is due, CLOCK_MONOTONIC
	bool asked_now; // one was asked for while another was under way
	bool stop_wanted; // the run is to end once none is under way
	_Atomic(bool) keep; // main → exporter: what is open at the end stays open
	uint64_t kept; // exporter's: checkpoints that sinks know to be kept
};

// Exporter's thread, or nobody's yet: what the exporter has, with the frames missed so far. NULL with err
// set: no checkpoint can be made.
struct state_chunk *state_export_all(struct run *run, uint64_t missed, struct err *err);

// Octets that the exporter's part of a checkpoint may take beside what is open in it.
#define STATE_EXPORTER_MORE (256ull << 20)

// Of a finished run: files of sinks get the names that its last checkpoint was to give them, where it was killed
// ahead of that. What fails is told in the log.
void state_settle(const struct run_state *st);
