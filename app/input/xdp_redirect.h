// What the receive queues of an interface share in redirect mode: the program, and the map that leads
// to their sockets. Opening and closing a socket is under a lock against those who count; nothing here
// is on the packet path.
#pragma once

#include "xdp_interface.h"
#include "xdp_loaded.h"
#include "xdp_queue.h"

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct bpf_program;

struct xdp_redirect {
	pthread_mutex_t lock;
	struct xdp_interface itf; // that sockets are opened on
	struct bpf_object *object; // owned
	struct bpf_program *program; // the object's, as the maps are
	struct xdp_loaded loaded; // the same
	int sockets_fd;
	int unserved_fd;
};

// Loads the program for an interface of so many queues. NULL with err set.
struct xdp_redirect *xdp_redirect_new(const struct xdp_interface *itf, struct err *err);
// Frees everything. The queues are closed, the program is off. NULL is fine.
void xdp_redirect_free(struct xdp_redirect *r);

// From now on sockets are opened on this one, which has the same name. Same thread as enter.
void xdp_redirect_move(struct xdp_redirect *r, const struct xdp_interface *itf);

// Opens a queue's socket and gives it the frames of its receive queue, once the program is attached. 0
// or what xdp_queue_open says.
int xdp_redirect_enter(
	struct xdp_redirect *r, struct xdp_queue *q, bool zero_copy, struct err *err
);

// Closes a queue's socket; its frames go by from then on.
void xdp_redirect_leave(struct xdp_redirect *r, struct xdp_queue *q);

// Frames that the queue missed; the first queue answers also for those that found no socket. Any thread.
uint64_t xdp_redirect_missed(struct xdp_redirect *r, const struct xdp_queue *q);

// Frames that the kernel has given to the queue and nobody took: once nobody receives. Any thread.
uint64_t xdp_redirect_left(struct xdp_redirect *r, const struct xdp_queue *q);
