// A run: everything that `sluice run` opens, in the order it is opened, and the threads over it.
// Owned by the main thread.
#pragma once

#include "app/input/input.h"
#include "app/state.h"
#include "base/live_clock.h"
#include "conf/conf.h"
#include "export/exporter.h"
#include "export/record_eve.h"
#include "match/match_engine.h"
#include "packet/filter.h"
#include "pipeline/collector.h"
#include "pipeline/receiver.h"
#include "pipeline/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// A thread of the run and how it ended.
struct run_thread {
	struct run *run;
	pthread_t thread;
	bool started;
	int cpu; // pinned to; -1: not
	uint32_t index; // of the worker
	int result; // worker, receiver: what the last step returned; read after join
	struct err err; // text of a fault; read after join
};

struct run {
	const struct conf *conf; // borrowed
	const struct input_ops *backend;
	struct live_clock clock; // the main thread tends it
	struct input *input;
	struct filter *filter;
	struct match_engine *engine; // the rule set in force; NULL: no rule files
	// Main thread:
	uint32_t n_rules; // of the newest set that a worker took
	uint32_t rules_version; // counts up with each; 0: no rule files
	uint64_t reloads, reloads_failed;
	struct eve_ifaces ifaces; // for alerts of live input
	struct sink *sink[CONF_MAX_SINKS];
	uint32_t n_sinks;
	struct exporter *exporter;
	struct worker *workers; // owned, n_workers
	uint32_t n_workers;
	struct source ***worker_sources; // owned; per worker
	uint32_t *n_worker_sources;
	struct receiver *receiver; // NULL: every worker polls its own queues
	struct collector
		*collector; // instead of workers: the input counts by itself; NULL: it does not
	bool misconfigured; // run_open failed: cpus, the filter or a rule file is at fault
	struct run_state *state; // borrowed; NULL: nothing is kept
	struct tally base; // what runs before have counted, where this one goes on from them
	uint64_t base_missed;
	uint64_t resumed_at; // frames that they took
	bool patient; // capture files: the input waits for us
	bool polite; // threads that find nothing to do give the processor away
	uint64_t start_ns; // CLOCK_MONOTONIC
	_Atomic(uint64_t) end_ns; // exporter → any: when all was written; 0: not yet
	struct run_thread worker_thread[CONF_MAX_WORKERS];
	struct run_thread receiver_thread;
	struct run_thread collector_thread;
	struct run_thread exporter_thread;
	_Atomic(uint32_t) attached; // worker, receiver, collector → control: sources are attached
	// worker, collector → exporter: threads done with their last step
	_Atomic(uint32_t) finished;
	// receiver → exporter: it is done, and whether for a fault is known
	_Atomic(bool) received;
	// worker, receiver, collector → control, exporter: a fault ended the thread
	_Atomic(uint32_t) failed;
	// Control → worker, receiver, collector: 0 wait, 1 everybody is attached, start, -1 somebody is
	// not, leave. Not to be told from `failed`: that may be a fault of a thread that started earlier.
	_Atomic(int) go;
	int done_fd; // eventfd: written by the exporter when all is done
};

// Threads that give panes to the exporter.
static inline uint32_t run_feeders(const struct run *run) {
	return run->n_workers + (run->collector != NULL);
}

struct start_watch;

// Opens all there is to open, in this order: filter, rules, sinks, input, workers, exporter. Nothing
// runs yet. 0, or -errno with err set; call run_close in any case. `watch` is ended behind what takes
// long. run_close leaves `engine`, which a reload may still read, to be freed behind reload_free.
int run_open(
	struct run *run, const struct conf *conf, struct run_state *state,
	struct start_watch *watch, struct err *err
);
void run_close(struct run *run);

// Starts the threads. 0 or -errno with err set: nothing runs then.
int run_start(struct run *run, struct err *err);

// Asks for the end: receive no more, drain, emit, flush; with a state, save what is open instead of emitting
// it, once no checkpoint is under way. Returns at once.
void run_stop(struct run *run);

// Asks for the end because of a fault: what is open is emitted in any case.
void run_stop_now(struct run *run);

// Waits for all threads. Returns 0, or -errno with the first fault's text in err.
int run_join(struct run *run, struct err *err);
