// The exporter: takes handed-over panes and alerts from all workers, makes windows of every stream from
// the panes, and writes windows and alerts to the sinks once no worker can add to them. One thread.
#pragma once

#include "base/counters.h"
#include "base/state_io.h"
#include "export/alerting.h"
#include "export/sink.h"
#include "export/watches.h"
#include "flow/pane.h"
#include "flow/window.h"

#include <stdbool.h>
#include <stdint.h>

#define EXPORTER_STREAMS_MAX 64

struct exporter_stream {
	const char *name; // borrowed
	uint32_t fields; // FIELD_BIT()s of the key
	// As struct window_config has them.
	int64_t size_us;
	int64_t step_us;
	enum window_kind kind;
	bool biflow;
	struct ranking_config ranking;
	struct key_cut cut; // of the key
	uint32_t distinct; // as struct window_config has it
	struct key_cut distinct_cut;
	const char *where; // which rows it takes, flow/where.h; "" or NULL: all
	uint64_t
		memory; // octets that its open windows may hold; 0: a part of what the others leave
	bool keep_open; // as struct window_config has it
	struct count_table *const *counts; // count: one a worker, as `stores`
};

struct exporter_sink {
	struct sink *sink; // borrowed; only the exporter calls it until exporter_free
	uint64_t streams; // bit N: takes stream N
	const char *name; // borrowed
};

struct exporter_config {
	const struct exporter_stream *streams;
	uint32_t n_streams; // at most EXPORTER_STREAMS_MAX
	const struct exporter_sink *sinks;
	uint32_t n_sinks;
	struct pane_store *const *stores; // one a worker; borrowed
	uint32_t n_stores;
	struct pane_store *const
		*late; // of late packets, one a store; borrowed; NULL: no corrections
	struct alert_ring *const *alerts; // one a worker; borrowed; NULL: nobody makes alerts
	uint32_t n_alerts;
	const struct exporter_watch *watches; // NULL: none
	uint32_t n_watches;
	// Octets that open windows may hold together, shared out as export/memory.h says.
	uint64_t memory;
	// Windows that began before it are partial, sessions and flows that may have; INT64_MIN: a capture
	// file.
	int64_t live_start_us;
	// Of live input: what tells how late windows leave, and where the next run goes on from; borrowed.
	// NULL: nobody asks.
	struct live_clock *clock;
	struct hash_seed seed;
};

// What `counters` of a stream hold.
enum exporter_stream_stat {
	STREAM_WINDOWS, // with at least one record
	STREAM_RECORDS,
	STREAM_PACKETS,
	STREAM_BYTES,
	STREAM_OPEN, // windows open now
	STREAM_DISTINCT_LEAST, // records whose distinct values there was no room for
	STREAM_EVICTED, // sessions, flows and counts that were ended to make room
	STREAM_REST, // packets in rows "rest":"full", corrections' too
	STREAM_FORCED, // times that windows left early to make room
	STREAM_LATE_RECORDS, // corrections, which are in none of the above
	STREAM_LATE_PACKETS,
	// Live: how long after they were due, by the clock, windows left that nobody cut; microseconds.
	STREAM_DELAY_MAX,
	STREAM_DELAY_P99,
	STREAM_STAT_COUNT,
};

// What `counters` of a sink hold, as struct sink_stats.
enum exporter_sink_stat {
	SINK_DELIVERED,
	SINK_SPOOLED,
	SINK_DROPPED,
	SINK_STAT_COUNT
};

struct exporter;

// NULL when out of memory, or where a condition does not compile. Copies what `conf` points to but the
// names, sinks and stores.
struct exporter *exporter_new(const struct exporter_config *conf);
void exporter_free(struct exporter *e);

// Takes what was handed over, closes what is complete, flushes when there is nothing else to do.
// Returns whether there was anything to do.
bool exporter_step(struct exporter *e);

// After the last worker has finished: takes the rest, closes every window, flushes. `cut`: windows
// that were not complete are marked partial.
void exporter_finish(struct exporter *e, bool cut);

// Instead of exporter_finish, for a run that is to go on from a checkpoint: what is complete goes out, what
// is open stays, to be saved.
void exporter_leave(struct exporter *e);

// Behind either, for what no checkpoint speaks of: until everything is on disk, or the run has a fault.
void exporter_sync(struct exporter *e);

// Checkpoints. Every worker sets a mark in its rings, at one moment of the input; behind a mark nothing is
// taken until all are reached (exporter_marked, behind a step). What is saved then is of that moment, with
// the sinks' files synced and their places noted; exporter_lost tells then whether records were lost on their
// way there. exporter_pass goes on, also where marks are only on their way: that checkpoint is given up.
bool exporter_marked(const struct exporter *e);
int exporter_save(struct exporter *e, struct state_writer *w, struct err *err);
void exporter_pass(struct exporter *e);

// The checkpoint that was saved last is kept for good.
void exporter_kept(struct exporter *e);

// Ahead of the first step. Loads the records of exporter_save, in their order, into an exporter of the same
// streams and sinks, and brings the sinks' files back to where they were; or there is nothing to load.
// 0 or -errno with err set, which tells what to raise where there is less memory.
int exporter_load(struct exporter *e, const struct state_record *r, struct err *err);
int exporter_afresh(struct exporter *e, struct err *err);

// Whether the record tells what time live input had come to; and which, in microseconds.
bool exporter_reached(const struct state_record *r, int64_t *us);

// Where the record says that a sink's file was, and which sink; both the record's. NULL: it is not about that.
const struct out_mark *exporter_saved_mark(const struct state_record *r, const char **sink);

// Whether anything went wrong on the way out, and whether records were lost by it (a sink refused them, its disk
// did not keep them, memory was out): the log says what, the run has a fault. Exporter thread, and after its end.
bool exporter_failed(const struct exporter *e);
bool exporter_lost(const struct exporter *e);

// Control thread: rule sets that are to be freed may still be spoken of by alerts on their way; see
// alerting_retire. Where nobody makes alerts every ticket is done with at once.
uint32_t exporter_retire(struct exporter *e);
bool exporter_retired(struct exporter *e, uint32_t ticket);

// Any thread.
void exporter_stream_stats(struct exporter *e, uint32_t stream, uint64_t out[STREAM_STAT_COUNT]);
void exporter_watch_stats(struct exporter *e, uint32_t watch, uint64_t out[WATCH_STAT_COUNT]);
// Zeros where nobody makes alerts.
void exporter_alert_stats(struct exporter *e, uint64_t out[ALERTS_STAT_COUNT]);
void exporter_sink_stats(struct exporter *e, uint32_t sink, uint64_t out[SINK_STAT_COUNT]);
