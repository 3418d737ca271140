// The finest key and the widest pane.

#include "app/streams.h"

#include "base/divisor.h"
#include "base/field.h"
#include "flow/corrections.h"

#include <assert.h>
#include <string.h>

static_assert(CONF_TOP_MAX <= RANKING_MAX);

uint32_t streams_fields(const struct conf *conf, struct key_cut *cut) {
	uint32_t fields = 0;
	*cut = (struct key_cut){0};
	for (uint32_t i = 0; i < conf->n_streams; i++) {
		const struct conf_stream *s = &conf->stream[i];
		if (s->key & FIELD_BIT(FIELD_RULE))
			continue;
		key_cut_refine(cut, &fields, &s->cut, s->key);
		key_cut_refine(cut, &fields, &s->distinct_cut, s->distinct);
	}
	return fields;
}

struct rule_rows_config streams_rules(const struct conf *conf) {
	struct rule_rows_config rules = {0};
	for (uint32_t i = 0; i < conf->n_streams; i++) {
		const struct conf_stream *s = &conf->stream[i];
		if (!(s->key & FIELD_BIT(FIELD_RULE)))
			continue;
		key_cut_refine(&rules.cut, &rules.fields, &s->cut, s->key);
		key_cut_refine(&rules.cut, &rules.fields, &s->distinct_cut, s->distinct);
	}
	if (rules.fields == 0)
		return rules;
	rules.rows = RULE_ROWS;
	hash_seed_init(&rules.seed);
	return rules;
}

uint32_t streams_counts(const struct conf *conf, struct count_config counts[CONF_MAX_STREAMS]) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < conf->n_streams; i++) {
		const struct conf_stream *s = &conf->stream[i];
		if (s->window.kind != CONF_WINDOW_COUNT)
			continue;
		counts[n] = (struct count_config){
			.fields = s->key,
			.where = s->where,
			.packets = s->window.packets,
			.rows = conf->flow.rows,
		};
		hash_seed_init(&counts[n++].seed);
	}
	return n;
}

struct exporter_stream streams_export(const struct conf_stream *stream) {
	static const enum window_kind kinds[] = {
		[CONF_WINDOW_TUMBLING] = WINDOW_TUMBLING, [CONF_WINDOW_SLIDING] = WINDOW_SLIDING,
		[CONF_WINDOW_SESSION] = WINDOW_SESSION,   [CONF_WINDOW_FLOW] = WINDOW_FLOW,
		[CONF_WINDOW_COUNT] = WINDOW_COUNT,
	};
	static const enum ranking_by by[] = {
		[CONF_ORDER_BYTES] = RANKING_BYTES,
		[CONF_ORDER_PACKETS] = RANKING_PACKETS,
		[CONF_ORDER_MATCHES] = RANKING_MATCHES,
	};
	struct exporter_stream out = {
		.name = stream->name,
		.fields = stream->key,
		.biflow = stream->biflow,
		.cut = stream->cut,
		.where = stream->where,
		.distinct = stream->distinct,
		.distinct_cut = stream->distinct_cut,
		.kind = kinds[stream->window.kind],
		.size_us = stream->window.size_us,
		.step_us = stream->window.step_us,
		.ranking =
			{.top = stream->top, .by = by[stream->order_by], .n_order = stream->n_key},
		.memory = stream->memory,
		.keep_open = stream->overflow == CONF_OVERFLOW_REST,
	};
	memcpy(out.ranking.order, stream->key_order, stream->n_key);
	return out;
}

int64_t streams_pane_width(const struct conf *conf) {
	int64_t steps[CONF_MAX_STREAMS], most = PANE_WIDTH_MAX_US;
	for (uint32_t i = 0; i < conf->n_streams; i++) {
		struct conf_panes panes = conf_window_panes(&conf->stream[i].window);
		steps[i] = panes.step_us;
		most = panes.most_us < most ? panes.most_us : most;
	}
	return pane_width(steps, conf->n_streams, most);
}

struct pane_config streams_panes(const struct conf *conf, bool patient) {
	return (struct pane_config){
		.width_us = streams_pane_width(conf),
		.active = conf->flow.panes,
		.spares = conf->flow.spares,
		.rows = conf->flow.rows,
		.patient = patient,
		.rules = streams_rules(conf),
	};
}

// Late packets are few: tables for them are small, and there is no hurry to look at them.
#define LATE_PANES 4
#define LATE_ROWS_PART 16
#define LATE_ROWS_MIN 1024
#define LATE_RULE_ROWS 4096

static int64_t turn_width(const struct conf *conf) {
	int64_t width_us = 0;
	for (uint32_t i = 0; i < conf->n_streams; i++) {
		struct exporter_stream s = streams_export(&conf->stream[i]);
		width_us = divisor_common(
			corrections_slot_us(s.kind, s.size_us, s.step_us), width_us
		);
	}
	// No stream has any: late packets are kept apart all the same, from those that count.
	return width_us > 0 ? width_us : streams_pane_width(conf);
}

struct pane_config streams_late_panes(const struct conf *conf, bool patient) {
	struct pane_config c = streams_panes(conf, patient);
	if (conf->input.late != CONF_LATE_EMIT)
		return (struct pane_config){};
	c.turn_us = turn_width(conf);
	c.active = c.spares = LATE_PANES;
	c.rows = c.rows / LATE_ROWS_PART > LATE_ROWS_MIN ? c.rows / LATE_ROWS_PART : LATE_ROWS_MIN;
	c.rules.rows = c.rules.rows > 0 ? LATE_RULE_ROWS : 0;
	return c;
}
