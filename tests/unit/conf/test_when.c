// Conditions of alerts: what is read, what is printed of it, and what is refused in which column.

#include "load.h"

#include "conf/when.h"

#define ALERT \
	"[input]\ndevice = a\n[stream s]\nkey = src_ip\nwindow = sliding 10s 1s\n[alert a]\nstream = s\n"

Test(when, printed_as_it_is_read_by_table) {
	static const char *const table[][2] = {
		{"packets > 100000", "packets > 100000"},
		{"bytes>=64K", "bytes >= 64K"},
		{"  frame_bytes  <  1  ", "frame_bytes < 1"},
		{"matches <= 0", "matches <= 0"},
		{"rev_packets > 5", "rev_packets > 5"},
		{"rev_bytes > mean(2)", "rev_bytes > mean(2)"},
		{"rev_frame_bytes > 0", "rev_frame_bytes > 0"},
		{"packets > 4*mean(6)", "packets > 4 * mean(6)"},
		{"packets > mean ( 1 )", "packets > mean(1)"},
		{"packets > 1.000 * mean(1000)", "packets > mean(1000)"},
		{"packets > 0.050 * mean(2)+1M", "packets > 0.05 * mean(2) + 1M"},
		{"packets < 1000000*mean(2) + 0", "packets < 1000000 * mean(2)"},
		{"packets > 1.5 * mean(2) + 1024", "packets > 1.5 * mean(2) + 1K"},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct condition when;
		struct err err = {0};
		char *text = NULL;
		size_t len = 0;
		cr_expect_eq(conf_when_read(table[i][0], &when, &err), 0, "%s", err.text);
		FILE *out = open_memstream(&text, &len);
		conf_when_print(&when, out);
		fclose(out);
		cr_expect_str_eq(text, table[i][1]);
		free(text);
	}
}

Test(when, parts_are_where_they_belong) {
	struct condition when;
	struct err err = {0};
	cr_assert_eq(conf_when_read("frame_bytes <= 2.25 * mean(6) + 7", &when, &err), 0);
	cr_expect_eq(when.measure, MEASURE_FRAME_BYTES);
	cr_expect_eq(when.compare, COMPARE_AT_MOST);
	cr_expect_eq(when.factor, 2250);
	cr_expect_eq(when.windows, 6);
	cr_expect_eq(when.number, 7);
	cr_assert_eq(conf_when_read("packets > 7", &when, &err), 0);
	cr_expect_eq(when.windows, 0);
}

Test(when, refused_with_its_column_by_table) {
	static const char *const table[][2] = {
		{"packet > 5",
		 "column 1: packet: packets, bytes, frame_bytes, matches, rev_packets, rev_bytes or rev_frame_bytes is wanted here"},
		{"> 5",
		 "column 1: >: packets, bytes, frame_bytes, matches, rev_packets, rev_bytes or rev_frame_bytes is wanted here"},
		{"packets", "column 8: >, >=, < or <= is missing"},
		{"packets = 5", "column 9: =: >, >=, < or <= is wanted here"},
		{"packets >> 5", "column 9: >>: >, >=, < or <= is wanted here"},
		{"packets >", "column 10: a number or mean(WINDOWS) is missing"},
		{"packets > x", "column 11: x: a number or mean(WINDOWS) is wanted here"},
		{"packets > -5", "column 11: -: a number or mean(WINDOWS) is wanted here"},
		{"packets > 5x",
		 "column 11: 5x: a whole number, with or without K, M or G, is wanted here"},
		{"packets > 1.5",
		 "column 11: 1.5: a whole number, with or without K, M or G, is wanted here"},
		{"packets > 99999999999999999999",
		 "column 11: 99999999999999999999: more than 2^60"},
		{"packets > 2G 5", "column 14: 5: the end is wanted here"},
		{"packets > 5 mean(6)", "column 13: mean: the end is wanted here"},
		{"packets > 4 * 5", "column 15: 5: mean(WINDOWS) is wanted here"},
		{"packets > 4 *", "column 14: mean(WINDOWS) is missing"},
		{"packets > 4 * means(5)", "column 15: means: mean(WINDOWS) is wanted here"},
		{"packets > 4K * mean(5)",
		 "column 11: 4K: a factor is a number with at most three decimals"},
		{"packets > 1.0005 * mean(5)",
		 "column 11: 1.0005: a factor is a number with at most three decimals"},
		{"packets > 0 * mean(5)", "column 11: 0: a factor is 0.001 to 1000000"},
		{"packets > 1000001 * mean(5)", "column 11: 1000001: a factor is 0.001 to 1000000"},
		{"packets > 4 4 * mean(5)", "column 13: 4: * is wanted here"},
		{"packets > mean 5", "column 16: 5: ( and a number of windows is wanted here"},
		{"packets > mean()",
		 "column 16: ): a whole number, with or without K, M or G, is wanted here"},
		{"packets > mean(0)", "column 16: 0: a mean is of 1 to 1000 windows"},
		{"packets > mean(1001)", "column 16: 1001: a mean is of 1 to 1000 windows"},
		{"packets > mean(6", "column 17: ) is missing"},
		{"packets > mean(6) * 4", "column 19: *: + or the end is wanted here"},
		{"packets > mean(6) +",
		 "column 20: a whole number, with or without K, M or G, is missing"},
		{"packets > mean(6) + 5 + 6", "column 23: +: the end is wanted here"},
		{"packets >= 0", "a counter is always at least 0"},
		{"packets < 0", "a counter is never below 0"},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct condition when;
		struct err err = {0};
		cr_expect_lt(conf_when_read(table[i][0], &when, &err), 0, "%s", table[i][0]);
		cr_expect_str_eq(err.text, table[i][1], "%s: %s", table[i][0], err.text);
	}
}

#define WHEN                                                                                                                                  \
	" (accepted: COUNTER > NUMBER, COUNTER > FACTOR * mean(WINDOWS) + NUMBER, where COUNTER is "                                          \
	"packets, bytes, frame_bytes, matches, rev_packets, rev_bytes or rev_frame_bytes, the sign >, >=, < or <=, FACTOR and NUMBER may be " \
	"left out)\n"

Test(when, errors_say_what_is_accepted) {
	static const struct refused table[] = {
		{ALERT "when =\n", "test.conf:8: alert.a.when: \"\": must not be empty" WHEN},
		{ALERT "when = packets > ten\n",
		 "test.conf:8: alert.a.when: packets > ten: column 11: ten: a number or mean(WINDOWS) is "
		 "wanted here" WHEN},
		{ALERT "when = packets > 5 # many\n",
		 "test.conf:8: alert.a.when: packets > 5 # many: column 13: #: the end is wanted here, a "
		 "comment takes a line of its own" WHEN},
		{ALERT, "test.conf:6: alert.a.when: is missing" WHEN},
	};
	EXPECT_TABLE(table);
}

Test(when, it_is_part_of_the_configuration) {
	struct conf *conf = expect_loads(ALERT "when = \"packets > 2 * mean(3)\"\n", NULL);
	cr_assert_eq(conf->n_alerts, 1);
	cr_expect_str_eq(conf->alert[0].name, "a");
	cr_expect_eq(conf->alert[0].stream, 0);
	cr_expect_eq(conf->alert[0].when.factor, 2000);
	conf_free(conf);
}
