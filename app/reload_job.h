// One reload's work off the packet path: a thread that reads rule files, compiles them and makes a
// scratch for each worker, then says that it is done.
#pragma once

#include "base/err.h"
#include "conf/conf.h"
#include "match/matcher.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct reload_job {
	// Set by who starts it.
	const struct conf_match *conf; // borrowed
	uint32_t n_workers;
	cpu_set_t cpus; // where it may run; empty: anywhere
	int done_fd; // an eventfd it writes to; borrowed
	// The thread's until `done`.
	struct matcher *matcher; // NULL: err says why
	struct match_scratch *scratch[CONF_MAX_WORKERS]; // owned
	char *report; // what became of each rule, as `sluice rules` prints it; NULL: no file was read
	struct err err;
	int64_t took_us;
	_Atomic(bool) done; // thread → main
	pthread_t thread;
};

// Starts the thread. NULL with err set. Free with reload_job_free once it is done.
struct reload_job *reload_job_start(
	const struct conf_match *conf, uint32_t n_workers, const cpu_set_t *cpus, int done_fd,
	struct err *err
);
bool reload_job_done(struct reload_job *job);

// The process is about to end and the thread is not done: nobody will ask for it any more.
void reload_job_abandon(struct reload_job *job);
void reload_job_free(struct reload_job *job);
