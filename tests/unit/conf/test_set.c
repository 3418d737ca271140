// --set on top of a file.

#include "load.h"

#define INPUT "[input]\ndevice = a\n"
#define FORM " (accepted: section.key=value or section.name.key=value)\n"
#define SETS(...)                 \
	(const char *const[]) {   \
		__VA_ARGS__, NULL \
	}

Test(set, a_value_replaces_that_of_the_file) {
	struct conf *conf = expect_loads(
		INPUT "backend = auto\n[stream flows]\nkey = src_ip\nwindow = tumbling 10s\n",
		SETS("input.backend=pcap", "stream.flows.window=tumbling 1s",
		     "stream.flows.key=src_ip proto")
	);
	cr_expect_eq(conf->input.backend, CONF_BACKEND_PCAP);
	cr_expect_eq(conf->stream[0].window.size_us, 1000000);
	cr_expect_eq(conf->stream[0].n_key, 2);
	conf_free(conf);
}

Test(set, quotes_that_the_shell_left_are_fine) {
	struct conf *conf = expect_loads(
		INPUT,
		SETS("stream.flows.window=\"tumbling 1s\"", "stream.flows.key = 'src_ip proto'")
	);
	cr_expect_eq(conf->stream[0].window.size_us, 1000000);
	cr_expect_eq(conf->stream[0].n_key, 2);
	conf_free(conf);
}

Test(set, the_last_of_one_key_wins) {
	struct conf *conf = expect_loads(
		INPUT "workers = many\n",
		SETS("input.workers=none", "input.workers=2", "input.workers=3")
	);
	cr_expect_eq(conf->input.workers, 3);
	conf_free(conf);
}

Test(set, a_section_that_was_not_in_the_file_is_made) {
	struct conf *conf = expect_loads(
		"[dpdk]\n", SETS("sink.new.type=null", "input.device=x y", "flow.rows=2K")
	);
	cr_assert_eq(conf->n_sinks, 1);
	cr_expect_str_eq(conf->sink[0].name, "new");
	cr_expect_eq(conf->input.device.n, 2);
	cr_expect_eq(conf->flow.rows, 2048);
	conf_free(conf);
}

Test(set, a_name_in_another_case_is_the_same_section) {
	struct conf *conf = expect_loads(
		INPUT "[sink Out]\ntype = json\npath = x\n", SETS("sink.OUT.type=null")
	);
	cr_assert_eq(conf->n_sinks, 1);
	cr_expect_str_eq(conf->sink[0].name, "Out");
	cr_expect_eq(conf->sink[0].type, CONF_SINK_NULL);
	conf_free(conf);
}

Test(set, an_equal_sign_may_be_part_of_the_value) {
	struct conf *conf = expect_loads(
		INPUT, SETS("input.device=net_pcap0,rx_pcap=/a.pcap", "input.filter=ip[0] = 1.5")
	);
	cr_expect_str_eq(conf->input.device.item[0], "net_pcap0,rx_pcap=/a.pcap");
	cr_expect_str_eq(conf->input.filter, "ip[0] = 1.5");
	conf_free(conf);
}

Test(set, an_empty_value_is_empty) {
	struct conf *conf = expect_loads(INPUT "filter = x\n", SETS("input.filter="));
	cr_expect_str_eq(conf->input.filter, "");
	conf_free(conf);
}

Test(set, paths_count_from_the_working_directory) {
	char folder[32], file[64];
	struct conf_errors errors;
	static const char text[] = INPUT "[sink a]\npath = x\n";
	load_enter(folder);
	load_write("test.conf", text, strlen(text));
	snprintf(file, sizeof(file), "%s/test.conf", folder);
	cr_assert_eq(chdir("/usr"), 0);
	const char *const sets[] = {"sink.b.path=y", "input.backend=pcap", "input.device=../z"};
	struct conf *conf = conf_load(file, sets, 3, &errors);
	cr_assert_not_null(conf);
	snprintf(file, sizeof(file), "%s/x", folder);
	cr_expect_str_eq(conf->sink[0].path, file);
	cr_expect_str_eq(conf->sink[1].path, "/usr/y");
	cr_expect_str_eq(conf->input.device.item[0], "/z");
	conf_free(conf);
	conf_errors_fini(&errors);
	cr_assert_eq(chdir(folder), 0);
	load_leave(folder);
}

Test(set, what_is_no_setting_is_refused_with_its_number) {
	expect_errors(
		INPUT,
		SETS("input.workers=2", "workers", "workers=2", "input.=2", ".workers=2",
		     "input.pace=\x1b", "input.pace=\xff", "", "=", "."),
		"--set:2: workers: no equal sign" FORM "--set:3: workers=2: no key" FORM
		"--set:4: input.=2: no name ahead of the dot or behind it" FORM
		"--set:5: .workers=2: no name ahead of the dot or behind it" FORM
		"--set:6: a control character (accepted: text in UTF-8)\n"
		"--set:7: octets that are not UTF-8 (accepted: text in UTF-8)\n"
		"--set:8: \"\": no equal sign" FORM "--set:9: =: no key" FORM
		"--set:10: .: no equal sign" FORM
	);
}

Test(set, its_values_are_checked_like_those_of_the_file) {
	expect_errors(
		INPUT "workers = 2\n",
		SETS("input.workers=0", "input.worker=1", "stream.window=x", "inptu.device=y",
		     "stat.path=x", "sink.b.type=csv", "input.x.device=z", "stream.q.key=proto"),
		"--set:1: input.workers: 0: out of range (accepted: 1 to 64)\n"
		"--set:2: input.worker: 1: unknown key, did you mean workers? (accepted: backend, device, "
		"workers, cpus, dispatch, xdp_mode, xdp_attach, xdp_poll, filter, snaplen, pace, lateness, "
		"late, max_ahead, tunnels)\n"
		"--set:3: stream.window: x: needs a name (accepted: letters, digits, _ and -, at most 32)\n"
		"--set:4: inptu.device: y: unknown section, did you mean input? (accepted: [input], [dpdk], "
		"[match], [vars], [flow], [stream NAME], [alert NAME], [sink NAME], [state], [control])\n"
		"--set:5: stat.path: x: unknown section, did you mean state? (accepted: [input], [dpdk], "
		"[match], [vars], [flow], [stream NAME], [alert NAME], [sink NAME], [state], [control])\n"
		"--set:6: sink.b.type: csv: this version does not have csv (accepted: json, eve, null)\n"
		"--set:7: input.x.device: z: takes no name (accepted: the section without a name)\n"
		"--set:8: stream.q.window: is missing (accepted: tumbling SIZE, sliding SIZE EVERY, session "
		"GAP, flow ACTIVE IDLE, each from 10ms to 366d, EVERY a divisor of SIZE, ACTIVE 1s or more, count N, N from 2 to 2G)\n"
	);
}
