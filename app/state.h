// A run's state: the folder it is kept in, when checkpoints are made, and going on from one. The main
// thread's but for what the exporter's thread does at a checkpoint.
#pragma once

#include "base/err.h"
#include "base/state_pool.h"
#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct live_clock;
struct run;
struct run_state;

// Opens the store of [state]; what is there must be of this configuration. With `restart` it is forgotten.
// NULL with err set. Free with state_close, behind run_close.
struct run_state *state_open(const struct conf *conf, bool restart, struct err *err);
void state_close(struct run_state *st);

// The input was read to its end by a run before: says so, and writes its ledger to `summary`, which may be
// NULL. False: there is something to do.
bool state_finished(const struct run_state *st, FILE *summary);

// While a run is opened, once it is known whether its input is patient: `n` threads will save. 0 or -errno
// with err set. The i-th one's pool; NULL where there is no state.
int state_pools(struct run_state *st, uint32_t n, bool patient, struct err *err);
struct state_pool *state_pool_of(const struct run_state *st, uint32_t i);

// Ahead of the input. In kernel mode frames have their times from when it is opened, and none is to be behind
// what the run before came to. 0 or -errno with err set.
int state_reach(const struct run_state *st, struct live_clock *clock, struct err *err);

// When all is opened and nothing runs: goes on from the checkpoint that is there, or begins. 0 or -errno
// with err set.
int state_resume(struct run *run, struct err *err);

// Main thread, once its threads run. Something may be to do when state_fd is readable, and now and then:
// state_step.
int state_fd(const struct run_state *st);
void state_step(struct run *run);

// Main thread. Asks for a checkpoint: a ticket, which state_outcome has an answer for later: 0 not yet, 1
// kept, -1 failed, with a line of text either way.
uint64_t state_ask(struct run *run);
int state_outcome(struct run *run, uint64_t ticket, char *text, size_t len);

// Main thread. The run is to end, and to go on from there another time. False: not at this moment, a
// checkpoint is under way; state_step sees to it.
bool state_stop(struct run *run);

// Exporter's thread, between two steps. True: there was something to do.
bool state_export(struct run *run);

// Exporter's thread, when all workers have ended: whether what is open is to stay open.
bool state_keeps(const struct run *run, bool cut);

// And when the exporter has ended, too. 0 or -errno with err set: the last checkpoint could not be kept.
int state_export_last(struct run *run, bool cut, struct err *err);

// `"state":{...},`
void state_print_json(const struct run *run, FILE *to);
void state_print_text(const struct run *run, FILE *to);
