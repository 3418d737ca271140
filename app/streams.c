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

int64_t streams_pane_width(const struct conf *conf) {
	int64_t sizes[CONF_MAX_STREAMS];
	for (uint32_t i = 0; i < conf->n_streams; i++)
		sizes[i] = conf->stream[i].window.size_us;
	return pane_width(sizes, conf->n_streams);
}
