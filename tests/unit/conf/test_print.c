// The effective configuration loads to the same.

#include "load.h"

static char *print(const struct conf *conf) {
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	conf_print(conf, out);
	fclose(out);
	return text;
}

// Prints, loads what was printed in another folder, and prints that.
static void expect_round_trip(const char *text) {
	char folder[32], other[32];
	struct conf_errors errors;
	load_enter(other);
	load_enter(folder);
	load_write("a.hs", "", 0);
	load_write("b.hs", "", 0);
	struct conf *conf = load_octets(text, strlen(text), NULL, &errors);
	cr_assert_not_null(conf, "%s", errors.n > 0 ? errors.line[0] : "");
	char *printed = print(conf);
	cr_assert_eq(chdir(other), 0);
	struct conf_errors again_errors;
	struct conf *again = load_octets(printed, strlen(printed), NULL, &again_errors);
	cr_assert_not_null(again, "%s", again_errors.n > 0 ? again_errors.line[0] : "");
	char *again_printed = print(again);
	cr_expect_str_eq(again_printed, printed);
	free(again_printed);
	free(printed);
	conf_free(again);
	conf_free(conf);
	conf_errors_fini(&again_errors);
	conf_errors_fini(&errors);
	load_leave(other);
	cr_assert_eq(chdir(folder), 0);
	load_leave(folder);
}

Test(print, defaults_load_to_the_same) {
	expect_round_trip("[input]\ndevice = a\n");
}

Test(print, everything_that_is_no_default_loads_to_the_same) {
	expect_round_trip(
		"[input]\nbackend = pcap\ndevice = a 'b c' \"it's\" 'a\"b' -\nworkers = 3\ncpus = 1-4,9 7\n"
		"dispatch = rss\nxdp_mode = redirect\nxdp_attach = shared\nxdp_poll = busy\nfilter = '\"quoted\"'\nsnaplen = 100\npace = 12345\n"
		"lateness = 1500ms\ntunnels = vxlan ipip\n"
		"[dpdk]\nargs = --no-huge \"-l 0\" --x=\"y z\"\nmbufs = 8191\nrx_desc = 2048\nhugepages = off\n"
		"[match]\nrules = a.hs b.hs\nmode = block\nstream_memory = 3G\nmidstream = no\n"
		"checksums = check\non_unsupported = error\napp_ports = any\ncache = c d/e\n"
		"[vars]\nHOME_NET = [10.0.0.0/8,!10.1.0.0/16]\nhttp_Ports = \"[80, 8080]\"\nodd = '\"x\"'\n"
		"[flow]\nrows = 100000\npanes = 7\nspares = 9\nmemory = 100M\n"
		"[stream one]\nkey = proto src_ip\nwindow = tumbling 90s\n"
		"[stream two]\nkey = vni mpls vlan\nwindow = tumbling 120ms\n"
		"[sink a]\nstreams = two\npath = x y.jsonl\nrotate_size = 3M\nrotate_every = 1h\n"
		"[sink b]\ntype = null\n[sink c]\npath = -\nstreams = one two\n"
		"[sink d]\ntype = eve\npath = alerts.json\nrotate_every = 1d\n"
		"[control]\nsocket = run/a b.sock\naccess = group\n"
	);
}

Test(print, other_forms_of_numbers_load_to_the_same) {
	expect_round_trip("[input]\ndevice = x\npace = real\nlateness = all\ntunnels =\n");
	expect_round_trip("[input]\ndevice = x\nlateness = 0\nbackend = xdp\n");
	expect_round_trip("[input]\ndevice = x\nlate = emit\nmax_ahead = off\n");
	expect_round_trip("[input]\ndevice = x\nmax_ahead = 90s\n");
	expect_round_trip(
		"[input]\nbackend = dpdk\ndevice = net_pcap0,rx_pcap=a,tx_pcap=../b 0000:17:00.0\n"
	);
	expect_round_trip("[input]\ndevice = a/b net_pcap0,rx_pcap=c\n[match]\ncache = off\n");
}

Test(print, a_sink_of_the_last_of_64_streams_loads_to_the_same) {
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	fputs("[input]\ndevice = a\n", out);
	for (uint32_t i = 0; i < 64; i++)
		fprintf(out, "[stream s%u]\nkey = src_ip\nwindow = tumbling 1s\n", i);
	fputs("[sink a]\nstreams = s0 s62 s63\ntype = null\n", out);
	fclose(out);
	expect_round_trip(text);
	free(text);
}

Test(print, it_is_complete_and_readable) {
	struct conf *conf = expect_loads(
		"[input]\ndevice = a 'b c'\n[stream s]\nkey = src_ip\nwindow = tumbling 60s\n", NULL
	);
	char *text = print(conf);
	static const char *const parts[] = {
		"[input]\n# where packets come from\nbackend = auto\n",
		"\ndevice = a \"b c\"\n",
		"\nfilter =\n",
		"\nlateness = 1s\n",
		"\n[dpdk]\n",
		"\nhugepages = auto\n",
		"\n[match]\n",
		"\nmode = stream\n",
		"\nstream_memory = 256M\n",
		"\nmidstream = yes\n",
		"\n[vars]\n# what $NAME stands for",
		"\n[flow]\n",
		"\nrows = 1M\n",
		"\nmemory = 2G\n",
		"\n[stream s]\n",
		"\nwindow = tumbling 1m\n",
		"\nbiflow = no\n",
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		cr_expect_not_null(strstr(text, parts[i]), "%s is not in\n%s", parts[i], text);
	free(text);
	conf_free(conf);
}
