// Signals ahead of the first packet: rules may be compiled for minutes, and a pipe wait for its other end,
// which nothing can interrupt, so a thread of their own takes them, and what clients of the control socket ask.
// SIGINT, SIGTERM and `sluice stop` end the program there, in order and with status 0, as nothing was taken
// yet, and so does the end of --duration; SIGHUP waits for the rules that are being read.
#pragma once

#include "base/err.h"
#include "conf/conf.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct control;

struct start_watch {
	const struct conf *conf; // borrowed, as all that follows
	int signals; // a signalfd of start_watch_signals
	struct control *control; // closed at the end; NULL: none
	FILE *summary; // gets a ledger without a frame; NULL: none
	int64_t duration_us; // how long the run may wait for its input; 0: for ever
	pthread_t thread;
	bool begun;
	bool terminal; // standard error was one
	int wake; // eventfd: one of these changed
	_Atomic(bool) over; // main → watch
	_Atomic(int64_t) due_us; // main → watch: CLOCK_MONOTONIC, when the wait is over; 0: never
	_Atomic(bool) hangup; // watch → main: a SIGHUP came
};

// Blocks the signals that a run takes, in this thread and in all that come, and opens a signalfd for them.
// -errno when it cannot.
int start_watch_signals(void);

// From here to start_watch_end whoever runs must leave `control` and `summary` alone. Main thread; 0 or -errno
// with err set.
int start_watch_begin(struct start_watch *w, struct err *err);

// The input is waited for from now on: no longer than `duration_us`, as without a packet a run ends then, too.
void start_watch_input(struct start_watch *w);

// What comes from now on stays in the signalfd. May be called twice, or without a begin.
void start_watch_end(struct start_watch *w);
