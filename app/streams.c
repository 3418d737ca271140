// The finest key and the widest pane.

#include "app/streams.h"

#include "base/divisor.h"
#include "base/field.h"
#include "flow/corrections.h"
#include "flow/pane.h"

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

struct exporter_stream streams_export(const struct conf_stream *stream) {
	static const enum window_kind kinds[] = {
		[CONF_WINDOW_TUMBLING] = WINDOW_TUMBLING,
		[CONF_WINDOW_SLIDING] = WINDOW_SLIDING,
		[CONF_WINDOW_SESSION] = WINDOW_SESSION,
		[CONF_WINDOW_FLOW] = WINDOW_FLOW,
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

int64_t streams_turn_width(const struct conf *conf) {
	int64_t width_us = 0;
	for (uint32_t i = 0; i < conf->n_streams; i++) {
		struct exporter_stream s = streams_export(&conf->stream[i]);
		width_us = divisor_common(
			corrections_slot_us(s.kind, s.size_us, s.step_us), width_us
		);
	}
	return width_us;
}
