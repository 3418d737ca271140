// The exporter's state, into a checkpoint and back: what each stream and sink has counted, open windows,
// corrections, alerts that wait, thresholds, and where the sinks' files are.

#include "export_state.h"
#include "exporter_priv.h"

#include "base/live_clock.h"
#include "base/log.h"
#include "export/out_mark.h"
#include "flow/sums_save.h"
#include "flow/window_save.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VERSION 1
#define NAME_MAX_LEN 40

struct saved_exporter {
	uint32_t streams, sinks;
	int64_t live_start_us;
	int64_t saved_us; // by the clock of live input; INT64_MIN: a capture
};

struct saved_stream {
	char name[NAME_MAX_LEN];
	uint64_t stat[STREAM_STAT_COUNT];
};

struct saved_sink {
	char name[NAME_MAX_LEN];
	uint64_t stat[SINK_STAT_COUNT];
	uint64_t marked; // 1: there is a mark
	struct out_mark mark;
};

bool exporter_marked(const struct exporter *e) {
	for (uint32_t i = 0; i < e->n_stores; i++)
		if (!pane_store_marked(e->stores[i]))
			return false;
	for (uint32_t i = 0; i < e->n_streams; i++)
		if (!window_set_marked(e->streams[i].windows))
			return false;
	return corrector_marked(e->corrector)
		&& (e->alerting == NULL || alerting_marked(e->alerting));
}

void exporter_pass(struct exporter *e) {
	for (uint32_t i = 0; i < e->n_stores; i++)
		pane_store_pass(e->stores[i]);
	for (uint32_t i = 0; i < e->n_streams; i++)
		window_set_pass(e->streams[i].windows);
	if (e->alerting != NULL)
		alerting_pass(e->alerting);
	corrector_pass(e->corrector);
}

// Records that the mark finds lost are lost whether there is a checkpoint or not.
static int
mark_sink(struct exporter *e, struct sink_slot *s, struct out_mark *mark, struct err *err) {
	struct sink *sink = s->conf.sink;
	struct err own = {0};
	uint64_t dropped = sink->stats.dropped;
	int ret = sink->ops->mark(sink, mark, &own);
	if (ret == -EIO)
		exporter_sink_unkept(e, s, &own);
	if (sink->stats.dropped > dropped)
		exporter_sink_fault(e, s, &own);
	exporter_publish_sink(s);
	if (ret < 0)
		*err = own;
	return ret;
}

static int
save_sink(struct exporter *e, struct sink_slot *s, struct state_writer *w, struct err *err) {
	struct saved_sink to = {.marked = s->conf.sink->ops->mark != NULL};
	int ret = to.marked ? mark_sink(e, s, &to.mark, err) : 0;
	const struct sink_stats *stats = &s->conf.sink->stats;
	snprintf(to.name, sizeof(to.name), "%s", s->conf.name);
	to.stat[SINK_DELIVERED] = stats->delivered;
	to.stat[SINK_SPOOLED] = stats->spooled;
	to.stat[SINK_DROPPED] = stats->dropped;
	if (ret == 0)
		state_writer_put(w, STATE_SINK, VERSION, &to, sizeof(to));
	return ret < 0 ? err_wrap(err, ret, "sink %s", s->conf.name) : 0;
}

int exporter_save(struct exporter *e, struct state_writer *w, struct err *err) {
	struct saved_exporter head = {
		.streams = e->n_streams,
		.sinks = e->n_sinks,
		.live_start_us = e->live_start_us,
		.saved_us = e->clock != NULL ? live_clock_us(e->clock) : INT64_MIN,
	};
	state_writer_put(w, STATE_EXPORTER, VERSION, &head, sizeof(head));
	for (uint32_t i = 0; i < e->n_streams && state_writer_ok(w); i++) {
		struct stream *s = &e->streams[i];
		struct saved_stream to = {0};
		snprintf(to.name, sizeof(to.name), "%s", s->conf.name);
		memcpy(to.stat, s->stat, sizeof(to.stat));
		state_writer_put(w, STATE_STREAM, VERSION, &to, sizeof(to));
		window_set_save(s->windows, w);
		corrector_save(e->corrector, i, w);
	}
	if (e->alerting != NULL && !alerting_save(e->alerting, w))
		return err_set(err, -ENOSPC, "no room for alerts that wait");
	watches_save(e->watches, w);
	for (uint32_t i = 0; i < e->n_sinks; i++) {
		int ret = save_sink(e, &e->sinks[i], w, err);
		if (ret < 0)
			return ret;
	}
	return state_writer_ok(w) ? 0 : err_set(err, -ENOSPC, "no room for all of the state");
}

void exporter_kept(struct exporter *e) {
	for (uint32_t i = 0; i < e->n_sinks; i++) {
		struct sink *sink = e->sinks[i].conf.sink;
		struct err err = {0};
		if (sink->ops->kept != NULL && sink->ops->kept(sink, &err) < 0)
			log_warn("sink %s: %s", e->sinks[i].conf.name, err.text);
	}
}

int exporter_afresh(struct exporter *e, struct err *err) {
	for (uint32_t i = 0; i < e->n_sinks; i++) {
		struct sink *sink = e->sinks[i].conf.sink;
		int ret = sink->ops->cut != NULL ? sink->ops->cut(sink, NULL, err) : 0;
		if (ret < 0)
			return err_wrap(err, ret, "sink %s", e->sinks[i].conf.name);
	}
	return 0;
}

static int refuse(struct err *err, const char *what) {
	return err_set(err, -EBADMSG, "the exporter's state: %s", what);
}

static int refuse_less(const struct stream *s, struct err *err) {
	return err_set(
		err, -ENOBUFS,
		"stream %s: more is open in the state than there is memory for now (cure: flow.memory and "
		"stream.%s.memory as they were, or more; --restart starts over)",
		s->conf.name, s->conf.name
	);
}

bool exporter_reached(const struct state_record *r, int64_t *us) {
	const struct saved_exporter *s = r->octets;
	if (r->kind != STATE_EXPORTER || r->version != VERSION || r->len != sizeof(*s))
		return false;
	*us = s->saved_us;
	return *us != INT64_MIN;
}

static bool is_saved_sink(const struct state_record *r) {
	const struct saved_sink *s = r->octets;
	return r->len == sizeof(*s) && s->name[NAME_MAX_LEN - 1] == '\0' && s->marked <= 1
		&& s->mark.rotates <= 1 && s->mark.name[OUT_MARK_NAME_MAX - 1] == '\0';
}

const struct out_mark *exporter_saved_mark(const struct state_record *r, const char **sink) {
	const struct saved_sink *s = r->octets;
	if (r->kind != STATE_SINK || r->version != VERSION || !is_saved_sink(r) || !s->marked)
		return NULL;
	*sink = s->name;
	return &s->mark;
}

static int load_head(struct exporter *e, const struct state_record *r, struct err *err) {
	const struct saved_exporter *s = r->octets;
	if (r->len != sizeof(*s) || s->streams != e->n_streams || s->sinks != e->n_sinks)
		return refuse(err, "of other streams or sinks");
	// UTC may have been set back meanwhile; windows that have left do not come again.
	if (e->clock != NULL)
		live_clock_reach(e->clock, s->saved_us);
	if (e->live_start_us != INT64_MIN)
		for (uint32_t i = 0; i < e->n_streams; i++)
			window_set_gap(e->streams[i].windows, s->live_start_us, s->saved_us);
	e->gap = (struct window_gap){.first_us = s->live_start_us, .from_us = s->saved_us};
	watches_gap(e->watches, &e->gap, e->live_start_us);
	return 0;
}

static int load_stream(struct exporter *e, const struct state_record *r, struct err *err) {
	const struct saved_stream *s = r->octets;
	if (r->len != sizeof(*s) || s->name[NAME_MAX_LEN - 1] != '\0' || e->loaded == e->n_streams
	    || strcmp(s->name, e->streams[e->loaded].conf.name) != 0)
		return refuse(err, "not a stream");
	struct stream *to = &e->streams[e->loaded++];
	e->loading_late = false;
	memcpy(to->stat, s->stat, sizeof(to->stat));
	counters_publish(&to->published, to->stat, STREAM_STAT_COUNT);
	return 0;
}

static int load_sink(struct exporter *e, const struct state_record *r, struct err *err) {
	const struct saved_sink *s = r->octets;
	if (!is_saved_sink(r))
		return refuse(err, "not a sink");
	for (uint32_t i = 0; i < e->n_sinks; i++) {
		struct sink_slot *to = &e->sinks[i];
		if (strcmp(s->name, to->conf.name) != 0)
			continue;
		struct sink *sink = to->conf.sink;
		sink->stats.delivered = s->stat[SINK_DELIVERED];
		sink->stats.spooled = s->stat[SINK_SPOOLED];
		sink->stats.dropped = s->stat[SINK_DROPPED];
		to->dropped = sink->stats.dropped;
		exporter_publish_sink(to);
		int ret = 0;
		if (s->marked && sink->ops->cut != NULL)
			ret = sink->ops->cut(sink, &s->mark, err);
		return ret < 0 ? err_wrap(err, ret, "sink %s", s->name) : 0;
	}
	return refuse(err, "a sink that is not there");
}

int exporter_load(struct exporter *e, const struct state_record *r, struct err *err) {
	if (r->kind >= STATE_EXPORTER && r->kind <= STATE_SINK && r->version != VERSION)
		return refuse(err, "of another version");
	switch (r->kind) {
	case STATE_EXPORTER:
		return load_head(e, r, err);
	case STATE_STREAM:
		return load_stream(e, r, err);
	case STATE_SINK:
		return load_sink(e, r, err);
	case STATE_WATCHES:
	case STATE_WATCH:
	case STATE_WATCH_KEY:
		return watches_load(e->watches, r, err);
	case STATE_ALERTING:
	case STATE_ALERTS:
	case STATE_THRESHOLDS:
	case STATE_ALERT_RULE:
		return e->alerting != NULL ? alerting_load(e->alerting, r, err) : 0;
	}
	if (e->loaded == 0)
		return 0;
	const struct stream *s = &e->streams[e->loaded - 1];
	e->loading_late |= r->kind == STATE_BATCH;
	int ret = e->loading_late ? corrector_load(e->corrector, e->loaded - 1, r, err)
				  : window_set_load(s->windows, r, err);
	return ret == -ENOBUFS ? refuse_less(s, err) : ret;
}
