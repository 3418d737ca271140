// Where packets come from: one receive queue, polled by one thread. Capture file, DPDK queue, XDP
// ring and the ring between a receiver and a worker all look like this.
#pragma once

#include "base/err.h"
#include "packet/burst.h"

#include <stdbool.h>
#include <stdint.h>

struct source;

// A place in an input that can be read again: frames ahead of it, and what spares reading them once more. Of
// files alone; all zero: the beginning.
struct source_place {
	uint64_t frames;
	uint64_t octet; // in the file, where the next frame begins; 0: at its beginning
	uint64_t looked_at; // in the file as it is stored: those ahead of it are digested; 0: none
	uint64_t digest;
	uint64_t file; // in their order
};

// What the input lost before Sluice could take it, by where it was lost. Cumulative.
struct source_stats {
	uint64_t missed; // frames, all causes together
	uint64_t bytes_read; // octets of the capture files read so far; 0: not a file
	uint64_t bytes_total; // size of the capture files; 0: unknown
	uint64_t to_skip; // frames that a run before took and that have yet to be read over
};

struct source_ops {
	// Called once on the thread that will call recv and release. 0 or -errno with src->err set.
	int (*attach)(struct source *src);
	// Never blocks. Fills b->pkt[0 .. n) and, if src->parsed, b->key[0 .. n) too; sets b->n and
	// src->newest_us. Returns n >= 0, -ENODATA at the end of the input (for good), or another
	// -errno for a fault, with src->err set; packets received before a fault are returned first.
	int (*recv)(struct source *src, struct burst *b);
	// Gives all b->n packets of the burst back. Same thread as recv.
	void (*release)(struct source *src, struct burst *b);
	// Copies up to `len` octets of a packet in several segments from its first octet on; returns
	// how many. Any thread that holds the packet. NULL: packets are always in one piece.
	uint32_t (*gather
	)(const struct source *src, const struct packet *p, uint8_t *to, uint32_t len);
	// The last place it can tell that is not behind the frames given so far; between two calls of recv,
	// same thread. NULL, as `seek`: frames are all that tells.
	void (*place)(struct source *src, struct source_place *out);
	// Ahead of the first recv, any thread: gives what is behind that place, of a run before. 0, or -errno
	// with src->err set: there is no such place, or another file is there.
	int (*seek)(struct source *src, const struct source_place *to);
	// Goes on behind the mark where recv said `at_mark`. NULL: there are none.
	void (*pass)(struct source *src);
	// Waits until packets may be there, at most `max_us`. Same thread as recv. NULL: poll.
	void (*wait)(struct source *src, uint32_t max_us);
	// Any thread, while attached.
	void (*stats)(struct source *src, struct source_stats *out);
	// Called once on the thread that attached.
	void (*detach)(struct source *src);
};

// Embedded first in each kind of source.
struct source {
	const struct source_ops *ops;
	// The newest event time this input has seen, without lateness; INT64_MIN before the first
	// packet. Kept by recv for sources that are `parsed`, by whoever calls recv for the others
	// (packet/event_clock.h).
	int64_t newest_us;
	// Frames that recv has given so far, and how many of those to come were taken by a run before and are
	// to be given back unseen. Kept by whoever calls recv (packet/source_skip.h).
	uint64_t frames;
	uint64_t skip;
	// recv gave nothing because a mark stands here (pipeline/lane.h); cleared by whoever calls it.
	bool at_mark;
	bool patient; // a capture file: it waits for us, nothing is shed, its end is an end
	bool parsed; // packets come with key, verdict and lateness
	struct err err; // text of the fault that recv or attach returned
};
