// The control socket: answers requests of `sluice stats`, `reload`, `stop` and of whoever speaks the same,
// while a run goes on. Main thread, or ahead of the run that of app/start_watch; nothing here waits.
//
// A client sends one line, "SLUICE/1 REQUEST\n", of at most CONTROL_REQUEST_MAX octets, and receives
// "SLUICE/1 ok LENGTH\n" or "SLUICE/1 error LENGTH\n", then LENGTH octets of text; that ends the
// connection. Requests: "stats" and "stats json" (the ledger), "reload" (answered when the rules are in
// force, or are not to be), "checkpoint" (answered when it is kept or has failed), "stop" (answered when
// all is written).
#pragma once

#include "base/err.h"
#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>

#define CONTROL_VERSION "SLUICE/1"
#define CONTROL_REQUEST_MAX 256
#define CONTROL_CLIENTS_MAX 16 // at once; further ones wait their turn
// Of them for the begin of the run, a reload, a checkpoint or the end; stats are to be had meanwhile.
#define CONTROL_WAITING_MAX 8

// To who asks for stats ahead of the run.
#define CONTROL_STARTING \
	"still starting: rules are compiled, or the input is waited for; no packet was taken yet\n"

struct control;
struct reload;
struct run;

// Listens. NULL with err set. `conf` is borrowed. Opened ahead of all threads, as control_socket_open asks.
struct control *control_open(const struct conf_control *conf, struct err *err);

// Readable when there is something to do.
int control_fd(const struct control *c);

// Does what there is to do, and drops clients that take too long; call it now and then. Ahead of a run, `run` and
// `reload` NULL, requests wait for it, "stats" two seconds: then the answer is an error that says so. True
// when "stop" came there, which control_close answers.
bool control_step(struct control *c, struct run *run, struct reload *reload);

// Tells those who wait what came of the run, and stops listening; waits a moment for them to take it.
// NULL is fine.
void control_close(struct control *c, bool ok, const char *text);
