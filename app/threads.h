// The bodies of a run's threads, and where they run.
#pragma once

#include "base/err.h"

#include <sched.h>

struct conf_input;
struct run;

// Whether a thread can run on each of the processors that are configured; for a moment the caller does. 0 or
// -EINVAL with err set.
int threads_check_cpus(const struct conf_input *in, struct err *err);

// Chooses a processor for each thread that polls: as configured, else one each while there are enough. Where
// they have them for their own the calling thread, and those it makes, keep off them from then on.
void threads_place(struct run *run);

// Once they are placed: those processors of the calling thread that no worker or receiver has for its own.
void threads_free_cpus(const struct run *run, cpu_set_t *cpus);

// pthread start routines; the argument is a struct run_thread.
void *thread_worker(void *arg);
void *thread_collector(void *run_thread);
void *thread_receiver(void *arg);
void *thread_exporter(void *arg);
