// What becomes of connections that are loaded where other rules are in use, or the same.

#include "base/state_buffer.h"
#include "inspect_rig.h"

TestSuite(inspect_load, .fini = close_all);

// Saves what the bench knows, and goes on with what is loaded from that, with other rules where there are
// any.
static void restart(const char *patterns, const char *rules) {
	struct state_buffer buffer;
	struct state_record r;
	struct err err;
	state_buffer_init(&buffer, 64 << 20);
	inspect_save_begin(b.in, &buffer.writer, 0);
	while (!inspect_save_step(b.in))
		continue;
	struct bench before = b;
	if (patterns != NULL || rules != NULL)
		open_streams(patterns, rules);
	else
		open_with(before.engine, true, CHECKSUM_MODE_IGNORE);
	memcpy(b.seq, before.seq, sizeof(b.seq));
	b.now_us = before.now_us;
	struct state_chunk *all = state_buffer_take(&buffer);
	for (struct state_chunk *c = all; c != NULL; c = c->next)
		for (uint32_t at = 0; state_next(c->octets, c->used, &at, &r) > 0;)
			cr_assert_eq(inspect_load(b.in, &r, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(inspect_load_end(b.in, &err), 0, "%s", err.text);
	state_chunks_free(all);
	inspect_free(before.in);
	match_work_free(before.work);
	parser_fini(&before.parser);
	if (before.engine != b.engine)
		match_engine_free(before.engine);
}

static uint64_t not_restored(void) {
	struct inspect_stats s;
	inspect_stats(b.in, &s);
	cr_expect_eq(s.streams.opened, s.streams.live + s.streams.compressed + s.streams.closed);
	return s.streams.not_restored;
}

Test(inspect_load, a_match_goes_across_a_restart) {
	open_streams("1:/needle/\n", NULL);
	handshake(); // up to 103
	tcp(CLIENT, ACK, "nee");
	restart(NULL, NULL);
	tcp(CLIENT, ACK, "dle");
	events_are("1@105");
	cr_expect_eq(not_restored(), 0);
}

Test(inspect_load, a_stream_begins_anew_with_other_rules_behind_what_was_scanned) {
	open_streams("1:/needle/\n", NULL);
	handshake();
	tcp(CLIENT, ACK, "needle thr");
	events_are("1@104");
	restart("1:/needle/\n2:/thread/\n3:/eed/\n", NULL);
	cr_expect_eq(not_restored(), 1);
	tcp(CLIENT, ACK, "ead and thread");
	events_are("2@105");
	tcp_at(CLIENT, ACK, 1001, "needle thr");
	events_are("");
	restart(NULL, NULL);
	tcp(CLIENT, ACK, " eed");
	events_are("3@107");
	cr_expect_eq(not_restored(), 1, "then they are the same");
}

Test(inspect_load, rules_that_ask_of_other_connections_are_others) {
	open_streams(
		NULL,
		"alert tcp any any -> any 80 (content:\"needle\"; content:\"pin\"; sid:1;)\n"
		"alert tcp any any -> any 81 (content:\"hay\"; content:\"pin\"; sid:2;)\n"
	);
	handshake();
	tcp(CLIENT, ACK, "needle");
	restart(NULL,
		"alert tcp any any -> any 80 (content:\"needle\"; content:\"pin\"; sid:1;)\n"
		"alert tcp any any -> any any (content:\"hay\"; content:\"pin\"; sid:2;)\n");
	tcp(CLIENT, ACK, "hay pin");
	events_are("2@105");
}

Test(inspect_load, what_waits_for_a_hole_is_found_by_whatever_rules_there_are_then) {
	open_streams("1:/needle/\n", NULL);
	handshake();
	tcp(CLIENT, ACK, "x");
	tcp_at(CLIENT, ACK, b.seq[CLIENT] + 4, "read y");
	restart("2:/thread/\n", NULL);
	tcp(CLIENT, ACK, "a th");
	events_are("2@106");
}

Test(inspect_load, who_is_the_client_and_what_was_marked_is_known) {
	const char *rules =
		"alert tcp any any -> any any (content:\"login\"; depth:5; flowbits:set,in; sid:1;)\n"
		"alert tcp any any -> any any (content:\"denied\"; flow:established,to_client; "
		"flowbits:isset,in; sid:2;)\n";
	open_streams(NULL, rules);
	handshake();
	tcp(CLIENT, ACK, "login");
	events_are("1@104");
	restart(NULL, NULL);
	tcp(SERVER, ACK, "denied");
	tcp(CLIENT, ACK, "denied");
	events_are("2@105");
}

Test(inspect_load, what_rules_of_other_names_marked_is_forgotten) {
	open_streams(
		NULL,
		"alert tcp any any -> any any (content:\"login\"; depth:5; flowbits:set,in; sid:1;)\n"
		"alert tcp any any -> any any (content:\"denied\"; flowbits:isset,in; sid:2;)\n"
	);
	handshake();
	tcp(CLIENT, ACK, "login");
	restart(NULL,
		"alert tcp any any -> any any (content:\"xlogin\"; depth:6; flowbits:set,out; sid:1;)\n"
		"alert tcp any any -> any any (content:\"denied\"; flowbits:isset,out; sid:2;)\n");
	b.events[0] = '\0';
	tcp(SERVER, ACK, "denied");
	events_are("");
}
