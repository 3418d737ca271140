// A sink: where records go. Opened by the control thread before the first packet, then used by the
// exporter thread only.
#pragma once

#include "base/err.h"
#include "base/key_cut.h"
#include "export/out_mark.h"
#include "export/record_watch.h"
#include "flow/alert.h"
#include "flow/back.h"
#include "flow/sums.h"

#include <stdbool.h>
#include <stdint.h>

// The window that the records written next belong to, or what they have in common.
struct window_info {
	const char *stream; // name
	uint32_t fields; // FIELD_BIT()s of its key
	struct key_cut cut; // of its key
	uint32_t distinct; // FIELD_BIT() of the field whose values are counted; 0: none
	int64_t start_us;
	int64_t end_us;
	// Not 0: sessions, flows or counts, each a window of its own, [first_us, last_us + tail_us), perhaps
	// with a reason; start_us and end_us mean nothing.
	int64_t tail_us;
	bool partial; // each of them
	bool late; // corrections: of late packets alone
};

struct sink_stats {
	uint64_t delivered; // records that reached the sink
	uint64_t spooled; // records that wait for it
	uint64_t dropped; // records that it could not take
};

struct sink;

// A sink takes windows (begin, write, end), or alerts, or both; what it does not take is NULL.
struct sink_ops {
	// A window with at least one record begins, or some sessions or flows.
	void (*begin)(struct sink *s, const struct window_info *window);
	// `n` records of it, and of each the other direction: `backs` is NULL where records have one only.
	// 0 or -errno with err set: what could not be written was counted dropped.
	int (*write
	)(struct sink *s, const struct flow_sum *sums, const struct flow_back *backs, uint32_t n,
	  struct err *err);
	// The window is complete. 0 or -errno: as above.
	int (*end)(struct sink *s, struct err *err);
	// Everything to where it outlives the process. 0 or -errno: as above.
	int (*flush)(struct sink *s, struct err *err);
	// At the end, behind a flush: everything to where it outlives the machine; NULL: it is there, or never
	// will be. 0 or -EIO with err set: what was counted delivered may be lost.
	int (*sync)(struct sink *s, struct err *err);
	void (*close)(struct sink *s);
	// An alert. 0 or -errno: as above.
	int (*alert)(struct sink *s, const struct alert *alert, struct err *err);
	// A change alert of a stream that it takes windows of; NULL: they are not for it. 0 or -errno: as
	// above.
	int (*change)(struct sink *s, const struct watch_alert *alert, struct err *err);
	// For checkpoints; NULL: what the sink was given leaves nothing behind. As out_file_mark, _kept and
	// _cut say; everything goes out ahead of a mark, and err is also set where that was counted dropped.
	int (*mark)(struct sink *s, struct out_mark *mark, struct err *err);
	int (*kept)(struct sink *s, struct err *err);
	int (*cut)(struct sink *s, const struct out_mark *mark, struct err *err);
};

// Embedded first in each kind of sink.
struct sink {
	const struct sink_ops *ops;
	struct sink_stats stats; // the exporter publishes it
};
