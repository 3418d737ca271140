// The way of packets through inspection where streams do not decide alone: flows, rules for packets,
// fragments, checksums.

#include "inspect_rig.h"

TestSuite(inspect_flow, .fini = close_all);

Test(inspect_flow, block_mode_sees_each_packet_alone) {
	const char
		*rules = "alert tcp any any -> any 80 (content:\"hay\"; content:\"ck\"; sid:7;)\n";
	open_with(make_engine("1:/needle/\n", rules, false), false, CHECKSUM_MODE_IGNORE);
	handshake();
	tcp(CLIENT, ACK, "a nee");
	tcp(CLIENT, ACK, "dle in a haystack");
	tcp(CLIENT, ACK, "needle");
	events_are("7@105 1@106");
}

Test(inspect_flow, rules_for_packets_are_not_for_streams) {
	open_streams(
		NULL,
		"alert tcp any any -> any any (content:\"needle\"; depth:6; sid:1;)\n"
		"alert tcp any any -> any any (content:\"needle\"; sid:2;)\n"
	);
	handshake();
	tcp(CLIENT, ACK, "nee");
	tcp(CLIENT, ACK, "dle");
	tcp(CLIENT, ACK, "needle");
	events_are("2@105 1@106 2@106");
}

Test(inspect_flow, directions_and_states_are_the_connections) {
	open_streams(
		NULL,
		"alert tcp any any -> any any (content:\"a\"; flow:to_server; sid:1;)\n"
		"alert tcp any any -> any any (content:\"a\"; flow:to_client; sid:2;)\n"
		"alert tcp any any -> any any (content:\"a\"; flow:established; sid:3;)\n"
		"alert tcp any any -> any any (content:\"a\"; dsize:1; flow:to_client; sid:4;)\n"
		"alert tcp any any -> any any (flags:S; flow:not_established; sid:5;)\n"
	);
	handshake();
	events_are("5@101");
	tcp(SERVER, ACK, "a");
	events_are("2@104 3@104 4@104");
	tcp(CLIENT, ACK, "a");
	events_are("1@105 3@105");
}

Test(inspect_flow, flowbits_tie_rules_of_a_flow_together) {
	const char *rules =
		"alert tcp any any -> any any (content:\"login\"; flowbits:set,in; noalert; sid:1;)\n"
		"alert tcp any any -> any any (content:\"secret\"; flowbits:isset,in; sid:2;)\n"
		"alert udp any any -> any any (content:\"login\"; flowbits:set,in; sid:3;)\n"
		"alert udp any any -> any any (content:\"secret\"; flowbits:isset,in; sid:4;)\n";
	open_streams(NULL, rules);
	handshake();
	tcp(SERVER, ACK, "secret");
	events_are("");
	tcp(CLIENT, ACK, "log");
	tcp(CLIENT, ACK, "in");
	events_are("1@106");
	tcp(SERVER, ACK, "secret");
	events_are("2@107");
	udp(CLIENT, "secret");
	events_are("");
	udp(CLIENT, "login");
	udp(SERVER, "secret");
	events_are("3@109 4@110");
}

Test(inspect_flow, flows_without_connections_have_directions) {
	open_streams(
		NULL,
		"alert udp any any -> any any (content:\"a\"; flow:to_server; sid:1;)\n"
		"alert udp any any -> any any (content:\"a\"; flow:to_client; sid:2;)\n"
		"alert udp any any -> any any (content:\"a\"; flow:established; sid:3;)\n"
	);
	udp(CLIENT, "a");
	udp(SERVER, "a");
	udp(CLIENT, "a");
	events_are("1@101 2@102 3@102 1@103 3@103");
}

// The UDP datagram in two fragments; `first` octets of it in the first.
static void give_fragments(const struct frame *whole, uint32_t first, bool backwards) {
	const uint8_t *data = whole->octet + 34;
	uint32_t len = whole->len - 34;
	for (int k = 0; k < 2; k++) {
		bool head = (k == 0) != backwards;
		frame_start(&b.f);
		frame_ethernet(&b.f, 0);
		frame_ipv4_fragment(
			&b.f, "10.0.0.1", "10.0.0.2", whole->octet[23], 77,
			head ? 0 : (uint16_t)first, head
		);
		frame_payload(&b.f, head ? data : data + first, head ? first : len - first);
		frame_end(&b.f);
		give();
	}
}

Test(inspect_flow, fragments_are_matched_as_the_datagram_they_make) {
	open_streams(
		"1:/needle/\n", "alert udp any any -> any 53 (content:\"nee\"; dsize:26; sid:7;)\n"
	);
	struct frame whole;
	frame_ipv4_udp(&whole, "10.0.0.1", 1234, "10.0.0.2", 53, "some needle in a haystack.", 26);
	give_fragments(&whole, 16, false); // within the needle
	events_are("1@102 7@102");
	give_fragments(&whole, 16, true);
	events_are("1@104 7@104");
}

Test(inspect_flow, a_segment_in_fragments_goes_into_its_stream) {
	open_streams("1:/needle/\n", NULL);
	handshake();
	tcp(CLIENT, ACK, "so ne");
	lay_tcp(CLIENT, ACK, b.seq[CLIENT], "edle");
	struct frame whole = b.f;
	give_fragments(&whole, 16, true);
	events_are("1@106");
}

Test(inspect_flow, what_its_receiver_drops_is_no_decoy) {
	open_with(make_engine("1:/needle/\n", NULL, true), true, CHECKSUM_MODE_CHECK);
	handshake(); // no checksum is right
	tcp(CLIENT, ACK, "needle");
	events_are("");
	struct inspect_stats s;
	inspect_stats(b.in, &s);
	cr_expect_eq(s.checksums.refused[CHECKSUM_BAD], 4);
	cr_expect_eq(s.tcp.packets, 0);
}
