// Windows of streams: what is said of each kind, and what they ask of panes.

#include "load.h"

#define STREAM "[input]\ndevice = a\n[stream a]\nkey = src_ip\n"
#define WINDOW                                                                                     \
	" (accepted: tumbling SIZE, sliding SIZE EVERY, session GAP, flow ACTIVE IDLE, each from " \
	"10ms to 366d, EVERY a divisor of SIZE, ACTIVE 1s or more, count N, N from 2 to 2G)\n"

Test(window, refused_by_table) {
	static const struct refused table[] = {
		{STREAM "window =\n",
		 "test.conf:5: stream.a.window: \"\": must not be empty" WINDOW},
		{STREAM "window = tumbling\n",
		 "test.conf:5: stream.a.window: tumbling: tumbling takes SIZE" WINDOW},
		{STREAM "window = tumbling 1s 2s\n",
		 "test.conf:5: stream.a.window: tumbling 1s 2s: tumbling takes SIZE" WINDOW},
		{STREAM "window = tumbling 10\n",
		 "test.conf:5: stream.a.window: tumbling 10: SIZE is not a number with us, ms, s, m, h or "
		 "d" WINDOW},
		{STREAM "window = tumbling 9ms\n",
		 "test.conf:5: stream.a.window: tumbling 9ms: SIZE is out of range" WINDOW},
		{STREAM "window = tumbling 0\n",
		 "test.conf:5: stream.a.window: tumbling 0: SIZE is out of range" WINDOW},
		{STREAM "window = tumbling 367d\n",
		 "test.conf:5: stream.a.window: tumbling 367d: SIZE is out of range" WINDOW},
		{STREAM "window = tumbling 99999999999999999999s\n",
		 "test.conf:5: stream.a.window: tumbling 99999999999999999999s: SIZE is out of range" WINDOW},
		{STREAM "window = 10s\n",
		 "test.conf:5: stream.a.window: 10s: unknown kind of window" WINDOW},
		{STREAM "window = tumling 10s\n",
		 "test.conf:5: stream.a.window: tumling 10s: unknown kind of window tumling, did you mean "
		 "tumbling?" WINDOW},
		{STREAM "window = count\n",
		 "test.conf:5: stream.a.window: count: count takes N" WINDOW},
		{STREAM "window = count 5 6\n",
		 "test.conf:5: stream.a.window: count 5 6: count takes N" WINDOW},
		{STREAM "window = count 5s\n",
		 "test.conf:5: stream.a.window: count 5s: N is not a number with or without K, M or G" WINDOW},
		{STREAM "window = count 1\n",
		 "test.conf:5: stream.a.window: count 1: N is out of range" WINDOW},
		{STREAM "window = count 2147483649\n",
		 "test.conf:5: stream.a.window: count 2147483649: N is out of range" WINDOW},
		{STREAM "window = count 5\n",
		 "test.conf:5: stream.a.window: count 5: count: packets of one key must come in order "
		 "(accepted: count with src_ip, dest_ip, src_port, dest_port and proto in the key)\n"},
		{STREAM "window = tumbling -10s\n",
		 "test.conf:5: stream.a.window: tumbling -10s: SIZE is not a number with us, ms, s, m, h or d" WINDOW},
		{STREAM "window = sliding 10s\n",
		 "test.conf:5: stream.a.window: sliding 10s: sliding takes SIZE and EVERY" WINDOW},
		{STREAM "window = sliding 10s 5s 1s\n",
		 "test.conf:5: stream.a.window: sliding 10s 5s 1s: sliding takes SIZE and EVERY" WINDOW},
		{STREAM "window = sliding 10s 3s\n",
		 "test.conf:5: stream.a.window: sliding 10s 3s: EVERY does not divide SIZE" WINDOW},
		{STREAM "window = sliding 10s 20s\n",
		 "test.conf:5: stream.a.window: sliding 10s 20s: EVERY does not divide SIZE" WINDOW},
		{STREAM "window = sliding 10s 0\n",
		 "test.conf:5: stream.a.window: sliding 10s 0: EVERY is out of range" WINDOW},
		{STREAM "window = sliding 10s 5ms\n",
		 "test.conf:5: stream.a.window: sliding 10s 5ms: EVERY is out of range" WINDOW},
		{STREAM "window = sliding 10s -1s\n",
		 "test.conf:5: stream.a.window: sliding 10s -1s: EVERY is not a number with us, ms, s, m, h or d" WINDOW},
		{STREAM "window = sliding 0s 0s\n",
		 "test.conf:5: stream.a.window: sliding 0s 0s: SIZE is out of range" WINDOW},
		{STREAM "window = sliding 366d 1m\n",
		 "test.conf:5: stream.a.window: sliding 366d 1m: SIZE is more than 86400 times EVERY" WINDOW},
		{STREAM "window = session\n",
		 "test.conf:5: stream.a.window: session: session takes GAP" WINDOW},
		{STREAM "window = session 1s 2s\n",
		 "test.conf:5: stream.a.window: session 1s 2s: session takes GAP" WINDOW},
		{STREAM "window = session 0\n",
		 "test.conf:5: stream.a.window: session 0: GAP is out of range" WINDOW},
		{STREAM "window = session 9999us\n",
		 "test.conf:5: stream.a.window: session 9999us: GAP is out of range" WINDOW},
		{STREAM "window = session 367d\n",
		 "test.conf:5: stream.a.window: session 367d: GAP is out of range" WINDOW},
		{STREAM "window = session -1s\n",
		 "test.conf:5: stream.a.window: session -1s: GAP is not a number with us, ms, s, m, h or d" WINDOW},
		{STREAM "window = flow 30m\n",
		 "test.conf:5: stream.a.window: flow 30m: flow takes ACTIVE and IDLE" WINDOW},
		{STREAM "window = flow 999ms 1s\n",
		 "test.conf:5: stream.a.window: flow 999ms 1s: ACTIVE is out of range" WINDOW},
		{STREAM "window = flow 1s 0\n",
		 "test.conf:5: stream.a.window: flow 1s 0: IDLE is out of range" WINDOW},
		{STREAM "window = flow 0 1s\n",
		 "test.conf:5: stream.a.window: flow 0 1s: ACTIVE is out of range" WINDOW},
		{STREAM "window = flow 1s x\n",
		 "test.conf:5: stream.a.window: flow 1s x: IDLE is not a number with us, ms, s, m, h or d" WINDOW},
		{STREAM "window = sliding 'x\n",
		 "test.conf:5: stream.a.window: sliding 'x: a quote is not closed" WINDOW},
		{STREAM "window = slidng 10s 1s\n",
		 "test.conf:5: stream.a.window: slidng 10s 1s: unknown kind of window slidng, did you mean sliding?" WINDOW},
	};
	EXPECT_TABLE(table);
}

Test(window, count_is_a_number_of_packets) {
	static const struct {
		const char *text, *printed;
		uint32_t packets;
	} table[] = {
		{"2", "2", 2},
		{"1000", "1000", 1000},
		{"4096", "4K", 4096},
		{"2G", "2G", 1u << 31}};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[256], line[64], *printed = NULL;
		size_t len = 0;
		snprintf(
			text, sizeof(text),
			"[input]\ndevice = a\n[stream a]\nkey = tos proto src_ip dest_ip src_port "
			"dest_port\nwindow = count %s\n",
			table[i].text
		);
		snprintf(line, sizeof(line), "\nwindow = count %s\n", table[i].printed);
		struct conf *conf = expect_loads(text, NULL);
		const struct conf_window *got = &conf->stream[0].window;
		cr_expect_eq(got->kind, CONF_WINDOW_COUNT);
		cr_expect_eq(got->packets, table[i].packets);
		cr_expect_eq(conf_window_panes(got).step_us, 0);
		cr_expect_eq(conf_window_panes(got).most_us, CONF_PANE_MAX_US);
		FILE *to = open_memstream(&printed, &len);
		conf_print(conf, to);
		fclose(to);
		cr_expect_not_null(strstr(printed, line), "%s is not in\n%s", line, printed);
		free(printed);
		conf_free(conf);
	}
}

Test(window, each_kind_is_read_printed_and_asks_for_its_panes) {
	static const struct {
		const char *text;
		struct conf_window window;
		struct conf_panes panes;
	} table[] = {
		{"tumbling 10s", {CONF_WINDOW_TUMBLING, 10000000, 0}, {10000000, CONF_PANE_MAX_US}},
		{"sliding 1m 1s",
		 {CONF_WINDOW_SLIDING, 60000000, 1000000},
		 {1000000, CONF_PANE_MAX_US}},
		{"sliding 10s 10s",
		 {CONF_WINDOW_SLIDING, 10000000, 10000000},
		 {10000000, CONF_PANE_MAX_US}},
		{"sliding 1d 1s",
		 {CONF_WINDOW_SLIDING, 86400000000, 1000000},
		 {1000000, CONF_PANE_MAX_US}},
		{"session 30s", {CONF_WINDOW_SESSION, 30000000, 0}, {0, 1000000}},
		{"session 300ms", {CONF_WINDOW_SESSION, 300000, 0}, {0, 300000}},
		{"flow 30m 15s", {CONF_WINDOW_FLOW, 1800000000, 15000000}, {1000000, 1000000}},
		{"flow 1s 20ms", {CONF_WINDOW_FLOW, 1000000, 20000}, {1000000, 20000}},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[128], line[64], *printed = NULL;
		size_t len = 0;
		snprintf(text, sizeof(text), STREAM "window = %s\n", table[i].text);
		snprintf(line, sizeof(line), "\nwindow = %s\n", table[i].text);
		struct conf *conf = expect_loads(text, NULL);
		const struct conf_window *got = &conf->stream[0].window, *want = &table[i].window;
		cr_expect_eq(got->kind, want->kind, "%s", text);
		cr_expect_eq(got->size_us, want->size_us, "%s", text);
		cr_expect_eq(got->step_us, want->step_us, "%s", text);
		struct conf_panes panes = conf_window_panes(got);
		cr_expect_eq(panes.step_us, table[i].panes.step_us, "%s", text);
		cr_expect_eq(panes.most_us, table[i].panes.most_us, "%s", text);
		FILE *to = open_memstream(&printed, &len);
		conf_print(conf, to);
		fclose(to);
		cr_expect_not_null(strstr(printed, line), "%s is not in\n%s", line, printed);
		free(printed);
		conf_free(conf);
	}
}
