// The JSON sink: everything it is given is in the file after flush, or counted as dropped.

#include "export/sinks.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct window_info window = {.stream = "s", .start_us = 0, .end_us = 10};

Test(sink_json, writes_as_many_lines_as_records) {
	char path[] = "/tmp/sluice-sink-XXXXXX";
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	struct err err = {0};
	struct sink *s = sink_json_new(&(struct out_file_config){.path = path}, &err);
	cr_assert_not_null(s, "%s", err.text);
	struct flow_sum sums[100];
	memset(sums, 0, sizeof(sums));
	for (int i = 0; i < 100; i++) {
		s->ops->begin(s, &window);
		cr_assert_eq(s->ops->write(s, sums, NULL, 100, &err), 0);
		cr_assert_eq(s->ops->end(s, &err), 0);
	}
	cr_assert_eq(s->ops->flush(s, &err), 0);
	cr_assert_eq(s->stats.delivered, 10000);
	cr_assert_eq(s->stats.dropped, 0);
	s->ops->close(s);
	FILE *f = fdopen(fd, "r");
	char line[2048];
	uint32_t lines = 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		cr_assert_eq(line[0], '{');
		cr_assert_eq(line[strlen(line) - 2], '}');
		lines++;
	}
	cr_assert_eq(lines, 10000);
	fclose(f);
	unlink(path);
}

Test(sink_json, counts_what_a_full_device_refuses) {
	struct err err = {0};
	struct sink *s = sink_json_new(&(struct out_file_config){.path = "/dev/full"}, &err);
	cr_assert_not_null(s);
	struct flow_sum sums[10];
	memset(sums, 0, sizeof(sums));
	s->ops->begin(s, &window);
	s->ops->write(s, sums, NULL, 10, &err);
	cr_assert_lt(s->ops->flush(s, &err), 0);
	cr_assert_eq(s->stats.delivered, 0);
	cr_assert_eq(s->stats.dropped, 10);
	s->ops->close(s);
}
