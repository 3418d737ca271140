// Values that are one thing: what is accepted, and the exact words for what is not.

#include "conf/value.h"

#include "load.h"

#define INPUT "[input]\ndevice = a\n"
#define NAME "test.conf:3: "

Test(value, bad_values_by_table) {
	static const struct refused table[] = {
		{INPUT "backend = pcp\n",
		 NAME
		 "input.backend: pcp: unknown value, did you mean pcap? (accepted: auto, dpdk, xdp, "
		 "pcap)\n"},
		{INPUT "backend = \n",
		 NAME "input.backend: \"\": unknown value (accepted: auto, dpdk, xdp, pcap)\n"},
		{INPUT "backend = Pcap\n",
		 NAME
		 "input.backend: Pcap: unknown value, did you mean pcap? (accepted: auto, dpdk, xdp, "
		 "pcap)\n"},
		{INPUT "dispatch = hardware\n",
		 NAME "input.dispatch: hardware: unknown value (accepted: auto, rss, software)\n"},
		{INPUT "xdp_mode = kernal\n",
		 NAME
		 "input.xdp_mode: kernal: unknown value, did you mean kernel? (accepted: observe, "
		 "redirect, kernel)\n"},
		{INPUT "workers = 0\n",
		 NAME "input.workers: 0: out of range (accepted: 1 to 64)\n"},
		{INPUT "workers = 65\n",
		 NAME "input.workers: 65: out of range (accepted: 1 to 64)\n"},
		{INPUT "workers = 4294967297\n",
		 NAME "input.workers: 4294967297: out of range (accepted: 1 to 64)\n"},
		{INPUT "workers = 99999999999999999999\n",
		 NAME "input.workers: 99999999999999999999: out of range (accepted: 1 to 64)\n"},
		{INPUT "workers = -1\n",
		 NAME "input.workers: -1: not a number (accepted: 1 to 64)\n"},
		{INPUT "workers = 4 # four\n",
		 NAME
		 "input.workers: 4 # four: not a number, a comment takes a line of its own (accepted: 1 "
		 "to 64)\n"},
		{INPUT "workers =\n",
		 NAME "input.workers: \"\": not a number (accepted: 1 to 64)\n"},
		{INPUT "snaplen = 63\n",
		 NAME "input.snaplen: 63: out of range (accepted: 64 to 262144)\n"},
		{INPUT "snaplen = 2K\n",
		 NAME "input.snaplen: 2K: not a number (accepted: 64 to 262144)\n"},
		{INPUT "pace = 0\n",
		 NAME "input.pace: 0: out of range (accepted: max, real, or packets a second, 1 to "
		      "1000000000)\n"},
		{INPUT "pace = fast\n",
		 NAME
		 "input.pace: fast: not a number (accepted: max, real, or packets a second, 1 to "
		 "1000000000)\n"},
		{INPUT "late = keep\n",
		 NAME "input.late: keep: unknown value (accepted: drop, emit)\n"},
		{INPUT "max_ahead = -1s\n",
		 NAME
		 "input.max_ahead: -1s: not a number with us, ms, s, m, h or d (accepted: auto, off, or "
		 "1s to 366d)\n"},
		{INPUT "max_ahead = 0\n",
		 NAME "input.max_ahead: 0: out of range (accepted: auto, off, or 1s to 366d)\n"},
		{INPUT "lateness = 1\n",
		 NAME
		 "input.lateness: 1: not a number with us, ms, s, m, h or d (accepted: all, or 0s to "
		 "366d)\n"},
		{INPUT "lateness = 367d\n",
		 NAME "input.lateness: 367d: out of range (accepted: all, or 0s to 366d)\n"},
		{INPUT "lateness = -1s\n",
		 NAME
		 "input.lateness: -1s: not a number with us, ms, s, m, h or d (accepted: all, or 0s to "
		 "366d)\n"},
		{INPUT "[dpdk]\nmbufs = 1023\n",
		 "test.conf:4: dpdk.mbufs: 1023: out of range (accepted: 1K to 16M)\n"},
		{INPUT "[dpdk]\nmbufs = 17M\n",
		 "test.conf:4: dpdk.mbufs: 17M: out of range (accepted: 1K to 16M)\n"},
		{INPUT "[dpdk]\nrx_desc = 63\n",
		 "test.conf:4: dpdk.rx_desc: 63: out of range (accepted: 64 to 32K)\n"},
		{INPUT "[dpdk]\nrx_desc = lots\n",
		 "test.conf:4: dpdk.rx_desc: lots: not a number with or without K, M or G (accepted: 64 to "
		 "32K)\n"},
		{INPUT "[dpdk]\nhugepages = yes\n",
		 "test.conf:4: dpdk.hugepages: yes: unknown value (accepted: off, auto)\n"},
		{INPUT "[match]\nmode = blok\n",
		 "test.conf:4: match.mode: blok: unknown value, did you mean block? (accepted: stream, block)\n"},
		{INPUT "[match]\nstream_memory = 1023K\n",
		 "test.conf:4: match.stream_memory: 1023K: out of range (accepted: 1M to 1T)\n"},
		{INPUT "[match]\nstream_memory = 1025G\n",
		 "test.conf:4: match.stream_memory: 1025G: out of range (accepted: 1M to 1T)\n"},
		{INPUT "[match]\nmidstream = true\n",
		 "test.conf:4: match.midstream: true: unknown value (accepted: no, yes)\n"},
		{INPUT "[match]\nchecksums = ignored\n",
		 "test.conf:4: match.checksums: ignored: unknown value, did you mean ignore? (accepted: auto, "
		 "check, ignore)\n"},
		{INPUT "[match]\non_unsupported = warn\n",
		 "test.conf:4: match.on_unsupported: warn: unknown value (accepted: error, skip)\n"},
		{INPUT "[match]\napp_ports = all\n",
		 "test.conf:4: match.app_ports: all: unknown value, did you mean any? (accepted: usual, any)\n"},
		{INPUT "[match]\ncache =\n",
		 "test.conf:4: match.cache: \"\": must not be empty (accepted: auto, off, or a folder)\n"},
		{INPUT "[flow]\nrows = 1000\n",
		 "test.conf:4: flow.rows: 1000: out of range (accepted: 1K to 64M)\n"},
		{INPUT "[flow]\nrows = 65M\n",
		 "test.conf:4: flow.rows: 65M: out of range (accepted: 1K to 64M)\n"},
		{INPUT "[flow]\npanes = 1\n",
		 "test.conf:4: flow.panes: 1: out of range (accepted: 2 to 64)\n"},
		{INPUT "[flow]\nspares = 0\n",
		 "test.conf:4: flow.spares: 0: out of range (accepted: 1 to 64)\n"},
		{INPUT "[flow]\nmemory = 1M\n",
		 "test.conf:4: flow.memory: 1M: out of range (accepted: 16M to 1024T)\n"},
		{INPUT "[sink a]\npath = x\nrotate_size = 1000\n",
		 "test.conf:5: sink.a.rotate_size: 1000: out of range (accepted: 0, or 1M to 1024T)\n"},
		{INPUT "[sink a]\npath = x\nrotate_every = 500ms\n",
		 "test.conf:5: sink.a.rotate_every: 500ms: out of range (accepted: 0, or 1s to 366d)\n"},
		{INPUT "[sink a]\ntype = kafka\n",
		 "test.conf:4: sink.a.type: kafka: this version does not have kafka (accepted: json, eve, null)\n"},
		{INPUT "[sink a]\ntype = jsno\n",
		 "test.conf:4: sink.a.type: jsno: unknown value, did you mean json? (accepted: json, eve, null)\n"},
	};
	EXPECT_TABLE(table);
}

Test(value, every_later_type_of_sink_is_named_as_such) {
	static const char *const types[] = {"csv", "ipfix", "kafka", "sqlite", "pcapng"};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char text[128], want[256];
		snprintf(text, sizeof(text), INPUT "[sink a]\ntype = %s\n", types[i]);
		snprintf(
			want, sizeof(want),
			"test.conf:4: sink.a.type: %s: this version does not have %s (accepted: json, eve, null)\n",
			types[i], types[i]
		);
		expect_errors(text, NULL, want);
	}
}

Test(value, streams_say_how_many_keys_and_which) {
#define STREAM INPUT "[stream a]\nkey = src_ip\nwindow = tumbling 1s\n"
	static const struct refused table[] = {
		{STREAM "biflow = maybe\n",
		 "test.conf:6: stream.a.biflow: maybe: unknown value (accepted: no, yes)\n"},
		{STREAM "top = 1000001\n",
		 "test.conf:6: stream.a.top: 1000001: out of range (accepted: 0 to 1000000)\n"},
		{STREAM "order_by = packet\n",
		 "test.conf:6: stream.a.order_by: packet: unknown value, did you mean packets? (accepted: "
		 "bytes, packets, matches)\n"},
	};
	EXPECT_TABLE(table);
	struct conf *conf = expect_loads(STREAM "top = 1000000\norder_by = packets\n", NULL);
	cr_expect_not(conf->stream[0].biflow);
	cr_expect_eq(conf->stream[0].top, 1000000);
	cr_expect_eq(conf->stream[0].order_by, CONF_ORDER_PACKETS);
	conf_free(conf);
}

Test(value, the_ends_of_ranges_are_accepted) {
	struct conf *conf = expect_loads(
		INPUT "workers = 64\nsnaplen = 262144\npace = 1000000000\nlateness = 366d\n"
		      "[dpdk]\nmbufs = 16M\nrx_desc = 32768\nhugepages = off\n"
		      "[flow]\nrows = 64M\npanes = 64\nspares = 64\nmemory = 16M\n"
		      "[sink a]\npath = x\nrotate_size = 1M\nrotate_every = 1s\n",
		NULL
	);
	cr_expect_eq(conf->input.workers, 64);
	cr_expect_eq(conf->input.snaplen, 262144);
	cr_expect_eq(conf->input.pace, 1000000000);
	cr_expect_eq(conf->input.lateness_us, 366 * 86400000000);
	cr_expect_eq(conf->dpdk.mbufs, 16777216);
	cr_expect_eq(conf->dpdk.rx_desc, 32768);
	cr_expect_not(conf->dpdk.hugepages);
	cr_expect_eq(conf->flow.rows, 67108864);
	cr_expect_eq(conf->flow.panes, 64);
	cr_expect_eq(conf->flow.spares, 64);
	cr_expect_eq(conf->flow.memory, 16777216);
	cr_expect_eq(conf->sink[0].rotate_size, 1048576);
	cr_expect_eq(conf->sink[0].rotate_every_us, 1000000);
	conf_free(conf);
}

Test(value, names_give_their_numbers) {
	struct conf *conf = expect_loads(
		INPUT
		"backend = xdp\ndispatch = software\nxdp_mode = kernel\npace = real\nlateness = all\n"
		"[sink a]\ntype = null\n",
		NULL
	);
	cr_expect_eq(conf->input.backend, CONF_BACKEND_XDP);
	cr_expect_eq(conf->input.dispatch, CONF_DISPATCH_SOFTWARE);
	cr_expect_eq(conf->input.xdp_mode, CONF_XDP_KERNEL);
	cr_expect_eq(conf->input.pace, CONF_PACE_REAL);
	cr_expect_eq(conf->input.lateness_us, CONF_LATENESS_ALL);
	cr_expect_eq(conf->sink[0].type, CONF_SINK_NULL);
	conf_free(conf);
}

Test(value, a_text_may_be_quoted_as_a_whole) {
	struct conf *conf = expect_loads(
		INPUT
		"filter = \" tcp port 80 \"\nworkers = '2'\nbackend = \"pcap\"\n[sink a]\npath = '-'\n",
		NULL
	);
	cr_expect_str_eq(conf->input.filter, "tcp port 80");
	cr_expect_eq(conf->input.workers, 2);
	cr_expect_eq(conf->input.backend, CONF_BACKEND_PCAP);
	cr_expect_str_eq(conf->sink[0].path, "-");
	conf_free(conf);
}

Test(value, paths_count_from_the_folder_of_the_file) {
	char folder[32], want[64];
	struct conf_errors errors;
	static const char text[] = INPUT
		"[match]\ncache = ./cache\n[sink a]\npath = ../o ut/x.jsonl\n[sink b]\npath = /y\n";
	load_enter(folder);
	load_write("test.conf", text, sizeof(text) - 1);
	snprintf(want, sizeof(want), "%s/test.conf", folder);
	// From another folder: it is the file's that counts.
	cr_assert_eq(chdir("/"), 0);
	struct conf *conf = conf_load(want, NULL, 0, &errors);
	cr_assert_not_null(conf);
	cr_expect_str_eq(conf->path, want);
	snprintf(want, sizeof(want), "%s/cache", folder);
	cr_expect_str_eq(conf->match.cache, want);
	cr_expect_str_eq(conf->sink[0].path, "/tmp/o ut/x.jsonl");
	cr_expect_str_eq(conf->sink[1].path, "/y");
	conf_free(conf);
	conf_errors_fini(&errors);
	cr_assert_eq(chdir(folder), 0);
	load_leave(folder);
}

Test(value, a_socket_has_a_path_that_the_system_can_take_or_none) {
	char folder[32], name[101], text[256], want[256];
	struct conf_errors errors;
	load_enter(folder);
	memset(name, 'x', sizeof(name) - 1);
	name[107 - strlen(folder) - 1] = '\0';
	snprintf(text, sizeof(text), INPUT "[control]\nsocket = %s\n", name);
	struct conf *conf = load_octets(text, strlen(text), NULL, &errors);
	cr_assert_not_null(conf);
	cr_expect_eq(strlen(conf->control.socket), 107);
	cr_expect_eq(conf->control.access, CONF_ACCESS_OWNER);
	conf_free(conf);
	conf_errors_fini(&errors);
	strcat(name, "x");
	snprintf(text, sizeof(text), INPUT "[control]\nsocket = %s\n", name);
	snprintf(
		want, sizeof(want), "test.conf:4: control.socket: %s: too long for a socket: ", name
	);
	conf = load_octets(text, strlen(text), NULL, &errors);
	cr_assert_null(conf);
	cr_expect_eq(strncmp(errors.line[0], want, strlen(want)), 0, "%s", errors.line[0]);
	conf_errors_fini(&errors);
	conf = load_octets(INPUT "[control]\n", strlen(INPUT "[control]\n"), NULL, &errors);
	cr_assert_not_null(conf);
	cr_expect_str_eq(conf->control.socket, "");
	conf_free(conf);
	conf_errors_fini(&errors);
	load_leave(folder);
}
