// One reload's work off the packet path: a thread that reads rule files, compiles them and makes
// what each worker needs for them, then says that it is done.
#pragma once

#include "base/err.h"
#include "conf/conf.h"
#include "match/match_engine.h"
#include "match/match_work.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct reload_job {
	// Set by who starts it.
	const struct conf *conf; // borrowed
	const struct match_engine *before; // in force when it began; borrowed
	uint32_t n_workers;
	cpu_set_t cpus; // where it may run; empty: anywhere
	int done_fd; // an eventfd it writes to; borrowed
	// The thread's until `done`.
	struct match_engine *engine; // owned; NULL: err says why
	// Owned, for each worker.
	struct match_work *work[CONF_MAX_WORKERS];
	// For all workers: until each has taken the set or ended.
	uint32_t *map; // owned; match_engine_map of the one before and this one
	bool same;
	char *report; // what became of each rule, as `sluice rules` prints it; NULL: no file was read
	struct err err;
	int64_t took_us;
	_Atomic(bool) done; // thread → main
	pthread_t thread;
};

// Starts the thread. NULL with err set. Free with reload_job_free once it is done.
struct reload_job *reload_job_start(
	const struct conf *conf, const struct match_engine *before, uint32_t n_workers,
	const cpu_set_t *cpus, int done_fd, struct err *err
);
bool reload_job_done(struct reload_job *job);

// The process is about to end and the thread is not done: nobody will ask for it any more.
void reload_job_abandon(struct reload_job *job);
void reload_job_free(struct reload_job *job);
