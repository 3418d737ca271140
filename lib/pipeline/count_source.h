// Where counts come from that somebody else made: rows of flows instead of packets, as the kernel hands
// them over. Polled by one thread, the collector's.
#pragma once

#include "base/err.h"
#include "packet/flow_key.h"
#include "packet/source.h"
#include "pipeline/tally.h"

#include <stdbool.h>
#include <stdint.h>

#define COUNT_BATCH_MAX 64

// One flow's counts within one pane, or what found no row there (KEY_REST).
struct counted {
	struct flow_key key; // masked; its hash is not set
	uint64_t packets;
	uint64_t bytes;
	uint64_t frame_bytes;
	int64_t first_us;
	int64_t last_us; // in the same pane as first_us
	uint8_t tcp_flags;
	uint8_t opens; // as struct flow_row's
};

struct count_batch {
	uint32_t n;
	struct counted row[COUNT_BATCH_MAX];
	// Frames since the last batch: TALLY_RECEIVED and TALLY_BYTES of all of them, reasons of those
	// that are in no row.
	struct tally tally;
	bool whole; // with this batch the sums of all so far agree: else more rows of them follow
};

struct count_source;

struct count_source_ops {
	// Called once on the thread that will call the others. 0 or -errno with src->err set.
	int (*attach)(struct count_source *src);
	// Overwrites `b`. May take as long as the kernel takes to let go of a map. Returns rows, 0: none
	// now, -ENODATA: stopped and all is handed over, or another -errno with src->err set, neither
	// before a batch is `whole`. Rows of one batch lie in one pane.
	int (*recv)(struct count_source *src, struct count_batch *b);
	// Waits until something may be there, at most `max_us`.
	void (*wait)(struct count_source *src, uint32_t max_us);
	// Ends the counting; what was counted still comes out of recv.
	void (*stop)(struct count_source *src);
	// Any thread, while attached.
	void (*stats)(struct count_source *src, struct source_stats *out);
	void (*detach)(struct count_source *src);
};

// Embedded first in each kind of source.
struct count_source {
	const struct count_source_ops *ops;
	// Nothing earlier will come any more; never ahead of now, also at the end, where it tells which
	// windows are whole. By recv; INT64_MIN: not known.
	int64_t horizon_us;
	struct err err; // text of the fault that recv or attach returned
};
