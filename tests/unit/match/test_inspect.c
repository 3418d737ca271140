// The way of TCP packets through inspection to match events: streams, holes, ends, other rules.

#include "inspect_rig.h"

TestSuite(inspect, .fini = close_all);

Test(inspect, a_match_across_segments_belongs_to_the_packet_that_completes_it) {
	open_streams(
		"1:/needle/\n",
		"alert tcp any any -> any 80 (content:\"hay\"; content:\"ck\"; sid:7;)\n"
	);
	handshake(); // up to 103
	tcp(CLIENT, ACK, "a nee");
	tcp(CLIENT, ACK, "dle in a ha");
	tcp(CLIENT, ACK, "ysta");
	tcp(CLIENT, ACK, "ck");
	events_are("1@105 7@107");
}

Test(inspect, order_of_arrival_does_not_matter_but_to_whose_event_it_is) {
	open_streams("1:/needle/\n", NULL);
	handshake();
	tcp_at(CLIENT, ACK, b.seq[CLIENT] + 4, "le");
	tcp_at(CLIENT, ACK, b.seq[CLIENT] + 2, "ed");
	events_are("");
	tcp_at(CLIENT, ACK, b.seq[CLIENT], "ne");
	events_are("1@106");
	tcp_at(CLIENT, ACK, b.seq[CLIENT], "needle");
	events_are("");
}

Test(inspect, octets_that_wait_for_a_hole_come_out_at_the_end) {
	open_streams(
		"1:/needle/\n2:/x.*y/s\n",
		"alert tcp any any -> any any (content:\"eed\"; sid:7;)\n"
	);
	handshake();
	tcp(CLIENT, ACK, "x");
	tcp_at(CLIENT, ACK, b.seq[CLIENT] + 10, "needle y");
	events_are("");
	inspect_finish(b.in);
	// Nothing goes across the hole.
	events_are("1@105 7@105");
	struct inspect_stats s;
	inspect_stats(b.in, &s);
	cr_expect_eq(s.late_events, 2);
}

Test(inspect, what_waits_for_a_hole_is_of_the_packets_that_brought_it) {
	open_streams("1:/needle/\n2:/x.*y/s\n3:/end$/\n", NULL);
	handshake();
	const struct {
		uint32_t ahead;
		const char *text;
		uint8_t flags, tos;
	} sent[] = {
		{10, "needle x", ACK, 4},
		{2000, "x needle ye", ACK, 8},
		{2011, "nd", ACK, 12},
		{2013, "", ACK | FIN, 16},
	};
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		lay_tcp(CLIENT, sent[i].flags, b.seq[CLIENT] + sent[i].ahead, sent[i].text);
		b.f.octet[14 + 1] = sent[i].tos;
		give();
	}
	tcp(SERVER, ACK, "nothing of the other side");
	b.late[0] = '\0';
	events_are("");
	inspect_finish(b.in);
	// The block of 2000 and what follows is of the FIN, which came last.
	events_are("1@104 1@107 2@107 3@107");
	cr_assert_str_eq(b.late, "4:0 16:0 ", "%s", b.late);
}

Test(inspect, an_acknowledgement_gives_up_a_hole_of_the_other_side) {
	open_streams(
		"1:/needle/\n",
		"alert tcp any any -> any 80 (content:\"eed\"; flow:to_server; sid:7;)\n"
	);
	handshake();
	tcp(CLIENT, ACK, "x");
	b.seq[CLIENT] += 10;
	tcp(CLIENT, ACK, "needle");
	for (int i = 0; i < 20; i++)
		tcp(SERVER, ACK, "");
	cr_assert_neq(b.events[0], '\0', "the receiver has it");
	char one[16], all[64];
	cr_assert_eq(sscanf(b.events, "1@%15[0-9] ", one), 1);
	snprintf(all, sizeof(all), "1@%s 7@%s", one, one);
	events_are(all);
}

Test(inspect, an_end_tells_what_only_an_end_brings) {
	open_streams(
		"1:/needle$/\n",
		"alert tcp any any -> any any (content:\"need\"; content:!\"pin\"; sid:7;)\n"
	);
	handshake();
	tcp(CLIENT, ACK, "nee");
	tcp(CLIENT, ACK, "dle");
	events_are("");
	tcp(CLIENT, FIN | ACK, "");
	events_are("1@106 7@106");
}

Test(inspect, a_datagram_in_segments_of_a_snapped_capture_leaves_a_hole_of_its_size) {
	open_streams("1:/needle/\n2:/ab/\n", NULL);
	handshake();
	lay_tcp(CLIENT, ACK, b.seq[CLIENT], "a....needle");
	struct packet p;
	struct flow_key key;
	frame_packet(&b.f, &p, ++b.now_us);
	p.cap_len = p.head_len = 14 + 20 + 20 + 1;
	parse_packet(&b.parser, &p, &key);
	inspect_packet(b.in, &p, &key, p.time_us, p.data, p.cap_len);
	b.seq[CLIENT] += 11;
	tcp(CLIENT, ACK, "b needle");
	events_are("1@105");
}

Test(inspect, a_stream_that_lives_when_rules_change_misses_none_of_both) {
	open_streams("1:/needle/\n2:/pin/\n", NULL);
	handshake();
	tcp(CLIENT, ACK, "nee");
	tcp(CLIENT, ACK, "pi");
	b.before = b.engine;
	b.work_before = b.work;
	b.engine = make_engine("9:/dlx/\n3:/thread/\n2:/pin/\n", NULL, true);
	b.work = match_work_new(b.engine);
	bool same;
	cr_assert_eq(match_engine_map(b.before, b.engine, &b.map, &same), 0);
	cr_assert_not(same);
	cr_assert_eq(inspect_use(b.in, b.engine, b.work, b.map, same), 0);
	cr_assert(inspect_uses(b.in, b.before), "a stream goes on with it");
	tcp(CLIENT, ACK, "n thr");
	events_are("2@106");
	tcp(CLIENT, ACK, "ead needle pin");
	events_are("2@107 3@107");
	tcp(CLIENT, FIN | ACK, "");
	tcp(SERVER, FIN | ACK, "");
	tcp(CLIENT, ACK, "");
	inspect_finish(b.in);
	for (int i = 0; i < 10 && inspect_uses(b.in, b.before); i++)
		inspect_advance(b.in, b.now_us);
	cr_assert_not(inspect_uses(b.in, b.before));
	cr_assert(inspect_uses(b.in, b.engine));
}

Test(inspect, counters_balance) {
	open_streams("1:/needle/\n", NULL);
	handshake();
	tcp(CLIENT, ACK, "needle");
	tcp_at(CLIENT, ACK, b.seq[CLIENT] + 5, "later");
	tcp_at(CLIENT, ACK, b.seq[CLIENT] - 6, "needle");
	inspect_finish(b.in);
	struct inspect_stats s;
	inspect_stats(b.in, &s);
	uint64_t octets = 0;
	for (int i = 0; i < TCP_FATES; i++)
		octets += s.tcp.octets[i];
	cr_expect_eq(s.tcp.octets_in, 17);
	cr_expect_eq(octets, 17);
	cr_expect_eq(s.tcp.octets[TCP_DELIVERED], 11);
	cr_expect_eq(s.tcp.octets[TCP_REPEATED], 6);
	cr_expect_eq(s.streams.opened, s.streams.closed);
	cr_expect_eq(s.streams.scanned_octets, 11);
	cr_expect_eq(s.streams.live + s.streams.compressed, 0);
	cr_expect_eq(s.tcp_flows, 0);
}
