// The bodies of a run's threads, and where they run.
#pragma once

struct run;

// Chooses a processor for each thread: as configured, else one each while there are enough.
void threads_place(struct run *run);

// pthread start routines; the argument is a struct run_thread.
void *thread_worker(void *arg);
void *thread_collector(void *run_thread);
void *thread_receiver(void *arg);
void *thread_exporter(void *arg);
