// An AF_XDP socket on one receive queue of an interface, and the memory (UMEM) its frames are in. Its
// rings belong to one thread at a time: to the one that opens it, then to the one that receives.
#pragma once

#include "xdp_interface.h"

#include "base/err.h"
#include "packet/burst.h"

#include <xdp/xsk.h>

#include <linux/if_ether.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define XDP_QUEUE_FRAME 4096u // octets of a UMEM frame
// The longest frame of the wire that fits one: the kernel keeps XDP_PACKET_HEADROOM for itself.
#define XDP_QUEUE_FRAME_MAX (XDP_QUEUE_FRAME - 256u)
#define XDP_QUEUE_HEADER_MAX (ETH_HLEN + 4u) // beside the MTU: a VLAN tag too
#define XDP_QUEUE_FRAMES_MIN 512u
#define XDP_QUEUE_FRAMES_MAX 16384u

// A piece of a packet that is in several UMEM frames; one for each UMEM frame.
struct xdp_segment {
	uint32_t len; // octets
	uint32_t next; // where in the UMEM the next piece begins; 0: the last one
};

// Whose a queue is. The receiver may be asked to give it back.
enum xdp_turn {
	XDP_TURN_OPENER, // set by the receiver, when it was asked and holds no frame
	XDP_TURN_RECEIVER, // set by the opener
	XDP_TURN_ASKED, // set by the opener: still the receiver's
};

struct xdp_queue {
	uint32_t id; // receive queue
	struct xsk_socket *socket; // NULL: not open
	bool zero_copy;
	bool several; // frames in several pieces are received
	_Atomic(uint32_t) turn; // enum xdp_turn: opener ↔ receiver
	_Atomic(bool) busy; // opener → receiver: busy polling works on this socket (xdp_busy.h)
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
// Other memory, of so many frames, for a queue that is not open. 0 or -ENOMEM with err set: then there
// is none, and it is not to be opened.
int xdp_queue_resize(struct xdp_queue *q, uint32_t frames, struct err *err);

// Opens the socket. `zero_copy`: tried first. 0; -ENOBUFS: not so much memory may be locked; -EPERM,
// -EBUSY, -ENOTSUP, -ENODEV or another -errno; err has the cure. No frame may be held. Opener.
int xdp_queue_open(
	struct xdp_queue *q, const struct xdp_interface *itf, bool zero_copy, struct err *err
);
// Nothing to do for a socket that is not open. No frame may be held. Opener.
void xdp_queue_close(struct xdp_queue *q);

// Of an open socket.
static inline int xdp_queue_fd(const struct xdp_queue *q) {
	return xsk_socket__fd(q->socket);
}

// The longest frame of an interface, in octets.
static inline uint32_t xdp_queue_longest(const struct xdp_interface *itf) {
	return itf->mtu + XDP_QUEUE_HEADER_MAX;
}

// Whether the interface went away under an open socket: true once. Opener, whosever turn it is.
bool xdp_queue_dead(const struct xdp_queue *q);

// Whether an open socket ever was given a frame. Opener, whosever turn it is.
bool xdp_queue_began(const struct xdp_queue *q);

// The receiver's answer to XDP_TURN_ASKED when it has received all there is: gives the queue back unless
// it still holds a frame. Drops a packet that will never be complete.
void xdp_queue_give(struct xdp_queue *q);

// Waits for packets until `max` has passed. Receiver.
void xdp_queue_wait(struct xdp_queue *q, const struct timespec *max);

// Frames that the kernel could not give to this queue's sockets. Any thread, not while it is opened or
// closed.
uint64_t xdp_queue_missed(const struct xdp_queue *q);

// Frames that the kernel has given and nobody took. Not while somebody receives.
uint64_t xdp_queue_left(const struct xdp_queue *q);

// The packets that are there, with data, handle and lengths; the socket is open. Returns how many
// descriptors were taken, which is not 0 while only a part of a packet has come. Receiver.
uint32_t xdp_queue_recv(struct xdp_queue *q, struct burst *b);

// By the packets' handles, in any order, also when the interface has gone.
void xdp_queue_release(struct xdp_queue *q, const struct burst *b);

// Any thread that holds the packet.
uint32_t
xdp_queue_gather(const struct xdp_queue *q, const struct packet *p, uint8_t *to, uint32_t len);
