// Help for tests of inspection: frames in, "rule@time" out.
#pragma once

#include "frame.h"
#include "make_engine.h"
#include "match/inspect.h"
#include "packet/parse.h"
#include "packet/tunnel.h"
#include "packet/verdict.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define SYN 0x02
#define ACK 0x10
#define FIN 0x01
#define CLIENT 0
#define SERVER 1

struct bench {
	struct match_engine *engine, *before;
	struct match_work *work, *work_before;
	uint32_t *map;
	struct inspect *in;
	struct parser parser;
	struct frame f;
	int64_t now_us;
	uint32_t seq[2]; // the next of each side
	char events[4096];
	char late[1024]; // of late events: tos and in_port of their keys
};

static struct bench b; // a test executable has one file

static inline void note(struct match_work *w, int64_t time_us) {
	uint32_t sids[64], n = 0;
	for (uint32_t i = 0; i < w->n_events && n < 64; i++) {
		uint32_t sid = match_engine_rule(b.engine, w->event[i].rule)->sid, at = n++;
		for (; at > 0 && sids[at - 1] > sid; at--)
			sids[at] = sids[at - 1];
		sids[at] = sid;
	}
	for (uint32_t i = 0; i < n; i++) {
		size_t len = strlen(b.events);
		snprintf(
			b.events + len, sizeof(b.events) - len, "%s%u@%d", len > 0 ? " " : "",
			sids[i], (int)time_us
		);
	}
}

static inline void
on_late(void *ctx, struct match_work *work, const struct flow_key *key, int64_t time_us) {
	size_t len = strlen(b.late);
	note(work, time_us);
	snprintf(b.late + len, sizeof(b.late) - len, "%u:%u ", key->tos, key->in_port);
}

static inline void open_with(struct match_engine *e, bool streams, enum checksum_mode checksums) {
	const struct inspect_config conf = {
		.streams = streams,
		.midstream = true,
		.checksums = checksums,
		.memory = 8 * INSPECT_MEMORY_MIN,
		.tunnels = TUNNEL_ALL,
		.mem = mem_pages(),
		.hooks = {.late = on_late},
	};
	struct err err;
	b = (struct bench){.engine = e, .seq = {1000, 5000}, .now_us = 100};
	cr_assert_eq(parser_init(&b.parser, TUNNEL_ALL, NULL), 0);
	b.in = inspect_new(&conf, &err);
	cr_assert_not_null(b.in, "%s", err.text);
	b.work = match_work_new(e);
	cr_assert_not_null(b.work);
	cr_assert_eq(inspect_use(b.in, e, b.work, NULL, false), 0);
}

static inline void open_streams(const char *patterns, const char *rules) {
	open_with(make_engine(patterns, rules, true), true, CHECKSUM_MODE_IGNORE);
}

static inline void close_all(void) {
	inspect_free(b.in);
	match_work_free(b.work);
	match_work_free(b.work_before);
	free(b.map);
	match_engine_free(b.engine);
	match_engine_free(b.before);
	parser_fini(&b.parser);
}

// The frame as it is, one microsecond later than the one before.
static inline void give(void) {
	struct packet p;
	struct flow_key key;
	frame_packet(&b.f, &p, ++b.now_us);
	parse_packet(&b.parser, &p, &key);
	cr_assert_eq(p.verdict, VERDICT_COUNTED);
	inspect_packet(b.in, &p, &key, p.time_us, p.data, p.cap_len);
	note(b.work, p.time_us);
}

static inline void put32(uint8_t *to, uint32_t v) {
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void lay_tcp(int side, uint8_t flags, uint32_t seq, const char *text) {
	const char *ip[] = {"10.0.0.1", "10.0.0.2"};
	const uint16_t port[] = {1234, 80};
	frame_ipv4_tcp(
		&b.f, ip[side], port[side], ip[!side], port[!side], flags, text,
		(uint32_t)strlen(text)
	);
	put32(b.f.octet + 14 + 20 + 4, seq);
	put32(b.f.octet + 14 + 20 + 8, b.seq[!side]);
}

static inline void tcp_at(int side, uint8_t flags, uint32_t seq, const char *text) {
	lay_tcp(side, flags, seq, text);
	give();
}

static inline void tcp(int side, uint8_t flags, const char *text) {
	uint32_t seq = b.seq[side];
	b.seq[side] += (uint32_t)strlen(text) + ((flags & (SYN | FIN)) != 0);
	tcp_at(side, flags, seq, text);
}

static inline void handshake(void) {
	tcp(CLIENT, SYN, "");
	tcp(SERVER, SYN | ACK, "");
	tcp(CLIENT, ACK, "");
}

static inline void udp(int side, const char *text) {
	const char *ip[] = {"10.0.0.1", "10.0.0.2"};
	const uint16_t port[] = {1234, 53};
	frame_ipv4_udp(
		&b.f, ip[side], port[side], ip[!side], port[!side], text, (uint32_t)strlen(text)
	);
	give();
}

static inline void events_are(const char *wanted) {
	cr_assert_str_eq(b.events, wanted, "got '%s', not '%s'", b.events, wanted);
	b.events[0] = '\0';
}
