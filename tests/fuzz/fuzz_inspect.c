// Any packets of a few connections and flows, in fragments or not, with rules that change under way:
// inspection stays inside of them and within its memory, and its counters add up.

#include "frame.h"
#include "make_engine.h"
#include "match/inspect.h"
#include "packet/parse.h"
#include "packet/tunnel.h"
#include "packet/verdict.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

// A record: what it is, TCP flags, two octets added to the sequence number of its side, the payload's
// length, the payload.
#define RECORD 5
#define SERVER 0x01 // sent by the server
#define FLOW 0x06 // which of four
#define UDP 0x08
#define FRAGMENTS 0x10 // in two fragments, the second first
#define OTHER_RULES 0x20 // ahead of it the rules change
#define LATER 0x40 // half a minute after the one before
#define SNAPPED 0x80 // the capture has a third of the payload

struct set {
	struct match_engine *engine;
	struct match_work *work;
	uint32_t *map; // from the other one
	bool same;
};

struct run {
	struct parser parser;
	struct inspect *in;
	struct frame frame;
	uint32_t seq[4][2];
	int64_t now_us;
	uint32_t set; // in use
	uint64_t late;
};

static struct set sets[2];

static void make_sets(void) {
	static const char *const patterns[] = {
		"1:/ab/\n2:/a.*b/s\n3:/b$/\n4:/^a/\n5:/(ab){2}/i\n",
		"9:/ba/\n3:/b$/\n2:/a.*b/s\n",
	};
	static const char rules[] =
		"alert tcp any any -> any 80 (content:\"a\"; content:!\"c\"; flow:to_server; sid:1;)\n"
		"alert tcp any any -> any any (content:\"a\"; content:\"b\"; distance:1; within:4; sid:2;)\n"
		"alert tcp any any -> any any (content:\"ab\"; depth:3; flowbits:set,x; sid:3;)\n"
		"alert tcp any any -> any any (content:\"d\"; flowbits:isset,x; sid:4;)\n"
		"alert udp any any -> any any (content:\"a\"; flow:established; xbits:set,y,track "
		"ip_pair; sid:5;)\n"
		"alert ip any any -> any any (content:\"b\"; ttl:>1; xbits:isset,y,track ip_pair; "
		"sid:6;)\n";
	for (int i = 0; i < 2; i++) {
		sets[i].engine = make_engine(patterns[i], rules, true);
		sets[i].work = match_work_new(sets[i].engine);
		check(sets[i].work != NULL);
	}
	for (int i = 0; i < 2; i++)
		check(match_engine_map(sets[!i].engine, sets[i].engine, &sets[i].map, &sets[i].same)
		      == 0);
}

static void
on_late(void *ctx, struct match_work *work, const struct flow_key *key, int64_t time_us) {
	struct run *r = ctx;
	check(work->n_events > 0 && work->n_events <= work->n_rules);
	check(key->proto == 6 && time_us <= r->now_us);
	r->late += work->n_events;
}

static void check_stats(const struct run *r) {
	struct inspect_stats s;
	uint64_t octets = 0, closed = 0;
	inspect_stats(r->in, &s);
	for (int i = 0; i < TCP_FATES; i++)
		octets += s.tcp.octets[i];
	for (int i = 0; i < TCP_CLOSES; i++)
		closed += s.tcp.closed[i];
	check(octets == s.tcp.octets_in);
	check(s.tcp.opened == s.tcp_flows + closed);
	check(s.streams.opened == s.streams.live + s.streams.compressed + s.streams.closed);
	check(s.streams.scanned_octets <= s.tcp.octets[TCP_DELIVERED]);
	check(s.flows.opened
	      == s.flows.flows + s.flows.expired + s.flows.displaced + s.flows.evicted);
	check(s.late_events == r->late);
}

static void give(struct run *r, uint32_t snapped) {
	struct packet p;
	struct flow_key key;
	frame_packet(&r->frame, &p, r->now_us);
	// Memory of its own size.
	uint32_t len = r->frame.len - snapped;
	uint8_t *octets = malloc(len);
	check(octets != NULL);
	memcpy(octets, r->frame.octet, len);
	p.data = octets;
	p.head_len = p.cap_len = len;
	parse_packet(&r->parser, &p, &key);
	if (p.verdict == VERDICT_COUNTED) {
		inspect_packet(r->in, &p, &key, p.time_us, p.data, p.cap_len);
		const struct match_work *w = sets[r->set].work;
		check(w->n_events <= w->n_rules);
		for (uint32_t i = 0; i < w->n_events; i++)
			check(w->event[i].rule < w->n_rules && w->event[i].key->proto == key.proto);
	}
	free(octets);
	check_stats(r);
}

static void put32(uint8_t *to, uint32_t v) {
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void give_fragments(struct run *r) {
	struct frame whole = r->frame;
	uint32_t len = whole.len - 34, first = len / 2 & ~7u;
	for (int k = 1; k >= 0; k--) {
		frame_start(&r->frame);
		frame_ethernet(&r->frame, 0);
		frame_ipv4_fragment(
			&r->frame, "10.0.0.1", "10.0.0.2", whole.octet[23], 7,
			k > 0 ? (uint16_t)first : 0, k == 0
		);
		frame_payload(
			&r->frame, whole.octet + 34 + (k > 0 ? first : 0),
			k > 0 ? len - first : first
		);
		frame_end(&r->frame);
		give(r, 0);
	}
}

static void record(struct run *r, const uint8_t *head, const uint8_t *text, uint32_t len) {
	static const char *const ip[] = {"10.0.0.1", "10.0.0.2"};
	uint32_t side = head[0] & SERVER, flow = (head[0] & FLOW) >> 1;
	uint16_t port[2] = {(uint16_t)(1000 + flow), 80};
	r->now_us += head[0] & LATER ? 30000000 : 1;
	inspect_advance(r->in, r->now_us - 1000000);
	if (head[0] & OTHER_RULES) {
		r->set = !r->set;
		const struct set *s = &sets[r->set];
		check(inspect_use(r->in, s->engine, s->work, s->map, s->same) == 0);
	}
	if (head[0] & UDP) {
		frame_ipv4_udp(&r->frame, ip[side], port[side], ip[!side], port[!side], text, len);
	} else {
		frame_ipv4_tcp(
			&r->frame, ip[side], port[side], ip[!side], port[!side], head[1], text, len
		);
		uint32_t *seq = &r->seq[flow][side];
		uint32_t at = *seq + (uint32_t)(int16_t)(head[2] << 8 | head[3]);
		put32(r->frame.octet + 38, at);
		put32(r->frame.octet + 42, r->seq[flow][!side]);
		*seq = at + len + ((head[1] & 3) != 0);
	}
	if (head[0] & FRAGMENTS && r->frame.len > 34 + 16)
		give_fragments(r);
	else
		give(r, head[0] & SNAPPED ? len / 3 * 2 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct run r;
	struct err err;
	if (sets[0].engine == NULL)
		make_sets();
	r = (struct run){.now_us = 1000000000};
	const struct inspect_config conf = {
		.streams = true,
		.midstream = true,
		.checksums = size > 0 && data[0] & 1 ? CHECKSUM_MODE_AUTO : CHECKSUM_MODE_IGNORE,
		.memory = INSPECT_MEMORY_MIN,
		.tunnels = TUNNEL_ALL,
		.mem = mem_pages(),
		.hooks = {.late = on_late, .ctx = &r},
	};
	check(parser_init(&r.parser, TUNNEL_ALL, NULL) == 0);
	r.in = inspect_new(&conf, &err);
	check(r.in != NULL);
	check(inspect_use(r.in, sets[0].engine, sets[0].work, NULL, false) == 0);
	for (size_t at = 1; at + RECORD <= size;) {
		const uint8_t *head = data + at;
		uint32_t len = head[4];
		at += RECORD;
		len = len < size - at ? len : (uint32_t)(size - at);
		record(&r, head, data + at, len);
		at += len;
	}
	inspect_finish(r.in);
	check_stats(&r);
	struct inspect_stats s;
	inspect_stats(r.in, &s);
	check(s.tcp_flows == 0 && s.streams.live + s.streams.compressed == 0);
	check(s.tcp.octets[TCP_HELD_NOW] == 0 && s.fragments.held == 0);
	inspect_free(r.in);
	parser_fini(&r.parser);
	return 0;
}
