// What the exporter is made of: for its own files.
#pragma once

#include "export/corrector.h"
#include "export/delays.h"
#include "export/exporter.h"

struct stream {
	struct exporter_stream conf;
	struct where *where; // owned; NULL: all rows
	struct window_set *windows;
	struct budget own; // of one with a bound
	struct budget *budget; // that, or everybody's
	struct delays delays;
	uint64_t stat[STREAM_STAT_COUNT];
	struct counters published;
};

struct sink_slot {
	struct exporter_sink conf;
	bool failed; // said so already
	bool drops; // and that it dropped records
	bool unkept; // and that its disk does not keep them
	uint64_t dropped; // as much was said
	struct counters published;
};

struct exporter {
	struct stream *streams;
	uint32_t n_streams;
	struct sink_slot *sinks;
	uint32_t n_sinks;
	struct pane_store **stores;
	uint32_t n_stores;
	struct corrector *corrector; // NULL: no corrections
	struct alerting *alerting; // NULL: nobody makes alerts
	struct watches *watches;
	struct budget budget;
	int64_t pane_us;
	struct live_clock *clock; // NULL: a capture
	int64_t live_start_us;
	struct window_gap gap; // before live_start_us
	bool dirty; // sinks hold what was not flushed
	bool failed;
	bool lost; // records, at that
	bool forced; // said that memory made windows close early
	bool full; // said that memory made a rest row
	bool least; // said that memory kept distinct values from being counted
	bool evicted; // said that memory ended sessions or flows
	uint32_t loaded; // streams whose records have begun to come
	bool loading_late; // and now those of its corrections
};

// exporter.c: as corrector_emit; `ctx` is the exporter.
void exporter_emit_correction(
	void *ctx, uint32_t stream, const struct window_out *out, bool partial
);

// exporter_sinks.c

// A window of a stream, or what is given out of it at a time, to those that take the stream.
void exporter_write(
	struct exporter *e, uint32_t stream, const struct window_info *info,
	const struct window_out *out
);

// As watches_taker; `ctx` is the exporter.
void exporter_write_change(void *ctx, uint32_t stream, const struct watch_alert *a);

// An alert of a rule; `ctx` is the exporter.
void exporter_write_alert(void *ctx, const struct alert *a);

void exporter_flush(struct exporter *e);

// The sink cannot do what it should: the log says so once, and once more when records are lost; the run has a
// fault. Or its disk may not keep what the sink was given.
void exporter_sink_fault(struct exporter *e, struct sink_slot *s, const struct err *err);
void exporter_sink_unkept(struct exporter *e, struct sink_slot *s, const struct err *err);
void exporter_publish_sink(struct sink_slot *s);
