// lib/match/detect/detect_bits.c and detect_xbits.c: flowbits and xbits within one packet, from packet to packet
// and over time.

#include "detect_rig.h"

#include <stdlib.h>

Test(detect_bits, who_sets_a_flowbit_is_decided_ahead_of_who_tests_it) {
	struct engine e;
	struct packet_of p;
	engine_init(
		&e,
		"alert tcp any any -> any any (content:\"b\"; flowbits:isset,x; sid:1;)\n"
		"alert tcp any any -> any any (content:\"a\"; flowbits:set,x; flowbits:noalert; sid:2;)\n"
		"alert tcp any any -> any any (content:\"a\"; sid:3;)\n"
		"alert tcp any any -> any any (content:\"c\"; flowbits:unset,x; sid:4;)\n",
		NULL
	);
	packet_init(&p, "b");
	cr_expect_str_eq(run(&e, &p), "");
	p.in.payload = (const uint8_t *)"ab";
	p.in.len = 2;
	cr_expect_str_eq(run(&e, &p), "2 1 3");
	p.in.payload = (const uint8_t *)"b";
	p.in.len = 1;
	cr_expect_str_eq(run(&e, &p), "1", "the flow keeps it");
	struct packet_of other;
	packet_init(&other, "b");
	cr_expect_str_eq(run(&e, &other), "", "another flow does not have it");
	p.in.payload = (const uint8_t *)"cb";
	p.in.len = 2;
	cr_expect_str_eq(run(&e, &p), "4");
	cr_expect_eq(detect_flow_words(e.d), 1u);
	engine_fini(&e);
}

Test(detect_bits, flowbits_that_no_rule_tests_take_no_room) {
	struct engine e;
	engine_init(
		&e, "alert tcp any any -> any any (flowbits:set,x; content:\"a\"; sid:1;)", NULL
	);
	cr_expect_eq(detect_flow_words(e.d), 0u);
	engine_fini(&e);
}

Test(detect_bits, rules_beyond_the_flowbits_there_is_room_for_are_refused) {
	static char text[1 << 17];
	size_t len = 0;
	struct engine e;
	for (uint32_t i = 0; i < 1030; i++)
		len += (size_t)sprintf(
			&text[len], "alert tcp any any -> any any (flowbits:isset,b%u; sid:%u;)\n",
			i, i + 1
		);
	engine_init(&e, text, NULL);
	cr_expect_eq(e.rs.n_rules, 1024u);
	cr_expect_eq(e.rs.n_refusals, 6u);
	cr_expect_str_eq(e.rs.refusals[0].group, "limit");
	cr_expect_str_eq(e.rs.refusals[0].rule, "sid 1025");
	cr_expect_eq(detect_flow_words(e.d), DETECT_FLOW_WORDS_MAX);
	engine_fini(&e);
}

Test(detect_bits, xbits_belong_to_addresses_and_go_out) {
	struct engine e;
	struct packet_of p, back;
	engine_init(
		&e,
		"alert tcp any any -> any any (content:\"a\"; xbits:set,x,track ip_src,expire 10; sid:1;)\n"
		"alert tcp any any -> any any (content:\"b\"; xbits:isset,x,track ip_dst; sid:2;)\n"
		"alert tcp any any -> any any (content:\"c\"; xbits:set,y,track ip_pair,expire 10; sid:3;)\n"
		"alert tcp any any -> any any (content:\"b\"; xbits:isset,y,track ip_pair; sid:4;)\n",
		NULL
	);
	packet_init(&p, "ac");
	packet_init(&back, "b");
	memcpy(back.key.src4, p.key.dst4, 4);
	memcpy(back.key.dst4, p.key.src4, 4);
	cr_expect_str_eq(run(&e, &back), "");
	cr_expect_str_eq(run(&e, &p), "1 3");
	back.in.time_us = 9999999;
	cr_expect_str_eq(run(&e, &back), "2 4");
	back.in.time_us = 10000000;
	cr_expect_str_eq(run(&e, &back), "", "ten seconds have passed");
	engine_fini(&e);
}

Test(detect_bits, xbits_without_room_are_counted) {
	struct engine e;
	struct packet_of p;
	struct detect_counts counts;
	const struct detect_config conf = {.xbits = 64};
	engine_init(
		&e,
		"alert tcp any any -> any any (content:\"a\"; xbits:set,x,track ip_src,expire 10; sid:1;)\n"
		"alert tcp any any -> any any (content:\"b\"; xbits:isset,x,track ip_src; sid:2;)\n",
		&conf
	);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		packet_init(&p, "a");
		p.key.src4[2] = (uint8_t)(i >> 8);
		p.key.src4[3] = (uint8_t)i;
		cr_assert_str_eq(run(&e, &p), "1");
		p.in.payload = (const uint8_t *)"b";
		kept += *run(&e, &p) != '\0';
	}
	detect_scratch_counts(e.s, &counts);
	cr_expect_leq(kept, 64u);
	cr_expect_gt(kept, 32u);
	cr_expect_eq(counts.xbits_full, 1000 - kept);
	engine_fini(&e);
}
