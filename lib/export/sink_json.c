// The JSON sink: each record a line of the file.

#include "export/record_json.h"
#include "line_file.h"
#include "sinks.h"

#include <errno.h>
#include <stdlib.h>

struct sink_json {
	struct sink sink; // first
	struct window_info window;
	struct line_file lines;
};

static void json_begin(struct sink *s, const struct window_info *window) {
	((struct sink_json *)s)->window = *window;
}

static int json_write(
	struct sink *s, const struct flow_sum *sums, const struct flow_back *backs, uint32_t n,
	struct err *err
) {
	struct sink_json *j = (struct sink_json *)s;
	int fault = 0;
	for (uint32_t i = 0; i < n; i++) {
		char *p = line_file_room(&j->lines, RECORD_JSON_MAX, &fault, err);
		const struct flow_back *back = backs != NULL ? &backs[i] : NULL;
		line_file_add(&j->lines, p + record_json(p, &j->window, &sums[i], back));
	}
	return fault;
}

static int json_end(struct sink *s, struct err *err) {
	// A size bound is kept to the buffer's size, a time bound to the window.
	return line_file_pause(&((struct sink_json *)s)->lines, err);
}

static int json_flush(struct sink *s, struct err *err) {
	return line_file_drain(&((struct sink_json *)s)->lines, err);
}

static int json_change(struct sink *s, const struct watch_alert *alert, struct err *err) {
	struct sink_json *j = (struct sink_json *)s;
	int fault = 0;
	char *p = line_file_room(&j->lines, RECORD_WATCH_MAX, &fault, err);
	line_file_add(&j->lines, p + record_watch(p, alert));
	return fault;
}

static int json_mark(struct sink *s, struct out_mark *mark, struct err *err) {
	return line_file_mark(&((struct sink_json *)s)->lines, mark, err);
}

static int json_kept(struct sink *s, struct err *err) {
	return out_file_kept(&((struct sink_json *)s)->lines.file, err);
}

static int json_cut(struct sink *s, const struct out_mark *mark, struct err *err) {
	return out_file_cut(&((struct sink_json *)s)->lines.file, mark, err);
}

static int json_sync(struct sink *s, struct err *err) {
	return line_file_sync(&((struct sink_json *)s)->lines, err);
}

static void json_close(struct sink *s) {
	line_file_close(&((struct sink_json *)s)->lines);
	free(s);
}

static const struct sink_ops ops = {
	.begin = json_begin,
	.write = json_write,
	.end = json_end,
	.flush = json_flush,
	.sync = json_sync,
	.close = json_close,
	.change = json_change,
	.mark = json_mark,
	.kept = json_kept,
	.cut = json_cut,
};

struct sink *sink_json_new(const struct out_file_config *conf, struct err *err) {
	struct sink_json *j = calloc(1, sizeof(*j));
	if (j == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	j->sink.ops = &ops;
	if (line_file_open(&j->lines, conf, &j->sink.stats, err) < 0) {
		free(j);
		return NULL;
	}
	return &j->sink;
}
