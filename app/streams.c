// The finest key and the widest pane.

#include "app/streams.h"

#include "base/field.h"
#include "flow/pane.h"

uint32_t streams_fields(const struct conf *conf) {
	uint32_t fields = 0;
	for (uint32_t i = 0; i < conf->n_streams; i++)
		if (!(conf->stream[i].key & FIELD_BIT(FIELD_RULE)))
			fields |= conf->stream[i].key;
	return fields;
}

struct rule_rows_config streams_rules(const struct conf *conf) {
	struct rule_rows_config rules = {0};
	for (uint32_t i = 0; i < conf->n_streams; i++)
		if (conf->stream[i].key & FIELD_BIT(FIELD_RULE))
			rules.fields |= conf->stream[i].key;
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
	return (struct exporter_stream){
		.name = stream->name,
		.fields = stream->key,
		.biflow = stream->biflow,
		.kind = kinds[stream->window.kind],
		.size_us = stream->window.size_us,
		.step_us = stream->window.step_us,
	};
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
