// lib/match/detect/detect*.c: what a packet must be for a rule to be decided, what is refused, how groups are
// made.

#include "detect_rig.h"

#include "match/detect/detect_explain.h"

#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(detect, a_rule_matches_by_header_and_payload) {
	struct engine e;
	struct packet_of p;
	engine_init(
		&e,
		"alert tcp any any -> any 80 (content:\"abc\"; sid:1;)\n"
		"alert tcp any any -> any 81 (content:\"abc\"; sid:2;)\n"
		"alert tcp any 1000 -> any any (content:\"abc\"; sid:3;)\n"
		"alert udp any any -> any any (content:\"abc\"; sid:4;)\n"
		"alert ip 10.0.0.0/31 any -> any any (content:\"bc\"; sid:5;)\n"
		"alert tcp any 80 <> any any (content:\"a\"; sid:6;)\n"
		"alert tcp any any -> any any (content:\"abc\"; content:\"d\"; distance:0; sid:7;)\n",
		NULL
	);
	packet_init(&p, "xabcx");
	cr_expect_str_eq(run(&e, &p), "1 3 5 6");
	packet_init(&p, "xabxc");
	cr_expect_str_eq(run(&e, &p), "6");
	packet_init(&p, "abcd");
	p.key.dst_port = 81;
	cr_expect_str_eq(run(&e, &p), "2 3 5 7");
	engine_fini(&e);
}

Test(detect, an_empty_set_matches_nothing) {
	struct engine e;
	struct packet_of p;
	engine_init(&e, "", NULL);
	packet_init(&p, "abc");
	cr_expect_str_eq(run(&e, &p), "");
	engine_fini(&e);
}

Test(detect, what_is_unknown_of_a_flow_hinders_as_documented) {
	static const struct {
		const char *options;
		bool no_flow; // with an ACK and without SYN
		bool no_flow_syn;
		bool to_client, not_established; // with the other known and favourable
	} t[] = {
		{"flow:to_server;", true, true, false, true},
		{"flow:to_client;", true, true, true, false},
		{"flow:established;", true, false, true, false},
		{"flow:not_established;", false, true, false, true},
		{"flow:stateless;", true, true, true, true},
		{"flow:established,to_server;", true, false, false, false},
		{"stream_size:server,<,5;", false, false, false, false},
		{"flowbits:isset,x;", false, false, false, false},
		{"flowbits:isnotset,x;", true, true, true, true},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		char text[256];
		struct engine e;
		struct packet_of p;
		snprintf(
			text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)", t[i].options
		);
		engine_init(&e, text, NULL);
		packet_init(&p, "abc");
		p.in.flow = NULL;
		cr_expect_eq(*run(&e, &p) != '\0', t[i].no_flow, "%s", t[i].options);
		p.in.tcp_flags = 2;
		cr_expect_eq(*run(&e, &p) != '\0', t[i].no_flow_syn, "%s", t[i].options);
		packet_init(&p, "abc");
		p.flow.dir = DETECT_TO_CLIENT;
		cr_expect_eq(*run(&e, &p) != '\0', t[i].to_client, "%s", t[i].options);
		packet_init(&p, "abc");
		p.flow.state = DETECT_NOT_ESTABLISHED;
		cr_expect_eq(*run(&e, &p) != '\0', t[i].not_established, "%s", t[i].options);
		engine_fini(&e);
	}
}

Test(detect, a_packet_without_payload_meets_rules_without_tests_only) {
	struct engine e;
	struct packet_of p;
	engine_init(
		&e,
		"alert tcp any any -> any any (flags:S; sid:1;)\n"
		"alert tcp any any -> any any (content:!\"a\"; sid:2;)\n"
		"alert tcp any any -> any any (pcre:\"/a?/\"; sid:3;)\n"
		"alert tcp any any -> any any (dsize:0; sid:4;)\n",
		NULL
	);
	packet_init(&p, "");
	p.in.payload = NULL;
	p.in.tcp_flags = 2;
	cr_expect_str_eq(run(&e, &p), "1 4");
	packet_init(&p, "b");
	cr_expect_str_eq(run(&e, &p), "2 3");
	engine_fini(&e);
}

Test(detect, what_is_longer_than_a_datagram_is_looked_at_as_far_as_that) {
	struct engine e;
	struct packet_of p;
	char *payload = malloc(70001);
	memset(payload, 'x', 70000);
	memcpy(&payload[DETECT_PAYLOAD_MAX], "abc", 4);
	payload[70000] = '\0';
	memset(&payload[DETECT_PAYLOAD_MAX + 3], 'x', 70000 - DETECT_PAYLOAD_MAX - 3);
	engine_init(&e, "alert tcp any any -> any any (content:\"abc\"; sid:1;)", NULL);
	packet_init(&p, payload);
	cr_expect_str_eq(run(&e, &p), "");
	memcpy(&payload[DETECT_PAYLOAD_MAX - 3], "abc", 3);
	cr_expect_str_eq(run(&e, &p), "1");
	free(payload);
	engine_fini(&e);
}

Test(detect, a_rule_that_does_not_compile_is_refused_with_its_line) {
	struct engine e;
	struct packet_of p;
	engine_init(
		&e,
		"alert tcp any any -> any any (content:\"a\"; sid:1;)\n"
		"alert tcp any any -> any any (pcre:\"/(a/\"; sid:2;)\n"
		"alert tcp any any -> any any (nonsense; sid:3;)\n"
		"alert tcp any any -> any any (content:\"a\"; sid:4;)\n",
		NULL
	);
	cr_assert_eq(e.rs.n_rules, 2u);
	cr_assert_eq(e.rs.n_refusals, 2u);
	cr_expect_eq(e.rs.refusals[0].line, 2u);
	cr_expect_str_eq(e.rs.refusals[0].rule, "sid 2");
	cr_expect_str_eq(e.rs.refusals[0].group, "compile");
	cr_expect_eq(e.rs.refusals[1].line, 3u);
	packet_init(&p, "a");
	cr_expect_str_eq(run(&e, &p), "1 4");
	engine_fini(&e);
}

Test(detect, what_looks_at_streams_can_be_left_to_others) {
	struct engine e;
	struct packet_of p;
	const struct detect_config conf = {.streams = true};
	engine_init(
		&e,
		"alert tcp any any -> any 80 (content:\"a\"; flowbits:set,x; sid:1;)\n"
		"alert tcp any any -> any 80 (content:\"a\"; depth:9; flowbits:isset,x; sid:2;)\n"
		"alert udp any any -> any any (content:\"a\"; sid:3;)\n",
		&conf
	);
	packet_init(&p, "a");
	cr_expect_str_eq(run(&e, &p), "");
	// Found, it comes ahead of the rule that tests its bit; and only this once.
	detect_found(e.d, e.s, 0);
	cr_expect_str_eq(run(&e, &p), "1 2");
	cr_expect_str_eq(run(&e, &p), "2");
	// Alone, without a look at the payload; where the header does not hold it is no match.
	uint32_t rules[3];
	detect_found(e.d, e.s, 0);
	cr_expect_eq(detect_decide(e.d, e.s, &p.in, rules), 1u);
	p.key.dst_port = 81;
	detect_found(e.d, e.s, 0);
	cr_expect_eq(detect_decide(e.d, e.s, &p.in, rules), 0u);
	cr_expect_eq(detect_decide(e.d, e.s, &p.in, rules), 0u, "it is not kept");
	p.key.proto = 17;
	cr_expect_str_eq(run(&e, &p), "3");
	engine_fini(&e);
}

Test(detect, a_packet_is_scanned_for_two_groups_at_most_and_only_for_rules_of_its_ports) {
	struct engine e;
	struct packet_of p;
	struct detect_counts counts;
	engine_init(
		&e,
		"alert tcp any any -> any 80 (content:\"a\"; sid:1;)\n"
		"alert tcp any any -> any 25 (content:\"a\"; sid:2;)\n"
		"alert tcp any 1000 -> any any (content:\"a\"; sid:3;)\n",
		NULL
	);
	packet_init(&p, "a");
	cr_expect_str_eq(run(&e, &p), "1 3");
	detect_scratch_counts(e.s, &counts);
	cr_expect_eq(counts.scans, 2u);
	cr_expect_eq(counts.verified, 2u);
	p.key.src_port = 9;
	p.key.dst_port = 9;
	cr_expect_str_eq(run(&e, &p), "");
	detect_scratch_counts(e.s, &counts);
	cr_expect_eq(counts.scans, 2u, "no rule names these ports");
	engine_fini(&e);
}

Test(detect, the_number_of_groups_is_bounded) {
	static char text[1 << 17];
	size_t len = 0;
	struct engine e;
	struct detect_stats stats;
	const struct detect_config conf = {.groups = 10};
	for (uint32_t i = 0; i < 500; i++)
		len += (size_t)sprintf(
			&text[len], "alert tcp any any -> any %u (content:\"a%u\"; sid:%u;)\n", i,
			i, i + 1
		);
	engine_init(&e, text, &conf);
	detect_stats(e.d, &stats);
	// Those granted, and for each kind of direction one with all the others.
	cr_expect_leq(stats.groups, 10u + 3);
	cr_expect_gt(stats.merged, 900u);
	cr_expect_eq(stats.rules, 500u);
	cr_expect_eq(stats.without_gate, 0u);
	cr_expect_gt(stats.database_octets, 0u);
	struct packet_of p;
	packet_init(&p, "xa321");
	p.key.dst_port = 321;
	cr_expect_str_eq(run(&e, &p), "322");
	engine_fini(&e);
}

Test(detect, groups_come_from_the_cache_the_second_time) {
	char dir[] = "/tmp/sluice-detect-XXXXXX", command[64];
	const char *text = "alert tcp any any -> any 80 (content:\"abc\"; sid:1;)\n"
			   "alert tcp any any -> any 25 (pcre:\"/a.c/\"; sid:2;)\n";
	struct engine e;
	struct packet_of p;
	struct detect_stats stats;
	cr_assert_not_null(mkdtemp(dir));
	const struct detect_config conf = {.cache_dir = dir};
	for (uint32_t turn = 0; turn < 2; turn++) {
		engine_init(&e, text, &conf);
		detect_stats(e.d, &stats);
		cr_expect_eq(stats.from_cache, turn == 0 ? 0 : stats.groups);
		packet_init(&p, "abc");
		cr_expect_str_eq(run(&e, &p), "1");
		p.key.dst_port = 25;
		cr_expect_str_eq(run(&e, &p), "2");
		engine_fini(&e);
	}
	snprintf(command, sizeof(command), "rm -r %s", dir);
	cr_assert_eq(system(command), 0);
}

static void count_steps(void *ctx, uint32_t done, uint32_t all) {
	uint32_t *steps = ctx;
	cr_assert_lt(done, all);
	(*steps)++;
}

Test(detect, progress_and_the_explanation_tell_of_each_group) {
	struct engine e;
	struct detect_stats stats;
	uint32_t steps = 0;
	char *text = NULL;
	size_t len = 0;
	const struct detect_config conf = {.progress = count_steps, .ctx = &steps};
	engine_init(
		&e,
		"alert tcp any any -> any [80,8080] (content:\"a\"; sid:1;)\n"
		"alert udp any 53 -> any any (content:!\"a\"; sid:2;)\n",
		&conf
	);
	detect_stats(e.d, &stats);
	cr_expect_eq(steps, stats.groups);
	cr_expect_eq(stats.without_gate, 1u);
	FILE *f = open_memstream(&text, &len);
	detect_explain(e.d, f);
	fclose(f);
	cr_expect_not_null(strstr(text, "2 rules, 1 of them without a gate"), "%s", text);
	cr_expect_not_null(strstr(text, "tcp     to_server  to    group   0  80 8080"), "%s", text);
	cr_expect_not_null(strstr(text, "udp     to_client  from  group   1  53"), "%s", text);
	cr_expect_not_null(strstr(text, "test.rules:2: sid 2"), "%s", text);
	free(text);
	engine_fini(&e);
}

Test(detect, many_equal_gates_are_one_expression) {
	static char text[1 << 17];
	size_t len = 0;
	struct engine e;
	struct detect_stats stats;
	for (uint32_t i = 0; i < RULES_MAX; i++)
		len += (size_t)sprintf(
			&text[len],
			"alert tcp any any -> any any (content:\"abc\"; dsize:%u; sid:%u;)\n", i,
			i + 1
		);
	engine_init(&e, text, NULL);
	detect_stats(e.d, &stats);
	cr_expect_eq(stats.gates, 1u);
	struct packet_of p;
	packet_init(&p, "xabcxx");
	cr_expect_str_eq(run(&e, &p), "7");
	engine_fini(&e);
}
