// What files are for already.

#include "load.h"

#define OWN " (accepted: a file of its own for each sink)\n"

Test(use, a_sink_does_not_append_to_what_is_read) {
	static const struct refused table[] = {
		{"[input]\nbackend = pcap\ndevice = b a\n[sink a]\npath = ./a\n",
		 "test.conf:5: sink.a.path: ./a: input.device is read there" OWN},
		{"[input]\nbackend = dpdk\ndevice = net_pcap0,rx_pcap=b,rx_pcap=a,x=y\n[sink a]\npath = a\n"
		 "[sink b]\npath = b\n[sink c]\npath = y\n",
		 "test.conf:5: sink.a.path: a: input.device is read there" OWN
		 "test.conf:7: sink.b.path: b: input.device is read there" OWN},
		{"[input]\ndevice = a\n[sink a]\npath = test.conf\n",
		 "test.conf:4: sink.a.path: test.conf: the configuration itself stands there" OWN},
	};
	EXPECT_TABLE(table);
}

Test(use, interfaces_and_standard_input_are_no_files) {
	conf_free(expect_loads("[input]\nbackend = xdp\ndevice = a\n[sink a]\npath = a\n", NULL));
	conf_free(expect_loads("[input]\nbackend = pcap\ndevice = -\n[sink a]\npath = -\n", NULL));
}

Test(use, by_any_name_it_is_the_same_file) {
	char folder[32], use[CONF_USE_MAX];
	struct conf_errors errors;
	static const char
		text[] = "[input]\nbackend = pcap\ndevice = a.pcap\n[match]\nrules = a.hs\n"
			 "[sink a]\npath = b.rules\n[sink b]\ntype = null\npath = n\n";
	load_enter(folder);
	load_write("a.hs", "", 0);
	cr_assert_eq(link("a.hs", "b.hs"), 0);
	struct conf *conf = load_octets(text, strlen(text), NULL, &errors);
	cr_assert_not_null(conf);
	cr_expect(conf_use(conf, "b.hs", 0, use));
	cr_expect_str_eq(use, "match.rules are read there");
	cr_expect(conf_use(conf, "./test.conf", 0, use));
	cr_expect_str_eq(use, "the configuration itself stands there");
	cr_expect(conf_use(conf, conf->input.device.item[0], 0, use));
	cr_expect_str_eq(use, "input.device is read there");
	cr_expect(conf_use(conf, conf->sink[0].path, 1, use));
	cr_expect_str_eq(use, "sink.a writes there already");
	cr_expect_not(conf_use(conf, conf->sink[0].path, 0, use));
	cr_expect_not(conf_use(conf, conf->sink[1].path, 2, use), "null writes nothing");
	cr_expect_not(conf_use(conf, "else", 2, use));
	conf_free(conf);
	conf_errors_fini(&errors);
	load_leave(folder);
}
