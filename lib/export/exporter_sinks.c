// What leaves the exporter: records and alerts go to the sinks that take them, and what a sink could not
// write is said once and counted.

#include "exporter_priv.h"

#include "base/log.h"

void exporter_sink_fault(struct exporter *e, struct sink_slot *s, const struct err *err) {
	// What keeps a file from being renamed, say, loses nothing yet.
	bool drops = s->conf.sink->stats.dropped > s->dropped;
	if (!s->failed || (drops && !s->drops))
		log_error(
			"sink %s: %s%s", s->conf.name, err->text,
			drops ? "; records are being dropped" : ""
		);
	s->dropped = s->conf.sink->stats.dropped;
	s->failed = true;
	s->drops |= drops;
	e->failed = true;
	e->lost |= drops;
}

void exporter_sink_unkept(struct exporter *e, struct sink_slot *s, const struct err *err) {
	if (!s->unkept)
		log_error("sink %s: %s", s->conf.name, err->text);
	s->unkept = true;
	e->failed = true;
	e->lost = true;
}

void exporter_publish_sink(struct sink_slot *s) {
	const struct sink_stats *st = &s->conf.sink->stats;
	uint64_t v[SINK_STAT_COUNT] = {
		[SINK_DELIVERED] = st->delivered,
		[SINK_SPOOLED] = st->spooled,
		[SINK_DROPPED] = st->dropped,
	};
	counters_publish(&s->published, v, SINK_STAT_COUNT);
}

void exporter_write(
	struct exporter *e, uint32_t stream, const struct window_info *info,
	const struct window_out *out
) {
	// What has no row is not told apart by direction.
	static const struct flow_back none = {0};
	const struct flow_back *rest_back = out->back != NULL ? &none : NULL;
	for (uint32_t i = 0; i < e->n_sinks; i++) {
		struct sink_slot *s = &e->sinks[i];
		if (!(s->conf.streams >> stream & 1))
			continue;
		struct sink *sink = s->conf.sink;
		struct err err = {0};
		int ret = 0;
		if (!out->again)
			sink->ops->begin(sink, info);
		if (out->n > 0)
			ret |= sink->ops->write(sink, out->sum, out->back, out->n, &err);
		if (out->rest != NULL)
			ret |= sink->ops->write(sink, out->rest, rest_back, 1, &err);
		if (!out->more)
			ret |= sink->ops->end(sink, &err);
		if (ret != 0)
			exporter_sink_fault(e, s, &err);
		e->dirty = true;
		exporter_publish_sink(s);
	}
}

void exporter_write_change(void *ctx, uint32_t stream, const struct watch_alert *a) {
	struct exporter *e = ctx;
	for (uint32_t i = 0; i < e->n_sinks; i++) {
		struct sink_slot *s = &e->sinks[i];
		struct err err = {0};
		if (!(s->conf.streams >> stream & 1) || s->conf.sink->ops->change == NULL)
			continue;
		if (s->conf.sink->ops->change(s->conf.sink, a, &err) < 0)
			exporter_sink_fault(e, s, &err);
		e->dirty = true;
		exporter_publish_sink(s);
	}
}

void exporter_write_alert(void *ctx, const struct alert *a) {
	struct exporter *e = ctx;
	for (uint32_t i = 0; i < e->n_sinks; i++) {
		struct sink_slot *s = &e->sinks[i];
		struct err err = {0};
		if (s->conf.sink->ops->alert == NULL)
			continue;
		if (s->conf.sink->ops->alert(s->conf.sink, a, &err) < 0)
			exporter_sink_fault(e, s, &err);
		e->dirty = true;
		exporter_publish_sink(s);
	}
}

void exporter_flush(struct exporter *e) {
	for (uint32_t i = 0; e->dirty && i < e->n_sinks; i++) {
		struct sink_slot *s = &e->sinks[i];
		struct err err = {0};
		if (s->conf.sink->ops->flush(s->conf.sink, &err) < 0)
			exporter_sink_fault(e, s, &err);
		exporter_publish_sink(s);
	}
	e->dirty = false;
}

void exporter_sync(struct exporter *e) {
	for (uint32_t i = 0; i < e->n_sinks; i++) {
		struct sink_slot *s = &e->sinks[i];
		struct err err = {0};
		if (s->conf.sink->ops->sync != NULL
		    && s->conf.sink->ops->sync(s->conf.sink, &err) < 0)
			exporter_sink_unkept(e, s, &err);
	}
}
