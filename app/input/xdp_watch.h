// Keeps programs attached: a thread that sees interfaces go and come back, says so once, attaches again
// by name, and counts what was missed meanwhile.
#pragma once

#include "xdp_attach.h"
#include "xdp_interface.h"
#include "xdp_offload.h"

#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct bpf_program;

struct xdp_watched {
	struct xdp_interface interface; // as it was last seen
	struct bpf_program *program; // borrowed
	struct xdp_attachment at;
	struct xdp_offloads offloads;
	int taken; // index of the interface that was attached to last
	bool there; // the interface is
	bool failed; // it came back, and could not be taken up; said once
	uint64_t missed_before; // the device's own count when it was attached
	uint64_t missed; // by the device since
};

struct xdp_watch {
	struct xdp_watched *device; // owned
	uint32_t n_devices; // attached so far
	uint64_t missed_past; // before an interface was taken up again, all of them
	_Atomic(uint64_t) missed; // watcher → any: frames that no program saw
	pthread_t thread;
	bool running;
	int wake; // eventfd: the end
	int events; // netlink socket: something about an interface
};

// Room for `n` interfaces. 0 or -errno with err set; in any case to be closed.
int xdp_watch_open(struct xdp_watch *w, uint32_t n, struct err *err);

// Suspends an interface's offloads and attaches a program to it, which is watched from then on. 0 or -errno as xdp_attach.
int xdp_watch_add(
	struct xdp_watch *w, const struct xdp_interface *itf, struct bpf_program *program,
	struct err *err
);

// Starts the thread; it takes its privileges and its network namespace from the caller.
int xdp_watch_start(struct xdp_watch *w, struct err *err);

// Ends the thread, detaches all programs, resumes the offloads.
void xdp_watch_close(struct xdp_watch *w);
