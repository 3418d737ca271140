// Keeps programs attached: a thread that sees interfaces go and come back, says so once, attaches again
// by name, and counts what was missed meanwhile. What else hangs on an interface comes and goes with it.
#pragma once

#include "xdp_attach.h"
#include "xdp_interface.h"
#include "xdp_offload.h"

#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// What else hangs on an interface. Called by the thread that adds it, from its start on by the watch's;
// never by both, and not by xdp_watch_close.
struct xdp_watch_client {
	void *arg;
	// Before the program is attached, and attached again; `itf` may be another interface of the
	// name. 0; -EAGAIN: not yet, to be asked again soon; or another -errno with err set.
	int (*prepare)(void *arg, const struct xdp_interface *itf, struct err *err);
	// After that. The same; if it is not 0 the program is taken off.
	int (*attached)(void *arg, const struct xdp_attachment *at, struct err *err);
	// Now and then while all is well.
	void (*look)(void *arg, const struct xdp_interface *itf);
	// The interface went away, the program is off; perhaps more than once.
	void (*lost)(void *arg);
};

struct xdp_watched {
	struct xdp_interface interface; // as it was last seen
	struct xdp_loaded program;
	const struct xdp_watch_client *client; // borrowed; NULL: nothing else
	struct xdp_attachment at;
	struct xdp_offloads offloads;
	int taken; // index of the interface that was attached to last
	bool there; // the interface is
	bool failed; // it came back, and could not be taken up; said once
	bool waiting; // for its client
	uint64_t missed_before; // the device's own count when it was attached
	uint64_t missed; // by the device since
};

struct xdp_watch {
	pthread_mutex_t lock; // of the devices
	struct xdp_watched *device; // owned
	uint32_t n_devices; // attached so far
	bool shared; // programs are attached beside others
	uint64_t missed_past; // before an interface was taken up again, all of them
	_Atomic(uint64_t) missed; // watcher → any: frames that no program saw
	pthread_t thread;
	bool running;
	int wake; // eventfd: the end
	int events; // netlink socket: something about an interface
};

// Room for `n` interfaces, to which programs are attached beside others or not. 0 or -errno with err set;
// in any case to be closed.
int xdp_watch_open(struct xdp_watch *w, uint32_t n, bool shared, struct err *err);

// Suspends an interface's offloads and attaches a program to it, which is watched from then on. 0 or
// -errno as xdp_attach.
int xdp_watch_add(
	struct xdp_watch *w, const struct xdp_interface *itf, const struct xdp_loaded *program,
	struct err *err
);

// The same with something else that hangs on the interface. 0 or -errno as xdp_attach and the client.
int xdp_watch_add_client(
	struct xdp_watch *w, const struct xdp_interface *itf, const struct xdp_loaded *program,
	const struct xdp_watch_client *client, struct err *err
);

// Starts the thread; it takes its privileges and its network namespace from the caller.
int xdp_watch_start(struct xdp_watch *w, struct err *err);

// As `missed`, asked of the devices at this moment if the watch's thread is not busy. Any thread, before
// it is closed.
uint64_t xdp_watch_missed(struct xdp_watch *w);

// Ends the thread, detaches all programs, resumes the offloads.
void xdp_watch_close(struct xdp_watch *w);
