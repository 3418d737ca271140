// The null sink: counts what it is given as delivered.

#include "sinks.h"

#include <errno.h>
#include <stdlib.h>

static void null_begin(struct sink *s, const struct window_info *window) {}

static int null_write(
	struct sink *s, const struct flow_sum *sums, const struct flow_back *backs, uint32_t n,
	struct err *err
) {
	s->stats.delivered += n;
	return 0;
}

static int null_change(struct sink *s, const struct watch_alert *alert, struct err *err) {
	s->stats.delivered++;
	return 0;
}

static int null_done(struct sink *s, struct err *err) {
	return 0;
}

static void null_close(struct sink *s) {
	free(s);
}

static const struct sink_ops ops = {
	.begin = null_begin,
	.write = null_write,
	.end = null_done,
	.flush = null_done,
	.close = null_close,
	.change = null_change,
};

struct sink *sink_null_new(struct err *err) {
	struct sink *s = calloc(1, sizeof(*s));
	if (s == NULL)
		err_set(err, -ENOMEM, "out of memory");
	else
		s->ops = &ops;
	return s;
}
