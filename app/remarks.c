// What a configuration asks for that comes to nothing: records that nobody takes, which is seldom meant, and
// parts that this build was made without, which another machine's build may have.

#include "app/remarks.h"

#include "app/input/input.h"
#include "state/store.h"

// By a sink for windows; those of the type null are told to take them.
static uint64_t taken(const struct conf *conf) {
	uint64_t streams = 0;
	for (uint32_t i = 0; i < conf->n_sinks; i++)
		if (conf->sink[i].type != CONF_SINK_EVE)
			streams |= conf->sink[i].streams;
	return streams;
}

void remarks_unread(const struct conf *conf, remark_taker *take, void *ctx) {
	uint64_t streams = taken(conf);
	char text[512];
	for (uint32_t i = 0; i < conf->n_streams; i++) {
		if ((streams >> i & 1) != 0)
			continue;
		snprintf(
			text, sizeof(text),
			"stream.%s: no sink takes its records (cure: name it in the streams of a sink "
			"of type json)",
			conf->stream[i].name
		);
		take(ctx, text);
	}
	for (uint32_t i = 0; i < conf->n_alerts; i++) {
		const char *stream = conf->stream[conf->alert[i].stream].name;
		if ((streams >> conf->alert[i].stream & 1) != 0)
			continue;
		snprintf(
			text, sizeof(text),
			"alert.%s: no sink takes its records, which go where those of stream.%s go",
			conf->alert[i].name, stream
		);
		take(ctx, text);
	}
}

void remarks_not_built(const struct conf *conf, remark_taker *take, void *ctx) {
	struct err err = {0};
	if (input_check_built(conf, &err) < 0)
		take(ctx, err.text);
	if (conf->state.path[0] != '\0' && state_store_check_built(&err) < 0)
		take(ctx, err.text);
}
