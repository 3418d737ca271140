// lib/match/snort/snort_*.c together: whole rules, what their headers and descriptions come to, and what is
// refused by which name.

#include "test_snort_rig.h"

Test(snort, a_rule_says_what_it_is_about) {
	struct snort_rules rs = accept_text(
		"drop udp 10.0.0.1 any <> any 53 (msg:\"a \\\"b\\\"\\; c\\: d\\\\\";"
		" reference:cve,2019-0708; reference: url,example.org/x?y=1; classtype:bad-unknown;"
		" priority:2; gid:3; sid:2100498; rev:7; metadata:a b, c d; metadata:e f;)",
		NULL
	);
	const struct snort_rule *r = &rs.rules[0];
	cr_assert_eq(r->action, SNORT_DROP);
	cr_assert_eq(r->protos, SNORT_UDP);
	cr_assert(r->both_ways);
	cr_assert_str_eq(r->msg, "a \"b\"; c: d\\");
	cr_assert_eq(r->gid, 3u);
	cr_assert_eq(r->sid, 2100498u);
	cr_assert_eq(r->rev, 7u);
	cr_assert_eq(r->priority, 2u);
	cr_assert_str_eq(r->classtype, "bad-unknown");
	cr_assert_str_eq(r->metadata, "a b, c d, e f");
	cr_assert_eq(r->n_references, 2u);
	cr_assert_str_eq(r->references[0], "cve,2019-0708");
	cr_assert_str_eq(r->references[1], "url,example.org/x?y=1");
	cr_assert_eq(r->file, 0u);
	cr_assert_eq(r->line, 1u);
	cr_assert(!r->noalert);
	snort_rules_fini(&rs);
}

Test(snort, what_a_rule_does_not_say_has_a_default) {
	struct snort_rules rs = accept_text("alert tcp any any -> any any (sid:5;)", NULL);
	const struct snort_rule *r = &rs.rules[0];
	cr_assert_eq(r->action, SNORT_ALERT);
	cr_assert_eq(r->gid, 1u);
	cr_assert_eq(r->rev, 0u);
	cr_assert_eq(r->priority, 0u);
	cr_assert_null(r->msg);
	cr_assert_null(r->classtype);
	cr_assert_null(r->metadata);
	cr_assert_null(r->app);
	cr_assert_null(r->either_ports);
	cr_assert_eq(r->flow, 0u);
	cr_assert_eq(r->n_tests, 0u);
	cr_assert(r->per_packet, "there is nothing to find in a stream");
	cr_assert(!r->dsize.given);
	cr_assert_eq(r->flags.mode, SNORT_FLAGS_NONE);
	cr_assert_eq(r->threshold.type, SNORT_THRESHOLD_NONE);
	cr_assert_eq(r->src.v4, r->dst.v4, "equal sets are one");
	snort_rules_fini(&rs);
}

Test(snort, protocols_are_sets) {
	static const struct {
		const char *word;
		uint32_t protos, families, flow;
	} t[] = {
		{"ip", SNORT_IP, SNORT_V4 | SNORT_V6, 0},
		{"IPv4", SNORT_IP, SNORT_V4, 0},
		{"ip6", SNORT_IP, SNORT_V6, 0},
		{"tcp", SNORT_TCP, SNORT_V4 | SNORT_V6, 0},
		{"tcp-pkt", SNORT_TCP, SNORT_V4 | SNORT_V6, SNORT_NO_STREAM},
		{"tcp-stream", SNORT_TCP, SNORT_V4 | SNORT_V6, SNORT_ONLY_STREAM},
		{"udp", SNORT_UDP, SNORT_V4 | SNORT_V6, 0},
		{"icmp", SNORT_ICMP | SNORT_ICMPV6, SNORT_V4 | SNORT_V6, 0},
		{"icmpv6", SNORT_ICMPV6, SNORT_V4 | SNORT_V6, 0},
		{"sctp", SNORT_SCTP, SNORT_V4 | SNORT_V6, 0},
		{"http", SNORT_TCP, SNORT_V4 | SNORT_V6, 0},
		{"dns", SNORT_TCP | SNORT_UDP, SNORT_V4 | SNORT_V6, 0},
	};
	char text[128];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(text, sizeof(text), "alert %s any any -> any any (sid:1;)", t[i].word);
		struct snort_rules rs = accept_text(text, NULL);
		cr_expect_eq(rs.rules[0].protos, t[i].protos, "%s", t[i].word);
		cr_expect_eq(rs.rules[0].families, t[i].families, "%s", t[i].word);
		cr_expect_eq(rs.rules[0].flow, t[i].flow, "%s", t[i].word);
		snort_rules_fini(&rs);
	}
}

static bool has(const struct snort_ranges *ports, unsigned port) {
	return snort_ranges_has(ports, port);
}

Test(snort, an_application_stands_for_its_servers_ports) {
	static const struct {
		const char *rule;
		bool src_80, dst_80, either;
	} t[] = {
		// An unlimited side has port 81 too.
		{"alert http any any -> any any (flow:to_server; sid:1;)", false, true, false},
		{"alert http any any -> any any (flow:to_client; sid:1;)", true, false, false},
		{"alert http any any -> any any (sid:1;)", false, false, true},
		{"alert http any any <> any any (flow:to_server; sid:1;)", false, false, true},
		{"alert http any any -> any 81 (flow:to_server; sid:1;)", false, false, false},
		{"alert ftp-data any any -> any any (sid:1;)", false, false, false},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct snort_rules rs = accept_text(t[i].rule, NULL);
		const struct snort_rule *r = &rs.rules[0];
		cr_expect_eq(!has(r->src_ports, 7), t[i].src_80, "%s", t[i].rule);
		cr_expect_eq(
			!has(r->dst_ports, 7) && has(r->dst_ports, 80), t[i].dst_80, "%s", t[i].rule
		);
		cr_expect_eq(r->either_ports != NULL, t[i].either, "%s", t[i].rule);
		cr_expect_not_null(r->app);
		snort_rules_fini(&rs);
	}
	static const struct snort_vars any_port = {.app_any_port = true};
	struct snort_rules rs = accept_text(t[0].rule, &any_port);
	cr_expect(has(rs.rules[0].dst_ports, 7), "every port where asked for");
	snort_rules_fini(&rs);
}

Test(snort, usual_ports_follow_variables) {
	static const struct snort_var vars[] = {{"HTTP_PORTS", "12345"}};
	static const struct snort_vars given = {.vars = vars, .n = 1};
	struct snort_rules rs = accept_text(
		"alert http any any -> any any (flow:to_server; sid:1;)", &given
	);
	cr_expect(has(rs.rules[0].dst_ports, 12345));
	snort_rules_fini(&rs);
}

Test(snort, rules_that_look_at_packets_say_so) {
	static const struct {
		const char *header, *options;
		bool per_packet;
	} t[] = {
		{"tcp", "content:\"a\";", false},
		{"tcp", "content:\"a\"; distance:1; within:2; nocase;", false},
		{"tcp", "pcre:\"/a/\"; isdataat:3; byte_test:1,>,1,0;", false},
		{"tcp", "flow:established,only_stream;", false},
		{"tcp", "content:\"a\"; offset:1;", true},
		{"tcp", "content:\"b\"; content:\"a\"; depth:1;", true},
		{"tcp", "content:\"a\"; startswith;", true},
		{"tcp", "content:\"a\"; endswith;", true},
		{"tcp", "content:\"a\"; isdataat:!1,relative;", true},
		{"tcp", "dsize:1;", true},
		{"tcp", "bsize:1;", true},
		{"tcp", "flags:S;", true},
		{"tcp", "flow:no_stream;", true},
		{"tcp", "", true},
		{"tcp", "flow:established; flowbits:set,a; ttl:<5;", true},
		{"tcp-pkt", "content:\"a\";", true},
		{"tcp-stream", "content:\"a\";", false},
		{"tcp-stream", "", false},
		{"udp", "content:\"a\";", true},
		{"ip", "content:\"a\";", false},
		{"ip", "", true},
	};
	char text[256];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(
			text, sizeof(text), "alert %s any any -> any any (%s sid:1;)", t[i].header,
			t[i].options
		);
		struct snort_rules rs = accept_text(text, NULL);
		cr_expect_eq(rs.rules[0].per_packet, t[i].per_packet, "%s", text);
		snort_rules_fini(&rs);
	}
}

Test(snort, rules_that_cannot_be_cut_are_refused) {
	static const struct {
		const char *text, *group, *says;
	} t[] = {
		{"alert", "syntax", "header ends too early"},
		{"alert tcp any any -> any any", "syntax", "no '('"},
		{"alert tcp any any -> any (sid:1;)", "syntax", "header ends too early"},
		{"alert tcp any any -> any any (sid:1;", "syntax", "no ')'"},
		{"alert tcp any any -> any any (sid:1)", "syntax", "sid does not end with ';'"},
		{"alert tcp any any -> any any (sid:1;) x", "syntax", "'x' behind"},
		{"alert tcp any any -> any any (msg:\"a; sid:1;)", "syntax", "msg: the quote"},
		{"alert tcp any any -> any any (msg:\"a\\\"; sid:1;)", "syntax", "msg: the quote"},
		{"alert tcp any any -> any any (msg:\"a\"; nocase sid:1;)", "unknown keyword",
		 "'nocase sid'"},
		{"alert tcp any any x any any (sid:1;)", "direction", "'x'"},
		{"alert tcp any any <- any any (sid:1;)", "direction", "'<-'"},
		{"alert tcp any any -> any any (msg:\"x\";)", "no sid", "no sid"},
		{"alert tcp any any -> any any (sid:0;)", "bad option", "sid: '0'"},
		{"alert tcp any any -> any any (sid:4294967296;)", "bad option", "sid:"},
		{"alert tcp any any -> any any (sid:1; sid:2;)", "repeated keyword",
		 "sid is given"},
		{"alert tcp any any -> any any (sid:1; flow:stateless; flow:to_server;)",
		 "repeated keyword", "flow is given"},
	};
	for (unsigned i = 0; i < COUNT(t); i++)
		assert_refused(t[i].text, t[i].group, t[i].says);
}

Test(snort, what_is_not_supported_is_refused_by_name) {
	static const struct {
		const char *options, *group;
	} t[] = {
		{"http.uri; content:\"a\";", "sticky buffer http.uri"},
		{"HTTP.URI; content:\"a\";", "sticky buffer http.uri"},
		{"content:\"a\"; http_uri;", "content modifier http_uri"},
		{"uricontent:\"a\";", "content modifier uricontent"},
		{"file_data; content:\"a\";", "sticky buffer file_data"},
		{"file.data; content:\"a\";", "sticky buffer file.data"},
		{"dns.query; content:\"a\";", "sticky buffer dns.query"},
		{"tls.sni; content:\"a\";", "sticky buffer tls.sni"},
		{"base64_decode:relative; base64_data;", "keyword base64_decode"},
		{"urilen:5;", "keyword urilen"},
		{"byte_extract:1,0,len;", "keyword byte_extract"},
		{"xor:\"0d\";", "keyword xor"},
		{"absent;", "keyword absent"},
		{"pcre:\"/a/U\";", "pcre modifier U"},
		{"pcre:\"/a/smiP\";", "pcre modifier P"},
		{"flow:only_frag;", "flow option only_frag"},
		{"flowbits:reset;", "flowbits reset"},
		{"flowbits:set,a,group;", "flowbits group"},
		{"flowbits:isset,a&b;", "flowbits with &"},
		{"byte_test:2,>,1,0,dce;", "byte order dce"},
		{"content:\"a\"; depth:len;", "byte_extract variable"},
		{"content:\"a\"; within:len;", "byte_extract variable"},
		{"byte_test:2,>,len,0;", "byte_extract variable"},
		{"isdataat:len;", "byte_extract variable"},
		{"threshold:type backoff, track by_flow, count 1, multiplier 10;",
		 "threshold type backoff"},
		{"nonsense;", "unknown keyword"},
		{"nonsense:1;", "unknown keyword"},
	};
	for (unsigned i = 0; i < COUNT(t); i++)
		assert_options_refused(t[i].options, t[i].group, "");
	static const struct {
		const char *text, *group, *says;
	} header[] = {
		{"pass tcp any any -> any any (sid:1;)", "action pass", "action pass"},
		{"log tcp any any -> any any (sid:1;)", "action log", "action log"},
		{"config dns any any -> any any (dns.query; sid:1;)", "action config", "config"},
		{"shout tcp any any -> any any (sid:1;)", "unknown action", "'shout'"},
		{"alert pkthdr any any -> any any (sid:1;)", "unknown protocol", "'pkthdr'"},
		{"alert tcp $X any -> any any (sid:1;)", "undefined variable", "$X"},
		{"include other.rules", "not a rule", "include"},
		{"config checksum_mode: all", "not a rule", "config"},
	};
	for (unsigned i = 0; i < COUNT(header); i++)
		assert_refused(header[i].text, header[i].group, header[i].says);
}

Test(snort, the_first_fault_is_told) {
	assert_refused(
		"alert tcp $A any -> any any (nonsense; sid:1;)", "undefined variable", "$A"
	);
	assert_options_refused("http.uri; nonsense;", "sticky buffer http.uri", "http.uri");
}

Test(snort, a_keyword_takes_a_value_or_takes_none) {
	assert_options_refused("content:\"a\"; nocase:1;", "bad option", "nocase: takes no value");
	assert_options_refused("content;", "bad option", "content: has no value");
	assert_options_refused("content: ;", "bad option", "content: has no value");
	struct snort_rules rs = accept_options("content:\"a\"; nocase: ;; noalert;");
	cr_assert(rs.rules[0].noalert);
	snort_rules_fini(&rs);
}

Test(snort, options_without_bearing_on_matches_are_accepted) {
	struct snort_rules rs = accept_options(
		"content:\"a\"; rawbytes; target:src_ip; tag:session,5,packets; pkt_data; prefilter;"
		" rem:\"note\"; logto:x;"
	);
	cr_assert_eq(rs.rules[0].n_tests, 1u);
	snort_rules_fini(&rs);
}

Test(snort, limits_are_named) {
	char *text = malloc(1 << 20);
	static const struct {
		const char *one;
		unsigned n;
		const char *says;
	} t[] = {
		{"content:\"a\";", 257, "256 contents"},
		{"rem:x;", 1024, "1024 options"},
		{"flowbits:set,a;", 65, "64 flowbits"},
		{"reference:url,x;", 129, "128 references"},
		{"stream_size:server,>,1;", 5, "4 stream_size"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		char *p = text + sprintf(text, "alert tcp any any -> any any (");
		for (unsigned n = 0; n < t[i].n; n++)
			p += sprintf(p, "%s", t[i].one);
		sprintf(p, "sid:1;)");
		assert_refused(text, "limit", t[i].says);
		// One less fits, the sid counting as an option.
		memmove(text + 30, text + 30 + strlen(t[i].one),
			strlen(text + 30 + strlen(t[i].one)) + 1);
		struct snort_rules rs = accept_text(text, NULL);
		snort_rules_fini(&rs);
	}
	sprintf(text, "alert tcp any any -> any any (content:\"%*s\"; sid:1;)", 8193, "");
	assert_refused(text, "limit", "8193 octets");
	sprintf(text, "alert tcp any any -> any any (pcre:\"/%*s/\"; sid:1;)", 16001, "");
	assert_refused(text, "limit", "16001 octets");
	sprintf(text, "alert tcp any any -> any any (msg:\"%*s\"; sid:77;)", 256 << 10, "");
	assert_refused(text, "limit", "262144 octets");
	free(text);
}
