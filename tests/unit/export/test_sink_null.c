// The null sink: everything it is given counts as delivered, and nothing can go wrong.

#include "export/sinks.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct window_info window = {.stream = "s", .start_us = 0, .end_us = 10};

Test(sink_null, delivers_everything) {
	struct sink *s = sink_null_new(NULL);
	struct flow_sum sums[3];
	memset(sums, 0, sizeof(sums));
	for (int i = 0; i < 4; i++) {
		s->ops->begin(s, &window);
		cr_assert_eq(s->ops->write(s, sums, NULL, 3, NULL), 0);
		cr_assert_eq(s->ops->write(s, sums, NULL, 0, NULL), 0);
		cr_assert_eq(s->ops->end(s, NULL), 0);
	}
	cr_assert_eq(s->ops->flush(s, NULL), 0);
	cr_assert_eq(s->stats.delivered, 12);
	cr_assert_eq(s->stats.spooled, 0);
	cr_assert_eq(s->stats.dropped, 0);
	s->ops->close(s);
}

Test(sink_null, has_delivered_nothing_at_first) {
	struct sink *s = sink_null_new(NULL);
	cr_assert_eq(s->ops->flush(s, NULL), 0);
	cr_assert_eq(s->stats.delivered, 0);
	s->ops->close(s);
}
