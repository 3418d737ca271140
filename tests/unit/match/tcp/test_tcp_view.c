// What rules are told of a connection, packet by packet: direction, state and octets of each side.

#include "match/tcp/tcp_view.h"

#include "tcp_rig.h"

#include <criterion/criterion.h>

#define STEPS 10

// What a packet is told: to server '>' or client '<', '=' when established, '-' when not; "?" when there
// is no flow.
struct seen {
	const char *fact;
	struct rig_step step[STEPS];
	const char *view; // of each packet, in pairs
};

static void look(struct rig *r, char *to) {
	struct detect_flow v;
	if (r->flow == NULL) {
		memcpy(to, "??", 2);
		return;
	}
	tcp_view(r->flow, r->dir, &v);
	to[0] = v.state == DETECT_ESTABLISHED ? '=' : '-';
	to[1] = v.dir == DETECT_TO_SERVER ? '>' : '<';
	cr_assert(v.sized);
	cr_assert_null(v.bits);
	struct detect_flow back;
	tcp_view(r->flow, !r->dir, &back);
	cr_assert_neq(back.dir, v.dir);
	cr_assert_eq(back.state, v.state);
}

static void play_one(const struct seen *s, uint32_t client) {
	struct rig r;
	char view[2 * STEPS + 1] = {0};
	rig_config(&r);
	r.key = tcp_key(client, 40000);
	rig_open(&r);
	for (uint32_t k = 0; s->step[k].who != '\0'; k++) {
		rig_send(&r, &s->step[k]);
		look(&r, &view[2 * k]);
	}
	cr_assert_str_eq(view, s->view, "%s: %s", s->fact, view);
	rig_free(&r);
}

static void play(const struct seen *list, size_t n) {
	for (size_t i = 0; i < n; i++) {
		play_one(&list[i], 0x01020304); // the lower end, then the higher one
		play_one(&list[i], 0xffffffff);
	}
}

#define PLAY(list) play(list, sizeof(list) / sizeof((list)[0]))

Test(tcp_view, tells_the_client_and_when_the_handshake_is_done) {
	static const struct seen list[] = {
		{"a handshake",
		 {{'c', "S", 0},
		  {'s', "SA", 0, 1},
		  {'c', "A", 1, 1},
		  {'s', "A", 1, 1, "hello"},
		  {'c', "FA", 1, 6}},
		 "->-<=>=<=>"},
		{"a SYN again, and an answer again",
		 {{'c', "S", 0},
		  {'c', "S", 0},
		  {'s', "SA", 0, 1},
		  {'s', "SA", 0, 1},
		  {'c', "A", 1, 1}},
		 "->->-<-<=>"},
		{"a SYN behind the handshake ends nothing",
		 {{'c', "S", 0},
		  {'s', "SA", 0, 1},
		  {'c', "A", 1, 1, "a"},
		  {'s', "S", 999},
		  {'c', "S", 999},
		  {'c', "A", 2, 1, "b"}},
		 "->-<=>=<=>=>"},
		{"a connection that is refused",
		 {{'c', "S", 0}, {'s', "RA", 0x80000002, 1}},
		 "->-<"},
		{"data with a SYN that the server takes, and answers at once",
		 {{'c', "S", 0, 0, "early"},
		  {'s', "SA", 0, 6},
		  {'s', "A", 1, 6, "answer"},
		  {'c', "A", 6, 7}},
		 "->-<-<=>"},
		{"an answer with SYN and ACK that overtook the SYN",
		 {{'s', "SA", 0, 1}, {'c', "S", 0}, {'c', "A", 1, 1}},
		 "-<->=>"},
		{"data that overtook the SYN",
		 {{'s', "A", 1, 1, "220"}, {'c', "S", 0}, {'c', "A", 1, 4}},
		 "=>=>=>"},
	};
	PLAY(list);
}

Test(tcp_view, of_connections_that_open_from_both_sides_the_first_to_ask_is_the_client) {
	static const struct seen list[] = {
		{"both SYNs, both answers; the server speaks first",
		 {{'c', "S", 0},
		  {'s', "S", 0},
		  {'c', "SA", 0, 1},
		  {'s', "SA", 0, 1},
		  {'s', "A", 1, 1, "x"}},
		 "->-<->-<=<"},
		{"both SYNs, both answers; the client speaks first",
		 {{'c', "S", 0},
		  {'s', "S", 0},
		  {'s', "SA", 0, 1},
		  {'c', "SA", 0, 1},
		  {'c', "A", 1, 1, "x"}},
		 "->-<-<->=>"},
		{"a SYN that is split from its acknowledgement",
		 {{'c', "S", 0},
		  {'s', "A", 0x80000002, 1},
		  {'s', "S", 0},
		  {'c', "SA", 0, 1},
		  {'s', "A", 1, 1}},
		 "->-<-<->=<"},
		{"a decoy in the server's name ahead of it all",
		 {{'s', "S", 999}, {'c', "S", 0}, {'s', "SA", 0, 1}, {'c', "A", 1, 1}},
		 "->-<-<=>"},
		{"a decoy in the client's name that answers nobody",
		 {{'c', "S", 0}, {'c', "SA", 999, 7}, {'s', "SA", 0, 1}, {'c', "A", 1, 1}},
		 "->->-<=>"},
		{"the same ahead of the SYN",
		 {{'c', "SA", 999, 7}, {'c', "S", 0}, {'s', "SA", 0, 1}, {'c', "A", 1, 1}},
		 "-<->-<=>"},
	};
	PLAY(list);
}

Test(tcp_view, makes_do_with_what_is_seen) {
	static const struct seen list[] = {
		{"in the midst: who is seen first is the client",
		 {{'c', "A", 500, 70, "mid"}, {'s', "A", 70, 503, "dle"}},
		 "=>=<"},
		{"in the midst, the other way round",
		 {{'s', "A", 70, 500, "mid"}, {'c', "A", 500, 73, "dle"}},
		 "=>=<"},
		{"the client's side only",
		 {{'c', "S", 0}, {'c', "A", 1, 1}, {'c', "A", 1, 1, "x"}},
		 "->=>=>"},
		{"the server's side only", {{'s', "SA", 0, 1}, {'s', "A", 1, 1, "x"}}, "-<=<"},
		{"without the answer to the SYN",
		 {{'c', "S", 0}, {'s', "A", 1, 1, "x"}, {'c', "A", 1, 2}},
		 "->-<=>"},
		{"nothing makes no flow", {{'c', "R", 0}, {'c', "A", 1, 1}}, "????"},
	};
	PLAY(list);
}

Test(tcp_view, of_ports_that_are_used_again_tells_the_new_connection) {
	static const struct seen list[] = {
		{"by the same client",
		 {{'c', "S", 0},
		  {'s', "SA", 0, 1},
		  {'c', "A", 1, 1, "a"},
		  {'c', "R", 2},
		  {'c', "S", 5000},
		  {'s', "SA", 5000, 5001},
		  {'c', "A", 5001, 5001}},
		 "->-<=>=>->-<=>"},
		{"by the other side",
		 {{'c', "S", 0},
		  {'s', "SA", 0, 1},
		  {'c', "A", 1, 1, "a"},
		  {'c', "R", 2},
		  {'s', "S", 5000},
		  {'c', "SA", 5000, 5001},
		  {'s', "A", 5001, 5001}},
		 "->-<=>=>->-<=>"},
		{"by an answer to a SYN that was ignored",
		 {{'c', "A", 500, 70, "old"},
		  {'c', "S", 9000000},
		  {'s', "SA", 5000, 9000001},
		  {'c', "A", 9000001, 5001}},
		 "=>=>-<=>"},
	};
	PLAY(list);
}

Test(tcp_view, counts_the_octets_of_each_side_in_order) {
	struct rig r;
	struct detect_flow v;
	rig_config(&r);
	rig_open(&r);
	static const struct {
		struct rig_step step;
		uint64_t client, server;
	} list[] = {
		{{'c', "S", 0, 0, "early"}, 0, 0}, // nobody has taken that yet
		{{'s', "SA", 0, 6}, 5, 0},
		{{'c', "A", 6, 1, "0123456789"}, 15, 0},
		{{'s', "A", 1, 16, "abc"}, 15, 3},
		{{'c', "A", 26, 4, "held"}, 15, 3},
		{{'c', "A", 6, 4, "0123456789"}, 15, 3},
		{{'c', "A", 16, 4, "0123456789"}, 29, 3},
	};
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		rig_send(&r, &list[i].step);
		tcp_view(r.flow, r.dir, &v);
		cr_assert_eq(v.client_octets, list[i].client, "packet %zu", i);
		cr_assert_eq(v.server_octets, list[i].server, "packet %zu", i);
	}
	rig_free(&r);
}
