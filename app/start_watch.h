// Signals ahead of the first packet: rules may be compiled for minutes, and a pipe wait for its other end, which
// nothing can interrupt, so a thread of their own takes them. SIGINT and SIGTERM end the program there, in order
// and with status 0, as nothing was taken yet; SIGHUP waits for the rules that are being read.
#pragma once

#include "base/err.h"
#include "conf/conf.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

struct control;

struct start_watch {
	const struct conf *conf; // borrowed, as all that follows
	int signals; // a signalfd of start_watch_signals
	struct control *control; // closed at the end; NULL: none
	FILE *summary; // gets a ledger without a frame; NULL: none
	pthread_t thread;
	bool begun;
	bool terminal; // standard error was one
	int over; // eventfd
	_Atomic(bool) hangup; // watch → main: a SIGHUP came
};

// Blocks the signals that a run takes, in this thread and in all that come, and opens a signalfd for them.
// -errno when it cannot.
int start_watch_signals(void);

// From here to start_watch_end whoever runs must leave `control` and `summary` alone. Main thread; 0 or -errno
// with err set.
int start_watch_begin(struct start_watch *w, struct err *err);

// What comes from now on stays in the signalfd. May be called twice, or without a begin.
void start_watch_end(struct start_watch *w);
