// The exporter. Its order is what makes results exact: horizons are read first, panes taken second,
// windows closed last; a worker pushes panes before it stores the horizon that follows them.

#include "exporter.h"

#include "base/live_clock.h"
#include "base/log.h"
#include "base/units.h"
#include "export/corrector.h"
#include "export/delays.h"
#include "export/stream_stat.h"
#include "exporter_priv.h"

#include <string.h>

static void
emit(struct exporter *e, uint32_t stream, const struct window_out *out, bool partial, bool late) {
	struct stream *s = &e->streams[stream];
	bool own = out->tail_us != 0, full = false;
	struct window_info info = {
		.stream = s->conf.name,
		.fields = s->conf.fields,
		.cut = s->conf.cut,
		.distinct = s->conf.distinct,
		.start_us = out->start_us,
		.end_us = out->end_us,
		.tail_us = out->tail_us,
		.partial = partial || out->behind
			|| (!own
			    && window_gap_cuts(
				    &e->gap, e->live_start_us, out->start_us, out->end_us
			    )),
		.late = late,
	};
	exporter_write(e, stream, &info, out);
	if (!late)
		watches_judge(e->watches, stream, out, info.partial);
	for (uint32_t i = 0; i < out->n; i++)
		full |= stream_stat_add(
			s->stat, &out->sum[i], out->back != NULL ? &out->back[i] : NULL, late
		);
	if (out->rest != NULL)
		full |= stream_stat_add(s->stat, out->rest, NULL, late);
	if (!late && !out->again)
		s->stat[STREAM_WINDOWS] += own ? out->n : out->n > 0 || out->rest != NULL;
	if (full && !e->full)
		log_warn(
			"stream %s: more %s: some are one row, \"rest\":\"full\"%s", s->conf.name,
			s->conf.kind == WINDOW_COUNT ? "windows than can be written"
						     : "flows than memory holds",
			s->conf.kind == WINDOW_COUNT
				? ""
				: " (flow.rows, flow.spares, flow.memory, stream.NAME.memory)"
		);
	e->full |= full;
	if (s->stat[STREAM_DISTINCT_LEAST] > 0 && !e->least)
		log_warn(
			"stream %s: more distinct values than memory holds: some records have a number "
			"that is too low, \"distinct_full\" (flow.memory)",
			s->conf.name
		);
	e->least |= s->stat[STREAM_DISTINCT_LEAST] > 0;
}

void exporter_emit_correction(
	void *ctx, uint32_t stream, const struct window_out *out, bool partial
) {
	struct exporter *e = ctx;
	struct stream *s = &e->streams[stream];
	emit(e, stream, out, partial, true);
	counters_publish(&s->published, s->stat, STREAM_STAT_COUNT);
}

static uint32_t give_alerts(struct exporter *e, int64_t horizon_us) {
	return e->alerting != NULL ? alerting_step(e->alerting, horizon_us, exporter_write_alert, e)
				   : 0;
}

static void tell_evicted(struct exporter *e, struct stream *s) {
	s->stat[STREAM_EVICTED] = window_set_evicted(s->windows);
	if (s->stat[STREAM_EVICTED] == 0 || e->evicted)
		return;
	e->evicted = true;
	log_warn(
		"stream %s: more are open than memory holds: the oldest end with the reason "
		"resources (%s)",
		s->conf.name,
		s->conf.kind == WINDOW_COUNT ? "flow.rows" : "flow.memory, stream.NAME.memory"
	);
}

// Gives out what a stream has complete at that horizon.
static uint32_t close_stream(struct exporter *e, uint32_t i, int64_t horizon_us, bool partial) {
	struct stream *s = &e->streams[i];
	const struct window_out *out;
	uint32_t closed = 0;
	for (; (out = window_set_close(s->windows, horizon_us)) != NULL; closed++) {
		emit(e, i, out, partial, false);
		if (partial || e->clock == NULL)
			continue;
		delays_note(&s->delays, s->windows, out, e->clock);
		s->stat[STREAM_DELAY_MAX] = s->delays.max_us;
		s->stat[STREAM_DELAY_P99] = delays_quantile(&s->delays, 99);
	}
	if (!partial)
		watches_pass(e->watches, i, horizon_us);
	uint64_t open = window_set_open(s->windows);
	if (closed > 0 || open != s->stat[STREAM_OPEN]) {
		s->stat[STREAM_OPEN] = open;
		tell_evicted(e, s);
		counters_publish(&s->published, s->stat, STREAM_STAT_COUNT);
	}
	return closed;
}

static uint32_t close_windows(struct exporter *e, int64_t horizon_us, bool partial) {
	uint32_t closed = 0;
	for (uint32_t i = 0; i < e->n_streams; i++)
		closed += close_stream(e, i, horizon_us, partial);
	return closed;
}

// More open windows than memory holds even one row of: the oldest must go, and says so.
static void force_oldest(struct exporter *e, const struct budget *budget) {
	bool any = true;
	while (any && budget->used > budget->max) {
		any = false;
		for (uint32_t i = 0; i < e->n_streams; i++) {
			int64_t oldest_us = window_set_oldest(e->streams[i].windows);
			if (e->streams[i].budget != budget || oldest_us == INT64_MAX)
				continue;
			any = true;
			e->streams[i].stat[STREAM_FORCED] += close_stream(e, i, oldest_us, true);
		}
		if (any && !e->forced)
			log_warn(
				"more open windows than memory holds: the oldest are given out early and "
				"marked partial (flow.memory, stream.NAME.memory)"
			);
		e->forced |= any;
	}
}

static uint32_t take_panes(struct exporter *e) {
	uint32_t taken = 0;
	for (uint32_t i = 0; i < e->n_stores; i++) {
		struct pane *pane;
		while ((pane = pane_store_take(e->stores[i])) != NULL) {
			for (uint32_t k = 0; k < e->n_streams; k++) {
				if (window_set_add(e->streams[k].windows, pane) == 0)
					continue;
				log_error(
					"stream %s: out of memory: %u packet%s lost from its windows",
					e->streams[k].conf.name, pane->packets,
					units_plural(pane->packets)
				);
				e->failed = true;
				e->lost = true;
			}
			watches_time(e->watches, pane->start_us);
			pane_store_return(e->stores[i], pane);
			for (uint32_t k = 0; k < e->n_streams; k++)
				force_oldest(e, e->streams[k].budget);
			taken++;
		}
	}
	return taken;
}

static int64_t slowest_horizon(const struct exporter *e) {
	int64_t horizon = INT64_MAX;
	for (uint32_t i = 0; i < e->n_stores; i++) {
		int64_t h = atomic_load_explicit(&e->stores[i]->horizon_us, memory_order_acquire);
		horizon = h < horizon ? h : horizon;
	}
	return horizon;
}

// What was read may speak of panes behind a mark, which were not taken.
static int64_t marked_horizon(const struct exporter *e, int64_t horizon_us) {
	for (uint32_t i = 0; i < e->n_stores; i++) {
		const struct pane_store *ps = e->stores[i];
		if (UNLIKELY(pane_store_marked(ps)) && ps->mark_horizon_us < horizon_us)
			horizon_us = ps->mark_horizon_us;
	}
	return horizon_us;
}

bool exporter_step(struct exporter *e) {
	int64_t horizon = slowest_horizon(e);
	uint32_t done = take_panes(e);
	horizon = marked_horizon(e, horizon);
	done += give_alerts(e, horizon);
	done += close_windows(e, pane_horizon(horizon, e->pane_us), false);
	done += corrector_step(e->corrector, horizon, false);
	if (done == 0)
		exporter_flush(e);
	return done > 0;
}

void exporter_leave(struct exporter *e) {
	exporter_pass(e);
	int64_t horizon = slowest_horizon(e);
	take_panes(e);
	give_alerts(e, horizon);
	// Of windows of so many packets there is a turn at a time.
	while (close_windows(e, pane_horizon(horizon, e->pane_us), false) > 0)
		continue;
	corrector_step(e->corrector, horizon, false);
	e->dirty = true;
	exporter_flush(e);
}

void exporter_finish(struct exporter *e, bool cut) {
	exporter_pass(e);
	int64_t horizon = slowest_horizon(e);
	take_panes(e);
	give_alerts(e, INT64_MAX);
	close_windows(e, pane_horizon(horizon, e->pane_us), false);
	corrector_step(e->corrector, horizon, false);
	for (uint32_t i = 0; cut && i < e->n_streams; i++)
		window_set_cut(e->streams[i].windows);
	close_windows(e, INT64_MAX, cut);
	corrector_step(e->corrector, INT64_MAX, cut);
	e->dirty = true;
	exporter_flush(e);
}

bool exporter_failed(const struct exporter *e) {
	return e->failed || corrector_failed(e->corrector);
}

bool exporter_lost(const struct exporter *e) {
	return e->lost || corrector_failed(e->corrector);
}

void exporter_stream_stats(struct exporter *e, uint32_t stream, uint64_t out[STREAM_STAT_COUNT]) {
	counters_read(&e->streams[stream].published, out, STREAM_STAT_COUNT);
}

void exporter_alert_stats(struct exporter *e, uint64_t out[ALERTS_STAT_COUNT]) {
	if (e->alerting != NULL)
		alerting_stats(e->alerting, out);
	else
		memset(out, 0, ALERTS_STAT_COUNT * sizeof(out[0]));
}

void exporter_watch_stats(struct exporter *e, uint32_t watch, uint64_t out[WATCH_STAT_COUNT]) {
	watches_stats(e->watches, watch, out);
}

uint32_t exporter_retire(struct exporter *e) {
	return e->alerting != NULL ? alerting_retire(e->alerting) : 0;
}

bool exporter_retired(struct exporter *e, uint32_t ticket) {
	return e->alerting == NULL || alerting_retired(e->alerting, ticket);
}

void exporter_sink_stats(struct exporter *e, uint32_t sink, uint64_t out[SINK_STAT_COUNT]) {
	counters_read(&e->sinks[sink].published, out, SINK_STAT_COUNT);
}
