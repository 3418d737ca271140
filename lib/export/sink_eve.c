// The EVE sink: each alert a line of the file. Windows are not its business.

#include "export/record_eve.h"
#include "line_file.h"
#include "sinks.h"

#include <errno.h>
#include <stdlib.h>

struct sink_eve {
	struct sink sink; // first
	const struct eve_ifaces *ifaces;
	struct line_file lines;
};

static int eve_alert(struct sink *s, const struct alert *a, struct err *err) {
	struct sink_eve *e = (struct sink_eve *)s;
	int fault = 0;
	char *p = line_file_room(&e->lines, RECORD_EVE_MAX, &fault, err);
	line_file_add(&e->lines, p + record_eve(p, e->ifaces, a));
	return fault;
}

static int eve_flush(struct sink *s, struct err *err) {
	return line_file_drain(&((struct sink_eve *)s)->lines, err);
}

static int eve_mark(struct sink *s, struct out_mark *mark, struct err *err) {
	return line_file_mark(&((struct sink_eve *)s)->lines, mark, err);
}

static int eve_kept(struct sink *s, struct err *err) {
	return out_file_kept(&((struct sink_eve *)s)->lines.file, err);
}

static int eve_cut(struct sink *s, const struct out_mark *mark, struct err *err) {
	return out_file_cut(&((struct sink_eve *)s)->lines.file, mark, err);
}

static int eve_sync(struct sink *s, struct err *err) {
	return line_file_sync(&((struct sink_eve *)s)->lines, err);
}

static void eve_close(struct sink *s) {
	line_file_close(&((struct sink_eve *)s)->lines);
	free(s);
}

static const struct sink_ops ops = {
	.flush = eve_flush,
	.sync = eve_sync,
	.close = eve_close,
	.mark = eve_mark,
	.kept = eve_kept,
	.cut = eve_cut,
	.alert = eve_alert,
};

struct sink *
sink_eve_new(const struct out_file_config *conf, const struct eve_ifaces *ifaces, struct err *err) {
	struct sink_eve *e = calloc(1, sizeof(*e));
	if (e == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	e->sink.ops = &ops;
	e->ifaces = ifaces;
	if (line_file_open(&e->lines, conf, &e->sink.stats, err) < 0) {
		free(e);
		return NULL;
	}
	return &e->sink;
}
