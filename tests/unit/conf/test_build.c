// Which section and key an entry is, and what nobody wrote down.

#include "load.h"

#include "base/field.h"

#define INPUT "[input]\ndevice = a\n"
#define SECTIONS \
	" (accepted: [input], [dpdk], [match], [vars], [flow], [stream NAME], [alert NAME], [sink NAME], [state], [control])\n"
#define NAME " (accepted: letters, digits, _ and -, at most 32)\n"
#define WINDOW                                                                                     \
	" (accepted: tumbling SIZE, sliding SIZE EVERY, session GAP, flow ACTIVE IDLE, each from " \
	"10ms to 366d, EVERY a divisor of SIZE, ACTIVE 1s or more, count N, N from 2 to 2G)\n"

Test(build, names_that_are_not_known_by_table) {
	static const struct refused table[] = {
		{INPUT "[inptu]\nx = y\n",
		 "test.conf:3: inptu: unknown section, did you mean input?" SECTIONS},
		{INPUT "[Match]\nrules =\n",
		 "test.conf:3: Match: unknown section, did you mean match?" SECTIONS},
		{INPUT "[default]\nx = y\n", "test.conf:3: default: unknown section" SECTIONS},
		{INPUT "[streams a]\n",
		 "test.conf:3: streams.a: unknown section, did you mean stream?" SECTIONS},
		{INPUT "[control]\nsocket = x\nhttp = y\n",
		 "test.conf:5: control.http: y: this version does not have http (accepted: nothing)\n"},
		{INPUT "[control x]\nsocket = x\n",
		 "test.conf:3: control.x: takes no name (accepted: the section without a name)\n"},
		{INPUT "[control]\nport = 80\n",
		 "test.conf:4: control.port: 80: unknown key (accepted: socket, access, http)\n"},
		{INPUT "worker = 4\n",
		 "test.conf:3: input.worker: 4: unknown key, did you mean workers? (accepted: backend, device, "
		 "workers, cpus, dispatch, xdp_mode, xdp_attach, xdp_poll, filter, snaplen, pace, lateness, "
		 "late, max_ahead, tunnels)\n"},
		{INPUT "[dpdk]\ncolour = red\n",
		 "test.conf:4: dpdk.colour: red: unknown key (accepted: args, mbufs, rx_desc, hugepages)\n"},
		{INPUT "[match]\nRules =\n",
		 "test.conf:4: match.Rules: \"\": unknown key, did you mean rules? (accepted: rules, mode, "
		 "stream_memory, midstream, checksums, on_unsupported, app_ports, cache)\n"},
		{INPUT "[flow]\nrow = 1\n",
		 "test.conf:4: flow.row: 1: unknown key, did you mean rows? (accepted: rows, panes, spares, "
		 "memory)\n"},
		{INPUT "[sink a]\ntype = null\nstream = x\n",
		 "test.conf:5: sink.a.stream: x: unknown key, did you mean streams? (accepted: type, streams, "
		 "path, rotate_size, rotate_every)\n"},
		{INPUT "[dpdk x]\nmbufs = 1\n",
		 "test.conf:3: dpdk.x: takes no name (accepted: the section without a name)\n"},
		{INPUT "[stream]\nkey = x\n", "test.conf:3: stream: needs a name" NAME},
		{INPUT "[stream a b]\nkey = x\n", "test.conf:3: stream.a b: not a name" NAME},
		{INPUT "[sink a.b]\n", "test.conf:3: sink.a.b: not a name" NAME},
		{INPUT "[sink abcdefghijklmnopqrstuvwxyz_-ABCDE]\n",
		 "test.conf:3: sink.abcdefghijklmnopqrstuvwxyz_-ABCDE: not a name" NAME},
	};
	EXPECT_TABLE(table);
}

Test(build, what_is_missing_is_told_where_its_section_begins) {
	static const struct refused table[] = {
		{"[dpdk]\n[input]\nworkers = 2\n",
		 "test.conf:2: input.device: is missing (accepted: PCI addresses, vdev strings, interfaces or "
		 "capture files, at most 255)\n"},
		{INPUT "\n[stream a]\nkey = src_ip\n",
		 "test.conf:4: stream.a.window: is missing" WINDOW},
		{INPUT "\n[stream a]\nwindow = tumbling 1s\n",
		 "test.conf:4: stream.a.key: is missing (accepted: src_ip, dest_ip, src_port, dest_port, proto, "
		 "vlan, vlan_inner, mpls, vni, tos, in_port, icmp_type, icmp_code, rule; of addresses also "
		 "networks, src_ip/24 of IPv4, src_ip/24/64 of IPv4 and IPv6)\n"},
	};
	EXPECT_TABLE(table);
}

Test(build, what_nobody_wrote_is_the_default) {
	struct conf *conf = expect_loads(INPUT "[sink a]\npath = x\n", NULL);
	cr_expect_eq(conf->input.backend, CONF_BACKEND_AUTO);
	cr_expect_eq(conf->input.workers, 1);
	cr_expect_eq(conf->input.n_cpus, 0);
	cr_expect_eq(conf->input.dispatch, CONF_DISPATCH_AUTO);
	cr_expect_eq(conf->input.xdp_mode, CONF_XDP_OBSERVE);
	cr_expect_str_eq(conf->input.filter, "");
	cr_expect_eq(conf->input.snaplen, 2048);
	cr_expect_eq(conf->input.pace, CONF_PACE_MAX);
	cr_expect_eq(conf->input.lateness_us, 1000000);
	cr_expect_eq(conf->input.tunnels, 0x1f);
	cr_expect_eq(conf->dpdk.args.n, 0);
	cr_expect_eq(conf->dpdk.mbufs, 65535);
	cr_expect_eq(conf->dpdk.rx_desc, 1024);
	cr_expect(conf->dpdk.hugepages);
	cr_expect_eq(conf->match.rules.n, 0);
	cr_expect_eq(conf->match.mode, CONF_MATCH_STREAM);
	cr_expect_eq(conf->match.stream_memory, 256u << 20);
	cr_expect(conf->match.midstream);
	cr_expect_eq(conf->match.checksums, CONF_CHECKSUMS_AUTO);
	cr_expect_eq(conf->match.on_unsupported, CONF_UNSUPPORTED_SKIP);
	cr_expect_not(conf->match.app_any_port);
	cr_expect_eq(conf->vars.n, 0);
	cr_expect_str_eq(conf->match.cache, "auto");
	cr_expect_eq(conf->flow.rows, 1u << 20);
	cr_expect_eq(conf->flow.panes, 4);
	cr_expect_eq(conf->flow.spares, 4);
	cr_expect_eq(conf->flow.memory, 2ull << 30);
	cr_expect_eq(conf->n_streams, 0);
	cr_assert_eq(conf->n_sinks, 1);
	cr_expect_eq(conf->sink[0].type, CONF_SINK_JSON);
	cr_expect_eq(conf->sink[0].rotate_size, 0);
	cr_expect_eq(conf->sink[0].rotate_every_us, 0);
	conf_free(conf);
}

// `n` sections "[stream sN]" or "[sink sN]".
static char *many(const char *section, const char *keys, uint32_t n) {
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	fputs(INPUT, out);
	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "[%s s%u]\n%s", section, i, keys);
	fclose(out);
	return text;
}

Test(build, there_is_room_for_64_streams_and_32_sinks) {
	static const char stream[] = "key = src_ip\nwindow = tumbling 1s\n";
	char *text = many("stream", stream, 64);
	struct conf *conf = expect_loads(text, NULL);
	cr_expect_eq(conf->n_streams, 64);
	cr_expect_str_eq(conf->stream[63].name, "s63");
	conf_free(conf);
	free(text);
	text = many("stream", stream, 65);
	expect_errors(
		text, NULL,
		"test.conf:195: stream.s64: one [stream] too many (accepted: at most 64)\n"
	);
	free(text);
	text = many("sink", "type = null\n", 33);
	expect_errors(
		text, NULL, "test.conf:67: sink.s32: one [sink] too many (accepted: at most 32)\n"
	);
	free(text);
}

Test(build, all_of_64_streams_fit_one_sink) {
	char *text = many("stream", "key = src_ip\nwindow = tumbling 1s\n", 64);
	static const char *const sets[] = {"sink.a.type=null", NULL};
	struct conf *conf = expect_loads(text, sets);
	cr_expect_eq(conf->sink[0].streams, UINT64_MAX);
	conf_free(conf);
	free(text);
}
