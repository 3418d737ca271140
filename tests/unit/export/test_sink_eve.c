// The EVE sink: everything it is given is in the file after flush, or counted as dropped.

#include "alert_help.h"
#include "export/sinks.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct rule_info rule = {.gid = 1, .sid = 5, .signature = "five", .category = ""};

Test(sink_eve, writes_as_many_lines_as_alerts) {
	char path[] = "/tmp/sluice-eve-XXXXXX";
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	struct err err = {0};
	struct eve_ifaces ifaces = {0};
	struct sink *s = sink_eve_new(&(struct out_file_config){.path = path}, &ifaces, &err);
	cr_assert_not_null(s, "%s", err.text);
	// Known only once the input is open.
	char eth[] = "eth0";
	char *names[] = {eth};
	ifaces = (struct eve_ifaces){.name = names, .n = 1};
	for (int i = 0; i < 3000; i++) {
		struct alert a = make_alert(&rule, i, "1.2.3.4", "5.6.7.8");
		cr_assert_eq(s->ops->alert(s, &a, &err), 0);
	}
	cr_assert_eq(s->ops->flush(s, &err), 0);
	cr_assert_eq(s->stats.delivered, 3000);
	cr_assert_eq(s->stats.dropped, 0);
	s->ops->close(s);
	FILE *f = fdopen(fd, "r");
	char line[2048];
	uint32_t lines = 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		cr_assert_eq(strncmp(line, "{\"timestamp\":\"1970-01-01T00:00:00.00", 36), 0);
		cr_assert_not_null(strstr(line, "\"in_iface\":\"eth0\""));
		cr_assert_str_eq(line + strlen(line) - 3, "}}\n");
		lines++;
	}
	cr_assert_eq(lines, 3000);
	fclose(f);
	unlink(path);
}

Test(sink_eve, counts_what_a_full_device_refuses) {
	struct err err = {0};
	struct eve_ifaces ifaces = {0};
	struct sink *s = sink_eve_new(
		&(struct out_file_config){.path = "/dev/full"}, &ifaces, &err
	);
	cr_assert_not_null(s);
	struct alert a = make_alert(&rule, 1, "1.2.3.4", "5.6.7.8");
	cr_assert_eq(s->ops->alert(s, &a, &err), 0);
	cr_assert_lt(s->ops->flush(s, &err), 0);
	cr_assert_eq(s->stats.delivered, 0);
	cr_assert_eq(s->stats.dropped, 1);
	s->ops->close(s);
}

Test(sink_eve, takes_no_windows) {
	struct eve_ifaces ifaces = {0};
	struct sink *s = sink_eve_new(
		&(struct out_file_config){.path = "/dev/null"}, &ifaces, NULL
	);
	cr_assert_not_null(s);
	cr_expect(s->ops->begin == NULL && s->ops->write == NULL && s->ops->end == NULL);
	s->ops->close(s);
}

Test(sink_eve, that_cannot_be_opened_says_why) {
	struct err err = {0};
	struct eve_ifaces ifaces = {0};
	cr_expect_null(sink_eve_new(&(struct out_file_config){.path = "/proc/x/y"}, &ifaces, &err));
	cr_expect_not_null(strstr(err.text, "/proc/x"));
}
