// lib/match/snort/snort_keyword.c and the options on flows, packets and alerts behind it.

#include "test_snort_rig.h"

Test(snort_keyword, flow_words_are_bits) {
	static const struct {
		const char *value;
		uint32_t bits;
	} t[] = {
		{"to_server", SNORT_TO_SERVER},
		{"from_client", SNORT_TO_SERVER},
		{"to_client", SNORT_TO_CLIENT},
		{"from_server", SNORT_TO_CLIENT},
		{"established, to_server", SNORT_ESTABLISHED | SNORT_TO_SERVER},
		{"To_Client,Stateless", SNORT_TO_CLIENT | SNORT_STATELESS},
		{"not_established,no_stream", SNORT_NOT_ESTABLISHED | SNORT_NO_STREAM},
		{"only_stream", SNORT_ONLY_STREAM},
	};
	char options[128];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(options, sizeof(options), "flow:%s;", t[i].value);
		struct snort_rules rs = accept_options(options);
		cr_expect_eq(rs.rules[0].flow, t[i].bits, "%s", t[i].value);
		snort_rules_fini(&rs);
	}
	assert_options_refused("flow:to_server,to_client;", "bad option", "to_client contradicts");
	assert_options_refused("flow:established,stateless;", "bad option", "stateless");
	assert_options_refused("flow:sideways;", "bad option", "'sideways'");
	assert_options_refused("flow:to_server,;", "bad option", "''");
	assert_refused(
		"alert tcp-pkt any any -> any any (flow:only_stream; sid:1;)", "bad option",
		"only_stream contradicts"
	);
}

Test(snort_keyword, numbers_are_ranges) {
	static const struct {
		const char *value;
		bool negated;
		uint64_t lo, hi;
	} t[] = {
		{"5", false, 5, 5},      {"=5", false, 5, 5},
		{"!5", true, 5, 5},      {"!=5", true, 5, 5},
		{">5", false, 6, 65535}, {">=5", false, 5, 65535},
		{"<5", false, 0, 4},     {"<=5", false, 0, 5},
		{"< 5", false, 0, 4},    {"5<>9", false, 6, 8},
		{"5 <> 9", false, 6, 8}, {"5-9", false, 6, 8},
		{"!5-9", true, 6, 8},    {"0x10", false, 16, 16},
		{"0", false, 0, 0},      {"65535", false, 65535, 65535},
		{"<1", false, 0, 0},     {"0<>2", false, 1, 1},
	};
	char options[128];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(options, sizeof(options), "dsize:%s;", t[i].value);
		struct snort_rules rs = accept_options(options);
		const struct snort_number *n = &rs.rules[0].dsize;
		cr_expect(n->given);
		cr_expect_eq(n->negated, t[i].negated, "%s", t[i].value);
		cr_expect_eq(n->lo, t[i].lo, "%s: %lu", t[i].value, n->lo);
		cr_expect_eq(n->hi, t[i].hi, "%s: %lu", t[i].value, n->hi);
		snort_rules_fini(&rs);
	}
	static const char *const bad[] = {"",    "a",   "65536", "<0", ">65535", "5<>6", "9<>5",
					  "5<>", "<>5", "<",     "!",  "!<5",    "-1",   "1 2"};
	for (unsigned i = 0; i < COUNT(bad); i++) {
		snprintf(options, sizeof(options), "dsize:%s;", bad[i]);
		assert_options_refused(options, "bad option", "dsize:");
	}
}

Test(snort_keyword, each_number_has_its_field) {
	struct snort_rules rs = accept_text(
		"alert icmp any any -> any any (itype:8; icode:0; ttl:<64; dsize:>4; bsize:7; sid:1;)",
		NULL
	);
	const struct snort_rule *r = &rs.rules[0];
	cr_assert_eq(r->itype.lo, 8u);
	cr_assert_eq(r->icode.hi, 0u);
	cr_assert_eq(r->ttl.hi, 63u);
	cr_assert_eq(r->dsize.lo, 5u);
	cr_assert_eq(r->bsize.lo, 7u);
	cr_assert(snort_number_holds(&r->ttl, 63));
	cr_assert(!snort_number_holds(&r->ttl, 64));
	snort_rules_fini(&rs);
	assert_options_refused("ttl:256;", "bad option", "ttl:");
	assert_options_refused("itype:8;", "bad option", "not about ICMP");
}

Test(snort_keyword, tcp_flags_hold_as_written) {
	enum {
		F = 1,
		S = 2,
		R = 4,
		P = 8,
		A = 16,
		U = 32,
		E = 64,
		C = 128
	};
	static const struct {
		const char *value;
		uint8_t yes[3], no[3];
	} t[] = {
		{"S", {S, S, S}, {S | A, 0, S | E}},
		{"S,12", {S, S | E | C, S | C}, {S | A, 0, S | E | A}},
		{"S,CE", {S, S | E | C, S | C}, {S | A, 0, S | E | A}},
		{"PA", {P | A, P | A, P | A}, {P, A, P | A | F}},
		{"+SA", {S | A, S | A | E, 0xff}, {S, A, 0}},
		{"SA+", {S | A, S | A | E, 0xff}, {S, A, 0}},
		{"*SA", {S, A | F, 0xff}, {0, F, U}},
		{"!SA", {S, A | F, 0}, {S | A, S | A | F, 0xff}},
		{"!S", {A, 0, F}, {S, S | A, 0xff}},
		{"0", {0, 0, 0}, {S, C, 0xff}},
		{"!0", {S, C, 0xff}, {0, 0, 0}},
		{"sa", {S | A, S | A, S | A}, {S, A, 0}},
	};
	char options[128];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(options, sizeof(options), "flags:%s;", t[i].value);
		struct snort_rules rs = accept_options(options);
		for (unsigned k = 0; k < 3; k++) {
			cr_expect(
				snort_flags_hold(&rs.rules[0].flags, t[i].yes[k]), "%s: %#x",
				t[i].value, t[i].yes[k]
			);
			cr_expect(
				!snort_flags_hold(&rs.rules[0].flags, t[i].no[k]), "%s: %#x",
				t[i].value, t[i].no[k]
			);
		}
		snort_rules_fini(&rs);
	}
	static const char *const bad[] = {"X",   "+",     "++S", "+!S", "S,",
					  "S,0", "S,1,2", "S,S", "+0"};
	for (unsigned i = 0; i < COUNT(bad); i++) {
		snprintf(options, sizeof(options), "flags:%s;", bad[i]);
		assert_options_refused(options, "bad option", "flags:");
	}
	assert_refused(
		"alert udp any any -> any any (flags:S; sid:1;)", "bad option", "not about TCP"
	);
}

Test(snort_keyword, bits_have_operations_names_and_numbers) {
	struct snort_rules rs = accept_options(
		"flowbits:set,a.b; flowbits:isset, x | y |a.b; flowbits:isnotset,z; flowbits:noalert;"
		" flowbits:toggle,a.b; xbits:unset,a.b,track ip_pair; xbits:set,q, track ip_src ,"
		" expire 15;"
	);
	const struct snort_rule *r = &rs.rules[0];
	const struct snort_bit *b = r->bits;
	cr_assert_eq(r->n_bits, 6u);
	cr_assert(r->noalert);
	cr_assert_eq(b[0].op, SNORT_BIT_SET);
	cr_assert_eq(b[0].track, SNORT_BIT_FLOW);
	cr_assert_eq(b[1].op, SNORT_BIT_ISSET);
	cr_assert_eq(b[1].n, 3u);
	cr_assert_str_eq(b[1].names[1], "y");
	cr_assert_eq(b[1].ids[2], b[0].ids[0], "one name, one number");
	cr_assert_str_eq(rs.flowbits.names[b[1].ids[0]], "x");
	cr_assert_eq(b[2].op, SNORT_BIT_ISNOTSET);
	cr_assert_eq(b[3].op, SNORT_BIT_TOGGLE);
	cr_assert_eq(b[4].op, SNORT_BIT_UNSET);
	cr_assert_eq(b[4].track, SNORT_BIT_PAIR);
	cr_assert_eq(b[4].expire_s, 30u);
	cr_assert_eq(b[5].track, SNORT_BIT_SRC);
	cr_assert_eq(b[5].expire_s, 15u);
	cr_assert_eq(rs.flowbits.n, 4u);
	cr_assert_eq(rs.xbits.n, 2u, "names of xbits are their own");
	snort_rules_fini(&rs);
	static const char *const bad[] = {
		"flowbits:set;",
		"flowbits:set,;",
		"flowbits:set,a|b;",
		"flowbits:shake,a;",
		"flowbits:isset,a||b;",
		"xbits:set,a;",
		"xbits:set,a,track x;",
		"xbits:set,a,track ip_src,expire 0;",
		"xbits:set,a,track ip_src,forever;",
	};
	for (unsigned i = 0; i < COUNT(bad); i++)
		assert_options_refused(bad[i], "bad option", "bits:");
}

Test(snort_keyword, stream_sizes_all_count) {
	struct snort_rules rs = accept_options("stream_size:client, <, 5; stream_size:both,!=,7;");
	const struct snort_rule *r = &rs.rules[0];
	cr_assert_eq(r->n_stream_sizes, 2u);
	cr_assert_eq(r->stream_sizes[0].of, SNORT_SIZE_CLIENT);
	cr_assert_eq(r->stream_sizes[0].number.hi, 4u);
	cr_assert_eq(r->stream_sizes[1].of, SNORT_SIZE_BOTH);
	cr_assert(r->stream_sizes[1].number.negated);
	snort_rules_fini(&rs);
	static const char *const bad[] = {
		"stream_size:client;",       "stream_size:me,>,1;",      "stream_size:client,~,1;",
		"stream_size:client,,1;",    "stream_size:client,>,",    "stream_size:client,>,x;",
		"stream_size:client,>,1,2;", "stream_size:client,1-,9;",
	};
	for (unsigned i = 0; i < COUNT(bad); i++) {
		char options[64];
		snprintf(options, sizeof(options), "%s;", bad[i]);
		assert_options_refused(options, "bad option", "stream_size");
	}
}

Test(snort_keyword, thresholds_are_read_in_any_order) {
	static const struct {
		const char *options;
		struct snort_threshold threshold;
	} t[] = {
		{"threshold:type limit, track by_src, count 1, seconds 60;",
		 {SNORT_THRESHOLD_LIMIT, SNORT_BY_SRC, 1, 60}},
		{"threshold: seconds 5,count 3,track by_dst,type both;",
		 {SNORT_THRESHOLD_BOTH, SNORT_BY_DST, 3, 5}},
		{"threshold:type threshold ,track by_rule,count 70 ,seconds 2;",
		 {SNORT_THRESHOLD_THRESHOLD, SNORT_BY_RULE, 70, 2}},
		{"detection_filter:track by_both, count 30, seconds 9;",
		 {SNORT_THRESHOLD_FILTER, SNORT_BY_BOTH, 30, 9}},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct snort_rules rs = accept_options(t[i].options);
		const struct snort_threshold *got = &rs.rules[0].threshold;
		cr_expect_eq(got->type, t[i].threshold.type, "%s", t[i].options);
		cr_expect_eq(got->track, t[i].threshold.track, "%s", t[i].options);
		cr_expect_eq(got->count, t[i].threshold.count, "%s", t[i].options);
		cr_expect_eq(got->seconds, t[i].threshold.seconds, "%s", t[i].options);
		snort_rules_fini(&rs);
	}
	static const char *const bad[] = {
		"threshold:type limit, track by_src, count 1;",
		"threshold:type limit, track by_src, count 0, seconds 1;",
		"threshold:type sometimes, track by_src, count 1, seconds 1;",
		"threshold:type limit, track by_moon, count 1, seconds 1;",
		"threshold:type limit, track by_src, count 1, count 1, seconds 1;",
		"threshold:type limit, track by_src, count 1, seconds 1, x 1;",
		"detection_filter:type limit, track by_src, count 1, seconds 1;",
		"detection_filter:track by_src, count 1, seconds 1, unique_on dst_port;",
	};
	for (unsigned i = 0; i < COUNT(bad); i++)
		assert_options_refused(bad[i], "bad option", "accepted:");
	assert_options_refused(
		"detection_filter:track by_src, count 1, seconds 1;"
		" threshold:type limit, track by_src, count 1, seconds 1;",
		"repeated keyword", "one threshold"
	);
}
