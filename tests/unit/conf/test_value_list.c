// Values that are lists.

#include "load.h"

#include "base/field.h"

#define INPUT "[input]\ndevice = a\n"
#define STREAM INPUT "[stream a]\n"
#define FIELDS                                                                                        \
	" (accepted: src_ip, dest_ip, src_port, dest_port, proto, vlan, vlan_inner, mpls, vni, tos, " \
	"in_port, icmp_type, icmp_code, rule; of addresses also networks, src_ip/24 of IPv4, "        \
	"src_ip/24/64 of IPv4 and IPv6)\n"
#define CPUS " (accepted: numbers and ranges, as 1-4 or 0,2, up to 1023, each once)\n"
#define DEVICES \
	" (accepted: PCI addresses, vdev strings, interfaces or capture files, at most 255)\n"
#define TUNNELS " (accepted: gre, vxlan, geneve, gtpu, ipip)\n"

Test(value_list, bad_lists_by_table) {
	static const struct refused table[] = {
		{"[input]\ndevice =\n",
		 "test.conf:2: input.device: \"\": must not be empty" DEVICES},
		{"[input]\ndevice = a \"b\n",
		 "test.conf:2: input.device: a \"b: a quote is not closed" DEVICES},
		{"[input]\ndevice = a \"\"\n",
		 "test.conf:2: input.device: a \"\": an empty name" DEVICES},
		{INPUT "cpus = 1-\n",
		 "test.conf:3: input.cpus: 1-: not a number and not a range" CPUS},
		{INPUT "cpus = 1,,2\n",
		 "test.conf:3: input.cpus: 1,,2: not a number and not a range" CPUS},
		{INPUT "cpus = a\n",
		 "test.conf:3: input.cpus: a: not a number and not a range" CPUS},
		{INPUT "cpus = 1-2-3\n",
		 "test.conf:3: input.cpus: 1-2-3: not a number and not a range" CPUS},
		{INPUT "cpus = 1024\n",
		 "test.conf:3: input.cpus: 1024: not a number and not a range" CPUS},
		{INPUT "cpus = 4-1\n",
		 "test.conf:3: input.cpus: 4-1: the range 4-1 runs backwards" CPUS},
		{INPUT "cpus = 1-4 3\n", "test.conf:3: input.cpus: 1-4 3: 3 is named twice" CPUS},
		{INPUT "cpus = '1\n", "test.conf:3: input.cpus: '1: a quote is not closed" CPUS},
		{INPUT "tunnels = gre vxlam\n",
		 "test.conf:3: input.tunnels: gre vxlam: unknown tunnel vxlam, did you mean vxlan?" TUNNELS},
		{INPUT "tunnels = ipip all gre gre\n",
		 "test.conf:3: input.tunnels: ipip all gre gre: unknown tunnel all" TUNNELS
		 "test.conf:3: input.tunnels: ipip all gre gre: gre is named twice" TUNNELS},
		{INPUT "tunnels = all\n",
		 "test.conf:3: input.tunnels: all: unknown tunnel" TUNNELS},
		{INPUT "[dpdk]\nargs = -l \"0\n",
		 "test.conf:4: dpdk.args: -l \"0: a quote is not closed (accepted: items separated by spaces, "
		 "quotes hold one together)\n"},
		{STREAM "window = tumbling 1s\nkey =\n",
		 "test.conf:5: stream.a.key: \"\": must not be empty" FIELDS},
		{STREAM "window = tumbling 1s\nkey = src_ip dst_ip\n",
		 "test.conf:5: stream.a.key: src_ip dst_ip: unknown field dst_ip, did you mean dest_ip?" FIELDS},
		{STREAM "window = tumbling 1s\nkey = src_ip proto src_ip\n",
		 "test.conf:5: stream.a.key: src_ip proto src_ip: src_ip is named twice" FIELDS},
		{STREAM "window = tumbling 1s\nkey = src_ip,proto\n",
		 "test.conf:5: stream.a.key: src_ip,proto: unknown field, lists are separated by spaces" FIELDS},
		{INPUT "[sink a]\npath = x\nstreams = b\n",
		 "test.conf:5: sink.a.streams: b: unknown stream (accepted: nothing, as there are no streams)\n"},
	};
	EXPECT_TABLE(table);
}

Test(value_list, cpus_are_numbers_and_ranges) {
	static const struct {
		const char *text;
		uint32_t n, cpu[6];
	} table[] = {
		{"1-4", 4, {1, 2, 3, 4}}, {"0,2", 2, {0, 2}},  {"1 3-4", 3, {1, 3, 4}},
		{"7-7", 1, {7}},          {"1023", 1, {1023}}, {"3,1-2 0", 4, {3, 1, 2, 0}},
		{"\"1 2\"", 2, {1, 2}},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[64];
		snprintf(text, sizeof(text), INPUT "cpus = %s\n", table[i].text);
		struct conf *conf = expect_loads(text, NULL);
		cr_assert_eq(conf->input.n_cpus, table[i].n, "%s", table[i].text);
		for (uint32_t k = 0; k < table[i].n; k++)
			cr_expect_eq(conf->input.cpus[k], table[i].cpu[k], "%s", table[i].text);
		conf_free(conf);
	}
}

Test(value_list, tunnels_are_bits_in_the_order_of_the_contract) {
	struct conf *conf = expect_loads(INPUT "tunnels = ipip vxlan\n", NULL);
	cr_expect_eq(conf->input.tunnels, 1u << 4 | 1u << 1);
	conf_free(conf);
}

Test(value_list, a_key_keeps_its_order) {
	struct conf *conf = expect_loads(
		STREAM "window=tumbling 1s\nkey = proto  src_ip vlan\n", NULL
	);
	const struct conf_stream *s = &conf->stream[0];
	cr_expect_eq(
		s->key, FIELD_BIT(FIELD_PROTO) | FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_VLAN)
	);
	cr_assert_eq(s->n_key, 3);
	cr_expect_eq(s->key_order[0], FIELD_PROTO);
	cr_expect_eq(s->key_order[1], FIELD_SRC_IP);
	cr_expect_eq(s->key_order[2], FIELD_VLAN);
	cr_expect_eq(s->window.size_us, 1000000);
	conf_free(conf);
}

Test(value_list, a_sink_takes_the_named_streams_or_all) {
#define TWO                                                                 \
	INPUT "[sink a]\ntype = null\nstreams = y\n[sink b]\ntype = null\n" \
	      "[stream x]\nkey = src_ip\nwindow = tumbling 10ms\n"          \
	      "[stream y]\nkey = src_ip\nwindow = tumbling 366d\n"
	struct conf *conf = expect_loads(TWO, NULL);
	cr_expect_eq(conf->sink[0].streams, 2);
	cr_expect_eq(conf->sink[1].streams, 3);
	conf_free(conf);
	conf = expect_loads(INPUT "[sink a]\ntype = null\n", NULL);
	cr_expect_eq(conf->sink[0].streams, 0, "there are none");
	conf_free(conf);
}

Test(value_list, a_sink_for_a_stream_that_is_not_there_is_an_error) {
	expect_errors(
		TWO
		"[sink c]\ntype = null\nstreams = x flows\n[sink d]\ntype = null\nstreams = x x\n",
		NULL,
		"test.conf:16: sink.c.streams: x flows: unknown stream flows (accepted: x, y)\n"
		"test.conf:19: sink.d.streams: x x: x is named twice (accepted: x, y)\n"
	);
}

static void expect_devices(const char *backend, const char *device, const char *want) {
	char folder[32], text[512], full[512] = "";
	struct conf_errors errors;
	load_enter(folder);
	load_write("a.pcap", "", 0);
	snprintf(text, sizeof(text), "[input]\nbackend = %s\ndevice = %s\n", backend, device);
	struct conf *conf = load_octets(text, strlen(text), NULL, &errors);
	cr_assert_not_null(conf);
	// In `want`, @ is the folder.
	for (const char *p = want; *p != '\0'; p++)
		snprintf(
			full + strlen(full), 64, *p == '@' ? "%s" : "%.1s", *p == '@' ? folder : p
		);
	char got[512] = "";
	for (uint32_t i = 0; i < conf->input.device.n; i++)
		snprintf(
			got + strlen(got), 256, "%s%s", i > 0 ? "|" : "", conf->input.device.item[i]
		);
	cr_expect_str_eq(got, full, "%s for %s", device, backend);
	conf_free(conf);
	conf_errors_fini(&errors);
	load_leave(folder);
}

Test(value_list, devices_that_are_files_count_from_the_folder) {
	expect_devices("pcap", "a.pcap ../b 'c d' -", "@/a.pcap|/tmp/b|@/c d|-");
	expect_devices("pcap", "x,rx_pcap=y /z", "@/x,rx_pcap=y|/z");
	expect_devices("auto", "a.pcap b.pcap c/d - eth0", "@/a.pcap|b.pcap|@/c/d|-|eth0");
	expect_devices("auto", "0000:17:00.0", "0000:17:00.0");
	expect_devices("auto", "net_pcap0,rx_pcap=a.pcap", "net_pcap0,rx_pcap=@/a.pcap");
	expect_devices("xdp", "eth0 a.pcap", "eth0|a.pcap");
	expect_devices("dpdk", "0000:17:00.0 0000:17:00.1", "0000:17:00.0|0000:17:00.1");
	expect_devices(
		"dpdk", "net_pcap0,rx_pcap=a/b.pcap,tx_pcap=../c,infinite_rx=1",
		"net_pcap0,rx_pcap=@/a/b.pcap,tx_pcap=/tmp/c,infinite_rx=1"
	);
	expect_devices(
		"dpdk", "net_pcap0,rx_pcap=/a,rx_iface=b", "net_pcap0,rx_pcap=/a,rx_iface=b"
	);
	expect_devices("dpdk", "net_pcap0,rx_pcap=- net_null0", "net_pcap0,rx_pcap=-|net_null0");
	expect_devices("dpdk", "net_memif0,socket=/run/x", "net_memif0,socket=/run/x");
}

Test(value_list, devices_are_bounded) {
	char text[2048] = "[input]\ndevice =", want[2048];
	for (int i = 0; i < 255; i++)
		strcat(text, " a");
	conf_free(expect_loads(text, NULL));
	strcat(text, " a");
	snprintf(want, sizeof(want), "256 devices" DEVICES);
	char folder[32];
	struct conf_errors errors;
	load_enter(folder);
	cr_expect_null(load_octets(text, strlen(text), NULL, &errors));
	cr_assert_eq(errors.n, 1);
	cr_expect_not_null(strstr(errors.line[0], "...: 256 devices (accepted: "));
	conf_errors_fini(&errors);
	load_leave(folder);
}

Test(value_list, rule_files_must_be_there) {
	char folder[32], want[1024];
	struct conf_errors errors;
	load_enter(folder);
	load_write("a.hs", "", 0);
	load_write("b.rules", "", 0);
	static const char good[] = INPUT "[match]\nrules = a.hs ./b.rules\n";
	struct conf *conf = load_octets(good, strlen(good), NULL, &errors);
	cr_assert_not_null(conf);
	cr_assert_eq(conf->match.rules.n, 2);
	snprintf(want, sizeof(want), "%s/b.rules", folder);
	cr_expect_str_eq(conf->match.rules.item[1], want);
	conf_free(conf);
	conf_errors_fini(&errors);
	static const char bad[] = INPUT "[match]\nrules = a.hs c.hs x.rules y.txt /dev/null.hs\n";
	cr_expect_null(load_octets(bad, strlen(bad), NULL, &errors));
	char *got = load_join(&errors);
#define RULES "test.conf:4: match.rules: a.hs c.hs x.rules y.txt /dev/null.hs: "
#define FILES " (accepted: readable files *.rules and *.hs)\n"
	snprintf(
		want, sizeof(want),
		RULES "%s/c.hs: No such file or directory" FILES RULES
		      "%s/x.rules: No such file or directory" FILES RULES
		      "%s/y.txt: neither *.rules nor *.hs" FILES RULES
		      "/dev/null.hs: No such file or directory" FILES,
		folder, folder, folder
	);
	cr_expect_str_eq(got, want);
	free(got);
	conf_errors_fini(&errors);
	load_leave(folder);
}
