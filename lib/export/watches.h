// All alerts that the configuration asks for, each with its stream: what the exporter tells of windows goes
// to those that watch them, and what they tell to whoever writes it.
#pragma once

#include "base/condition.h"
#include "base/counters.h"
#include "base/state_io.h"
#include "export/watch.h"

struct exporter_config;

struct exporter_watch {
	const char *name; // borrowed
	uint32_t stream; // number of the one it watches
	struct condition when; // without a mean where the stream's windows do not follow a step
};

// What `counters` of a watch hold, as struct watch_stats.
enum watch_stat {
	WATCH_FIRED,
	WATCH_SUPPRESSED,
	WATCH_NO_ROOM,
	WATCH_STAT_COUNT,
};

// Receives an alert of a stream, which is valid during the call.
typedef void watches_taker(void *ctx, uint32_t stream, const struct watch_alert *a);

struct watches; // the exporter's; one thread

// Of conf->watches, which have `memory` octets together. NULL when out of memory. Free with _free.
struct watches *
watches_new(const struct exporter_config *conf, uint64_t memory, watches_taker *give, void *ctx);
void watches_free(struct watches *ws);

// A window of a stream, or some sessions or flows, was given out.
void watches_judge(struct watches *ws, uint32_t stream, const struct window_out *out, bool partial);

// A pane came that starts at `start_us`.
void watches_time(struct watches *ws, int64_t start_us);

// A stream gave out all that is complete at `horizon_us`. Live, windows that nothing was in are over by then
// too; of a file only those ahead of the newest pane, whenever it is that its end is seen.
void watches_pass(struct watches *ws, uint32_t stream, int64_t horizon_us);

// The run goes on from where another was left, as watch_gap.
void watches_gap(struct watches *ws, const struct window_gap *gap, int64_t live_start_us);

// Checkpoints, between two windows. _load takes records of kinds STATE_WATCHES to STATE_WATCH_KEY. 0, or
// -EBADMSG with err set.
bool watches_save(const struct watches *ws, struct state_writer *w);
int watches_load(struct watches *ws, const struct state_record *r, struct err *err);

// Any thread.
void watches_stats(struct watches *ws, uint32_t watch, uint64_t out[WATCH_STAT_COUNT]);
