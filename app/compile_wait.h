// Tells that compiling goes on, which can take minutes: a person at a terminal by a line on stderr, once a
// second, that goes away at the end; elsewhere the log, once, after a few seconds.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct compile_wait {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool shown; // there is a thread
	bool terminal; // stderr is one
	bool over; // under the lock, as what follows
	const char *what;
	uint32_t n;
	uint32_t done, all; // steps; all 0: not known
};

// "compiling `n` `what`", or what is given as `what` alone where `n` is 0. `what` must stay. `logged`:
// where stderr is no terminal the log tells; else nothing does.
void compile_wait_begin(struct compile_wait *w, uint32_t n, const char *what, bool logged);
void compile_wait_end(struct compile_wait *w);

// Any thread. `ctx` is the struct compile_wait.
void compile_wait_progress(void *ctx, uint32_t done, uint32_t all);
