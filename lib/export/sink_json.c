// The JSON sink: lines gather in a buffer that is written whole lines at a time. Records that a full
// disk or a closed pipe refuses are counted as dropped, none is written in part.

#include "export/record_json.h"
#include "sinks.h"

#include <errno.h>
#include <stdlib.h>

#define BUFFER_SIZE 262144

struct sink_json {
	struct sink sink; // first
	struct out_file file;
	struct window_info window;
	uint32_t used; // octets in the buffer
	uint32_t lines; // records in the buffer
	char buffer[BUFFER_SIZE];
};

static int drain(struct sink_json *j, struct err *err) {
	if (j->used == 0)
		return 0;
	int ret = out_file_write(&j->file, j->buffer, j->used, err);
	if (ret == 0)
		j->sink.stats.delivered += j->lines;
	else
		j->sink.stats.dropped += j->lines;
	j->used = 0;
	j->lines = 0;
	int rotated = ret == 0 ? out_file_rotate(&j->file, err) : 0;
	return ret < 0 ? ret : rotated;
}

static void json_begin(struct sink *s, const struct window_info *window) {
	((struct sink_json *)s)->window = *window;
}

static int json_write(struct sink *s, const struct flow_sum *sums, uint32_t n, struct err *err) {
	struct sink_json *j = (struct sink_json *)s;
	int fault = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (j->used > BUFFER_SIZE - RECORD_JSON_MAX) {
			int ret = drain(j, err);
			fault = ret < 0 ? ret : fault;
		}
		j->used += record_json(j->buffer + j->used, &j->window, &sums[i]);
		j->lines++;
	}
	return fault;
}

static int json_end(struct sink *s, struct err *err) {
	// A size bound is kept to the buffer's size, a time bound to the window.
	struct sink_json *j = (struct sink_json *)s;
	bool rotates = j->file.conf.rotate_size > 0 || j->file.conf.rotate_every_us > 0;
	return rotates ? drain(j, err) : 0;
}

static int json_flush(struct sink *s, struct err *err) {
	return drain((struct sink_json *)s, err);
}

static void json_close(struct sink *s) {
	struct sink_json *j = (struct sink_json *)s;
	out_file_sync(&j->file, NULL);
	out_file_close(&j->file);
	free(j);
}

static const struct sink_ops ops = {
	.begin = json_begin,
	.write = json_write,
	.end = json_end,
	.flush = json_flush,
	.close = json_close,
};

struct sink *sink_json_new(const struct out_file_config *conf, struct err *err) {
	struct sink_json *j = calloc(1, sizeof(*j));
	if (j == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	j->sink.ops = &ops;
	if (out_file_open(&j->file, conf, err) < 0) {
		free(j);
		return NULL;
	}
	return &j->sink;
}
