// What does not fit together.

#include "load.h"

#include "base/field.h"

#define INPUT "[input]\ndevice = a\n"
#define KEY "key = src_ip\n"
#define PANES " (accepted: sizes with a common divisor of at least 10ms)\n"
#define OWN " (accepted: a file of its own for each sink)\n"

Test(check, misfits_by_table) {
	static const struct refused table[] = {
		{INPUT "workers = 4\ncpus = 1-3\n",
		 "test.conf:4: input.cpus: 1-3: 3 CPUs for 4 workers (accepted: at least one CPU for each "
		 "worker)\n"},
		{INPUT "[stream a]\n" KEY "window = tumbling 10ms\n[stream b]\n" KEY
		       "window = tumbling 25ms\n",
		 "test.conf:8: stream.b.window: tumbling 25ms: stream.a (10ms) and stream.b (25ms) ask for panes "
		 "of 5ms together" PANES},
		// Any two of them get along.
		{INPUT "[stream a]\n" KEY "window = tumbling 42ms\n[stream b]\n" KEY
		       "window = tumbling 70ms\n[stream c]\n" KEY "window = tumbling 105ms\n",
		 "test.conf:11: stream.c.window: tumbling 105ms: stream.a (42ms) and stream.b (70ms) and "
		 "stream.c (105ms) ask for panes of 7ms together" PANES},
		// The one that is a multiple of another does not ask for it.
		{INPUT "[stream a]\n" KEY "window = tumbling 20ms\n[stream b]\n" KEY
		       "window = tumbling 1s\n[stream c]\n" KEY "window = tumbling 25ms\n",
		 "test.conf:11: stream.c.window: tumbling 25ms: stream.a (20ms) and stream.c (25ms) ask for "
		 "panes of 5ms together" PANES},
		// Over an hour a pane is a part of the window: these are primes.
		{INPUT "[stream a]\n" KEY "window = tumbling 3600000011us\n",
		 "test.conf:5: stream.a.window: tumbling 3600000011us: stream.a (3600000011us) ask for panes of "
		 "1us together (accepted: sizes with a common divisor of at least 10ms and at most 1h)\n"},
		{INPUT "[stream a]\n" KEY "window = tumbling 31622399999951us\n",
		 "test.conf:5: stream.a.window: tumbling 31622399999951us: stream.a (31622399999951us) ask for "
		 "panes of 1us together (accepted: sizes with a common divisor of at least 10ms and at most "
		 "1h)\n"},
		// A step is what counts of a window that slides, and gaps are bounds.
		{INPUT "[stream a]\n" KEY "window = sliding 90ms 30ms\n[stream b]\n" KEY
		       "window = tumbling 10s\n[stream c]\n" KEY "window = sliding 75ms 25ms\n",
		 "test.conf:11: stream.c.window: sliding 75ms 25ms: stream.a (sliding 90ms 30ms) and stream.b "
		 "(10s) and stream.c (sliding 75ms 25ms) ask for panes of 5ms together" PANES},
		{INPUT "[stream a]\n" KEY "window = tumbling 25ms\n[stream b]\n" KEY
		       "window = session 12ms\n",
		 "test.conf:8: stream.b.window: session 12ms: stream.a (25ms) and stream.b (session 12ms) ask "
		 "for panes of 6250us together (accepted: sizes with a common divisor of at least 10ms and at "
		 "most 12ms)\n"},
		{INPUT "[stream a]\n" KEY "window = flow 1m 15s\n[stream b]\n" KEY
		       "window = tumbling 1024ms\n",
		 "test.conf:8: stream.b.window: tumbling 1024ms: stream.a (flow 1m 15s) and stream.b (1024ms) "
		 "ask for panes of 8ms together" PANES},
		{INPUT "[alert x]\nstream = a\nwhen = packets > mean(2)\n[stream a]\n" KEY
		       "window = session 1s\n",
		 "test.conf:5: alert.x.when: packets > mean(2): mean: windows of stream.a are of the kind "
		 "session, each begins with its key (accepted: a number, or a mean where windows are tumbling "
		 "or sliding)\n"},
		{INPUT "[alert x]\nstream = b\nwhen = packets > 1\n[stream a]\n" KEY
		       "window = flow 2s 1s\n",
		 "test.conf:4: alert.x.stream: b: unknown stream (accepted: a)\n"},
		{INPUT "[alert x]\nstream =\nwhen = packets > 1\n[alert y]\nwhen = packets > 1\n",
		 "test.conf:4: alert.x.stream: \"\": must not be empty (accepted: nothing, as there are no "
		 "streams)\ntest.conf:6: alert.y.stream: is missing (accepted: nothing, as there are no "
		 "streams)\n"},
		{INPUT "[stream a]\n" KEY "window = tumbling 10s\noverflow = evict\n",
		 "test.conf:6: stream.a.overflow: evict: evict: a key of a tumbling window does not end by "
		 "itself (accepted: auto or rest)\n"},
		{INPUT "[flow]\nmemory = 64M\n[stream a]\n" KEY
		       "window = session 10s\nmemory = 40M\n"
		       "overflow = evict\n[stream b]\n" KEY "window = flow 10s 1s\nmemory = 25M\n",
		 "test.conf:13: stream.b.memory: 25M: of flow.memory = 64M no more than 24M are left for it "
		 "(accepted: 0, or so much that all streams have room in flow.memory)\n"},
		{INPUT "late = emit\n[flow]\nmemory = 64M\n[stream a]\n" KEY
		       "window = tumbling 10s\nmemory = 57M\n",
		 "test.conf:9: stream.a.memory: 57M: of flow.memory = 64M no more than 56M are left for it "
		 "(accepted: 0, or so much that all streams have room in flow.memory)\n"},
		{INPUT "[sink a]\n",
		 "test.conf:3: sink.a.path: is missing (accepted: a file, or - for stdout)\n"},
		{INPUT "[sink a]\npath =\n",
		 "test.conf:4: sink.a.path: \"\": is missing (accepted: a file, or - for stdout)\n"},
		{INPUT "[sink a]\npath = x\n[sink b]\npath = ./x\n",
		 "test.conf:6: sink.b.path: ./x: sink.a writes there already" OWN},
		{INPUT "[sink a]\npath = -\n[sink b]\npath = -\n",
		 "test.conf:6: sink.b.path: -: sink.a writes there already" OWN},
		{"[input]\nbackend = pcap\ndevice = - b -\n",
		 "test.conf:3: input.device: - b -: - is named twice (accepted: standard input once)\n"},
	};
	EXPECT_TABLE(table);
}

Test(check, windows_of_every_kind_get_along_with_panes_of_10_ms) {
	conf_free(expect_loads(
		INPUT "[stream a]\n" KEY "window = sliding 1m 10ms\n[stream b]\n" KEY
		      "window = session 10ms\n[stream c]\n" KEY
		      "window = session 366d\n[stream d]\n" KEY
		      "window = flow 30m 15s\n[stream e]\n" KEY "window = flow 1s 10ms\n",
		NULL
	));
}

Test(check, one_cpu_for_each_worker_is_enough) {
	conf_free(expect_loads(INPUT "workers = 4\ncpus = 0-3\n", NULL));
	conf_free(expect_loads(INPUT "workers = 4\ncpus = 0-4\n", NULL));
	conf_free(expect_loads(INPUT "workers = 4\n", NULL));
}

Test(check, panes_of_10_ms_are_fine) {
	struct conf *conf = expect_loads(
		INPUT "[stream a]\n" KEY "window = tumbling 20ms\n[stream b]\n" KEY
		      "window = tumbling 30ms\n",
		NULL
	);
	cr_expect_eq(conf->stream[1].window.size_us, 30000);
	conf_free(conf);
}

Test(check, windows_over_an_hour_are_made_of_panes) {
	conf_free(expect_loads(INPUT "[stream a]\n" KEY "window = tumbling 366d\n", NULL));
	conf_free(expect_loads(INPUT "[stream a]\n" KEY "window = tumbling 7207s\n", NULL));
}

Test(check, a_sink_that_keeps_nothing_needs_no_path) {
	conf_free(expect_loads(
		INPUT
		"[sink a]\ntype = null\n[sink b]\ntype = null\npath = x\n[sink c]\npath = x\n",
		NULL
	));
}

Test(check, links_to_one_file_are_one_file) {
	char folder[32];
	static const char text[] = INPUT "[sink a]\npath = a.hs\n[sink b]\npath = b.hs\n";
	load_enter(folder);
	load_write("a.hs", "", 0);
	cr_assert_eq(symlink("a.hs", "b.hs"), 0);
	expect_errors_here(
		text,
		"test.conf:6: sink.b.path: b.hs: sink.a writes there already (accepted: a file "
		"of its own for each sink)\n"
	);
	load_leave(folder);
}

Test(check, what_could_not_be_read_is_not_checked_further) {
	expect_errors(
		INPUT "workers = 4\ncpus = x\n[stream a]\n" KEY
		      "window = tumbling 1ms\n[stream b]\n" KEY
		      "window = tumbling 25ms\n[sink a]\ntype = kafka\n",
		NULL,
		"test.conf:4: input.cpus: x: not a number and not a range (accepted: numbers and ranges, as 1-4 "
		"or 0,2, up to 1023, each once)\n"
		"test.conf:7: stream.a.window: tumbling 1ms: SIZE is out of range (accepted: tumbling SIZE, "
		"sliding SIZE EVERY, session GAP, flow ACTIVE IDLE, each from 10ms to 366d, EVERY a divisor of "
		"SIZE, ACTIVE 1s or more, count N, N from 2 to 2G)\n"
		"test.conf:12: sink.a.type: kafka: this version does not have kafka (accepted: json, eve, null)\n"
	);
}

Test(check, alerts_come_from_rules_and_belong_to_no_stream) {
	static const char rules[] = INPUT "[stream s]\n" KEY "window = tumbling 1s\n[match]\n";
	static const char eve[] = "[sink a]\ntype = eve\npath = x\nstreams = ";
	struct conf_errors errors;
	char folder[32], text[512];
	expect_errors(
		INPUT "[sink a]\ntype = eve\n", NULL,
		"test.conf:3: sink.a.path: is missing (accepted: a file, or - for stdout)\n"
		"test.conf:4: sink.a.type: eve: there are no rules that could alert (accepted: with files "
		"in match.rules)\n"
	);
	load_enter(folder);
	load_write("a.hs", "", 0);
	snprintf(text, sizeof(text), "%srules = a.hs\n%ss\n", rules, eve);
	expect_errors_here(
		text,
		"test.conf:11: sink.a.streams: s: alerts belong to no stream (accepted: nothing)\n"
	);
	snprintf(text, sizeof(text), "%srules = a.hs\n%s\n", rules, eve);
	struct conf *conf = load_octets(text, strlen(text), NULL, &errors);
	cr_assert_not_null(conf);
	cr_expect_eq(conf->sink[0].type, CONF_SINK_EVE);
	conf_free(conf);
	conf_errors_fini(&errors);
	load_leave(folder);
}

Test(check, streams_with_rule_in_their_key_want_rules) {
	static const char stream[] = INPUT "[stream s]\nkey = src_ip rule\nwindow = tumbling 1s\n";
	struct conf_errors errors;
	char folder[32], text[512];
	expect_errors(
		stream, NULL,
		"test.conf:4: stream.s.key: src_ip rule: rule: there are no rules that could match "
		"(accepted: rule with files in match.rules)\n"
	);
	snprintf(text, sizeof(text), "%s[match]\nrules =\n", stream);
	expect_errors(
		text, NULL,
		"test.conf:4: stream.s.key: src_ip rule: rule: there are no rules that could match "
		"(accepted: rule with files in match.rules)\n"
	);
	load_enter(folder);
	load_write("a.hs", "", 0);
	static const char *const sets[] = {"match.rules=a.hs", NULL};
	struct conf *conf = load_octets(stream, strlen(stream), sets, &errors);
	cr_assert_not_null(conf);
	cr_expect_eq(conf->stream[0].key, FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_RULE));
	cr_expect_eq(conf->stream[0].key_order[1], FIELD_RULE);
	conf_free(conf);
	conf_errors_fini(&errors);
	snprintf(
		text, sizeof(text), "%s[input]\n%s",
		"[stream s]\nkey = rule\nwindow = tumbling 1s\n"
		"[match]\nrules = a.hs\n",
		"device = a\nbackend = xdp\nxdp_mode = kernel\n"
	);
	expect_errors_here(
		text,
		"test.conf:2: stream.s.key: rule: rule: with input.xdp_mode = kernel nothing can be matched "
		"(accepted: rule with observe or redirect, and with files in match.rules)\n"
		"test.conf:9: input.xdp_mode: kernel: payloads do not leave the kernel, so nothing can be "
		"matched (accepted: kernel with match.rules empty, or observe, redirect)\n"
	);
	load_leave(folder);
}

Test(check, matches_are_no_flows) {
	char folder[32];
	static const char text[] = INPUT
		"[match]\nrules = a.hs\n[stream s]\nkey = src_ip rule\nwindow = sliding 2s 1s\n"
		"[stream t]\nkey = rule\nwindow = session 2s\n"
		"[stream u]\nkey = rule\nwindow = flow 2s 1s\n";
	load_enter(folder);
	load_write("a.hs", "", 0);
	expect_errors_here(
		text,
		"test.conf:13: stream.u.window: flow 2s 1s: flow: with rule in its key a stream counts "
		"matches, which are no flows (accepted: tumbling, sliding or session with rule)\n"
	);
	load_leave(folder);
}

#define TUPLE "key = src_ip dest_ip src_port dest_port proto\n"

Test(check, biflows_want_both_ends_in_the_key) {
#define STREAM(key) INPUT "[stream a]\nwindow = tumbling 1s\nbiflow = yes\nkey = " key "\n"
#define ONE_WAY                                                                                        \
	"test.conf:5: stream.a.biflow: yes: the key has no two directions (accepted: yes with src_ip " \
	"and dest_ip in the key, and with both src_port and dest_port or neither)\n"
	static const struct refused table[] = {
		{STREAM("src_ip"), ONE_WAY},
		{STREAM("src_port dest_port"), ONE_WAY},
		{STREAM("src_ip dest_ip src_port"), ONE_WAY},
		{STREAM("src_ip dest_ip dest_port proto"), ONE_WAY},
		{STREAM("src_ip src_port dest_port"), ONE_WAY},
		{STREAM("src_ip/24 dest_ip"),
		 "test.conf:5: stream.a.biflow: yes: networks of different sizes do not change places "
		 "(accepted: yes with the same prefixes for src_ip and dest_ip)\n"},
	};
	EXPECT_TABLE(table);
	static const char *const fine[] = {
		STREAM("src_ip dest_ip"),
		STREAM("dest_port dest_ip src_port src_ip"),
		STREAM("src_ip/24/64 dest_ip/24/64"),
		STREAM("dest_ip src_ip proto vlan icmp_type in_port"),
	};
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		struct conf *conf = expect_loads(fine[i], NULL);
		cr_expect(conf->stream[0].biflow);
		conf_free(conf);
	}
#undef STREAM
}

Test(check, matches_have_one_direction) {
	char folder[32];
	static const char text[] = INPUT
		"[match]\nrules = a.hs\n[stream s]\n"
		"key = src_ip dest_ip rule\nwindow = tumbling 2s\nbiflow = yes\n";
	load_enter(folder);
	load_write("a.hs", "", 0);
	expect_errors_here(
		text,
		"test.conf:8: stream.s.biflow: yes: with rule in its key a stream counts matches, which have "
		"one direction (accepted: no with rule)\n"
	);
	load_leave(folder);
}

Test(check, the_largest_are_of_a_window_that_holds_others) {
#define STREAM(window, more) INPUT "[stream a]\n" KEY "window = " window "\ntop = 5\n" more
#define ALONE                                                                                                \
	"test.conf:6: stream.a.top: 5: a session, flow or count is a window of its own, with no other keys " \
	"to be compared with (accepted: 0, or a window that is tumbling or sliding)\n"
#define NO_MATCHES                                                                                        \
	"test.conf:7: stream.a.order_by: matches: nothing is matched (accepted: bytes, packets; matches " \
	"with files in match.rules, and not with input.xdp_mode = kernel)\n"
	static const struct refused table[] = {
		{STREAM("session 5s", ""), ALONE},
		{STREAM("flow 1m 15s", ""), ALONE},
		{INPUT "[stream a]\n" TUPLE "window = count 9\ntop = 5\n", ALONE},
		{STREAM("tumbling 5s", "order_by = matches\n"), NO_MATCHES},
	};
	EXPECT_TABLE(table);
	conf_free(expect_loads(STREAM("tumbling 5s", ""), NULL));
	conf_free(expect_loads(STREAM("sliding 5s 1s", "order_by = packets\n"), NULL));
	conf_free(expect_loads(
		INPUT "[stream a]\n" KEY "window = session 5s\norder_by = packets\n", NULL
	));
#undef STREAM
}
Test(check, counters_of_the_other_direction_want_records_that_have_them) {
#define WATCHED(more, when)                                      \
	INPUT "[stream s]\n" TUPLE "window = tumbling 1s\n" more \
	      "[alert x]\nstream = s\nwhen = " when "\n"
	static const struct refused table[] = {
		{WATCHED("", "rev_bytes > 5"),
		 "test.conf:8: alert.x.when: rev_bytes > 5: rev_bytes: records of stream.s are of one "
		 "direction (accepted: packets, bytes, frame_bytes or matches; others with biflow = yes)\n"},
		{WATCHED("", "matches > 2 * mean(5)"),
		 "test.conf:8: alert.x.when: matches > 2 * mean(5): matches: nothing is matched (accepted: other "
		 "counters; matches with files in match.rules, and not with input.xdp_mode = kernel)\n"},
	};
	EXPECT_TABLE(table);
	conf_free(expect_loads(WATCHED("biflow = yes\n", "rev_frame_bytes > mean(5)"), NULL));
	conf_free(expect_loads(WATCHED("biflow = yes\n", "packets > 5"), NULL));
}

Test(check, what_counts_packets_one_by_one_wants_to_see_them) {
	static const struct refused table[] = {
		{INPUT "backend = xdp\nxdp_mode = kernel\n[stream s]\n" TUPLE "window = count 9\n",
		 "test.conf:7: stream.s.window: count 9: count: with input.xdp_mode = kernel no packet is seen, "
		 "only sums (accepted: count with observe or redirect)\n"},
		{INPUT "[stream s]\nkey = src_ip dest_ip src_port dest_port\nwindow = count 9\n",
		 "test.conf:5: stream.s.window: count 9: count: packets of one key must come in order "
		 "(accepted: count with src_ip, dest_ip, src_port, dest_port and proto in the key)\n"},
		{INPUT
		 "[match]\nrules = a.hs\n[stream s]\nkey = src_ip dest_ip src_port dest_port proto rule\n"
		 "window = count 9\n",
		 "test.conf:7: stream.s.window: count 9: count: with rule in its key a stream counts matches, "
		 "not packets (accepted: tumbling, sliding or session with rule)\n"},
		{INPUT
		 "[stream s]\nkey = src_ip/24 dest_ip src_port dest_port proto\nwindow = count 9\n",
		 "test.conf:5: stream.s.window: count 9: count: packets of one key must come in order, and "
		 "those of networks do not (accepted: count with whole addresses in the key)\n"},
		{INPUT "[stream s]\n" TUPLE "window = count 9\nbiflow = yes\n",
		 "test.conf:6: stream.s.biflow: yes: a window of count has packets of one direction "
		 "(accepted: no with count)\n"},
		{INPUT "[stream s]\n" TUPLE "window = count 9\ndistinct = vlan\n",
		 "test.conf:6: stream.s.distinct: vlan: windows of count know no values (accepted: nothing "
		 "with count)\n"},
		{INPUT "[stream s]\n" TUPLE "window = count 9\nmemory = 1M\n",
		 "test.conf:6: stream.s.memory: 1M: windows of count are in memory of the workers "
		 "(accepted: 0 with count; flow.rows says how many may be open)\n"},
		{INPUT "[stream s]\n" TUPLE "window = count 9\noverflow = evict\n",
		 "test.conf:6: stream.s.overflow: evict: of windows of count the longest silent leaves "
		 "(accepted: auto with count)\n"},
		{INPUT "[stream s]\n" TUPLE "window = count 9\n[alert x]\nstream = s\n"
		       "when = bytes > mean(2)\n",
		 "test.conf:8: alert.x.when: bytes > mean(2): mean: windows of stream.s are of the kind count, "
		 "each begins with its key (accepted: a number, or a mean where windows are tumbling or "
		 "sliding)\n"},
	};
	char folder[32];
	load_enter(folder);
	load_write("a.hs", "1:/a/\n", 6);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		expect_errors_here(table[i].text, table[i].errors);
	load_leave(folder);
}
