// The finest key and the widest pane.

#include "app/streams.h"

#include "flow/pane.h"

uint32_t streams_fields(const struct conf *conf) {
	uint32_t fields = 0;
	for (uint32_t i = 0; i < conf->n_streams; i++)
		fields |= conf->stream[i].key;
	return fields;
}

int64_t streams_pane_width(const struct conf *conf) {
	int64_t sizes[CONF_MAX_STREAMS];
	for (uint32_t i = 0; i < conf->n_streams; i++)
		sizes[i] = conf->stream[i].window.size_us;
	return pane_width(sizes, conf->n_streams);
}
