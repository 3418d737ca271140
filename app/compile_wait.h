// Tells a person at a terminal that compiling goes on, which can take minutes: a line on stderr, once a
// second, that goes away at the end. Nothing where stderr is no terminal.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct compile_wait {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool shown; // there is a thread
	bool over; // under the lock, as what follows
	const char *what;
	uint32_t n;
	uint32_t done, all; // steps; all 0: not known
};

// "compiling `n` `what`". `what` must stay.
void compile_wait_begin(struct compile_wait *w, uint32_t n, const char *what);
void compile_wait_end(struct compile_wait *w);

// Any thread. `ctx` is the struct compile_wait.
void compile_wait_progress(void *ctx, uint32_t done, uint32_t all);
