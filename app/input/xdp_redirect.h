// What the receive queues of an interface share in redirect mode: the program, the map that leads to
// their sockets, and whether the interface is there. The queues' threads call in here while their
// interface is away, so everything is under a lock; nothing here is on the packet path.
#pragma once

#include "xdp_attach.h"
#include "xdp_interface.h"
#include "xdp_queue.h"

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct bpf_program;

struct xdp_redirect {
	pthread_mutex_t lock;
	struct xdp_interface itf; // as it was last seen
	struct bpf_object *object; // owned
	struct bpf_program *program; // the object's, as the maps are
	int sockets_fd;
	int unserved_fd;
	struct xdp_attachment at;
	bool down; // as the log says
	bool away; // as the log says
	bool taken_off; // the program, as the log says
	uint64_t device_before; // frames that the device missed when the program was attached
	uint64_t device_missed; // since
	uint64_t missed_past; // before that, and while the interface was away
	uint32_t n_sources; // that use it
};

// Loads the program for an interface of so many queues. NULL with err set.
struct xdp_redirect *xdp_redirect_new(const struct xdp_interface *itf, struct err *err);
// Takes the program off and frees everything. The queues are closed. NULL is fine.
void xdp_redirect_free(struct xdp_redirect *r);

// Attaches the program: from here on frames go to the queues that entered. 0 or -errno with err set.
int xdp_redirect_attach(struct xdp_redirect *r, struct err *err);

// Opens a queue's socket and gives it the frames of its receive queue. 0 or what xdp_queue_open says.
int xdp_redirect_enter(
	struct xdp_redirect *r, struct xdp_queue *q, bool zero_copy, struct err *err
);

// For a queue that is not open because its interface went away: opens it again; the first one to
// succeed attaches the program again. 0; -ENODEV: not back yet; or another -errno; err has a text.
int xdp_redirect_return(struct xdp_redirect *r, struct xdp_queue *q, struct err *err);

// To be called now and then while the interface is there: says in the log, once, when it goes down or
// comes up; attaches the program again if somebody took it off.
void xdp_redirect_watch(struct xdp_redirect *r);

// Closes a queue's socket; its frames go by from then on.
void xdp_redirect_leave(struct xdp_redirect *r, struct xdp_queue *q);

// Frames that the queue missed; the first queue answers also for those that found no socket
// and those that the device itself had no room for. Any thread.
uint64_t xdp_redirect_missed(struct xdp_redirect *r, const struct xdp_queue *q);
