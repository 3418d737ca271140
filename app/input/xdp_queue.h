// An AF_XDP socket on one receive queue of an interface, and the memory (UMEM) its frames are in. Its
// rings belong to one thread, the one that receives.
#pragma once

#include "xdp_interface.h"

#include "base/err.h"
#include "packet/burst.h"

#include <xdp/xsk.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define XDP_QUEUE_FRAME 4096u // octets of a UMEM frame
// The longest frame of the wire that fits one: the kernel keeps XDP_PACKET_HEADROOM for itself.
#define XDP_QUEUE_FRAME_MAX (XDP_QUEUE_FRAME - 256u)
#define XDP_QUEUE_FRAMES_MIN 512u
#define XDP_QUEUE_FRAMES_MAX 16384u

// A piece of a packet that is in several UMEM frames; one for each UMEM frame.
struct xdp_segment {
	uint32_t len; // octets
	uint32_t next; // where in the UMEM the next piece begins; 0: the last one
};

struct xdp_queue {
	uint32_t id; // receive queue
	struct xsk_socket *socket; // NULL: not open
	bool zero_copy;
	bool several; // frames in several pieces are received
	uint8_t in_port;
	struct xsk_ring_cons rx;
	struct xsk_ring_prod fill;
	uint8_t *area; // the UMEM, owned; stays when the socket goes
	struct xdp_segment *segment; // owned; of each UMEM frame
	uint32_t n_frames;
	uint32_t held; // UMEM frames received and not released
	uint64_t missed_before; // by sockets that were closed
	// the packet whose last piece has not come yet
	uint32_t pieces; // 0: there is none
	uint32_t first, last; // where in the UMEM its pieces begin
	uint32_t head_len, len;
	struct xsk_umem *umem;
	struct xsk_ring_cons completion; // of sending: never used, but a UMEM has one
};

// Memory for `frames` UMEM frames. 0 or -ENOMEM with err set. xdp_queue_fini whatever it returned.
int xdp_queue_init(
	struct xdp_queue *q, uint32_t id, uint8_t in_port, uint32_t frames, struct err *err
);
void xdp_queue_fini(struct xdp_queue *q);

// Opens the socket. `zero_copy`: tried first. 0; -ENOBUFS: not so much memory may be locked; -EPERM,
// -EBUSY, -ENOTSUP, -ENODEV or another -errno; err has the cure. No frame may be held.
int xdp_queue_open(
	struct xdp_queue *q, const struct xdp_interface *itf, bool zero_copy, struct err *err
);
// Nothing to do for a socket that is not open. No frame may be held.
void xdp_queue_close(struct xdp_queue *q);

// Whether the interface went away under the socket: true once. Drops a packet that will never be
// complete.
bool xdp_queue_dead(struct xdp_queue *q);

// Waits for packets until `max` has passed; same thread as recv.
void xdp_queue_wait(struct xdp_queue *q, const struct timespec *max);

// Frames that the kernel could not give to this queue's sockets. Not while it is opened or closed.
uint64_t xdp_queue_missed(const struct xdp_queue *q);

// The packets that are there, with data, handle and lengths; the socket is open. Returns how many
// descriptors were taken, which is not 0 while only a part of a packet has come.
uint32_t xdp_queue_recv(struct xdp_queue *q, struct burst *b);

// By the packets' handles, in any order, also when the interface has gone.
void xdp_queue_release(struct xdp_queue *q, const struct burst *b);

// Any thread that holds the packet.
uint32_t
xdp_queue_gather(const struct xdp_queue *q, const struct packet *p, uint8_t *to, uint32_t len);
