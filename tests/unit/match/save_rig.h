// Runs of random traffic by several workers, saved under way and loaded by others.
#pragma once

#include "save_traffic.h"

#include "base/state_buffer.h"
#include "make_engine.h"
#include "match/inspect.h"
#include "match/match_state.h"
#include "packet/flow_key_hash.h"
#include "packet/parse.h"
#include "packet/tunnel.h"
#include "packet/verdict.h"

#define WORKERS_MAX 4
#define MEMORY (4 * INSPECT_MEMORY_MIN) // of a worker
#define EVENTS_MAX 200000

static const char patterns[] = "1:/needle/\n2:/a.*b/s\n3:/b$/\n4:/^a/\n5:/(ab){2}/i\n6:/common/H\n"
			       "7:/1 & !5/C\n8:/pin.{1,20}hay/s\n";

static const char rules[] =
	"alert tcp any any -> any 80 (content:\"a\"; content:!\"c\"; flow:to_server; sid:21;)\n"
	"alert tcp any any -> any any (content:\"a\"; content:\"b\"; distance:1; within:4; sid:22;)\n"
	"alert tcp any any -> any any (content:\"ab\"; depth:3; flowbits:set,x; sid:23;)\n"
	"alert tcp any any -> any any (content:\"d\"; flowbits:isset,x; sid:24;)\n"
	"alert udp any any -> any any (content:\"needle\"; flow:established; xbits:set,y,track "
	"ip_pair,expire 5; sid:25;)\n"
	"alert ip any any -> any any (content:\"hay\"; xbits:isset,y,track ip_pair; sid:26;)\n"
	"alert udp any any -> any any (content:\"pin\"; flowbits:toggle,z; sid:27;)\n"
	"alert udp any any -> any any (content:\"x\"; flowbits:isset,z; sid:28;)\n"
	"alert tcp any any -> any any (content:\"pin\"; flow:established,to_client; "
	"stream_size:server,>,100; sid:29;)\n";

struct event {
	uint32_t packet; // its number; UINT32_MAX: of octets that came without one
	uint32_t sid;
	int64_t time_us;
	uint64_t flow;
};

struct run {
	const struct match_engine *engine;
	uint32_t workers;
	struct inspect *in[WORKERS_MAX];
	struct match_work *work[WORKERS_MAX];
	struct parser parser;
	struct event *event;
	uint32_t n_events;
	uint32_t at; // number of the packet in work
	struct inspect_stats stats; // of all, at the end
};

static struct hash_seed spread_seed = {.k = {1, 3, 5, 7}};

static uint32_t worker_of(const struct flow_key *key, uint32_t workers) {
	struct flow_key hosts = *key;
	hosts.src_port = hosts.dst_port = 0;
	hosts.proto = 0;
	return (uint32_t)((uint64_t)flow_key_spread(&hosts, &spread_seed) * workers >> 32);
}

static void note(struct run *r, uint32_t packet, const struct match_work *w, int64_t time_us) {
	for (uint32_t i = 0; i < w->n_events; i++) {
		cr_assert_lt(r->n_events, EVENTS_MAX);
		const struct flow_key *k = w->event[i].key;
		r->event[r->n_events++] = (struct event){
			packet,
			match_engine_rule(r->engine, w->event[i].rule)->sid,
			time_us,
			(uint64_t)k->src_port << 32 | (uint64_t)k->dst_port << 16 | k->src4[3],
		};
	}
}

static void
on_late(void *ctx, struct match_work *work, const struct flow_key *key, int64_t time_us) {
	note(ctx, UINT32_MAX, work, time_us);
}

static struct run *
run_new(const struct match_engine *e, uint32_t workers, enum checksum_mode checksums,
	uint64_t memory) {
	struct run *r = calloc(1, sizeof(*r));
	struct err err;
	r->engine = e;
	r->workers = workers;
	r->event = calloc(EVENTS_MAX, sizeof(*r->event));
	cr_assert_eq(parser_init(&r->parser, TUNNEL_ALL, NULL), 0);
	struct inspect_config conf = {
		.streams = true,
		.midstream = true,
		.checksums = checksums,
		.memory = memory,
		.tunnels = TUNNEL_ALL,
		.mem = mem_pages(),
		.hooks = {.late = on_late, .ctx = r},
	};
	hash_seed_init(&conf.seed);
	for (uint32_t i = 0; i < workers; i++) {
		r->in[i] = inspect_new(&conf, &err);
		r->work[i] = match_work_new(e);
		cr_assert(r->in[i] != NULL && r->work[i] != NULL);
		cr_assert_eq(inspect_use(r->in[i], e, r->work[i], NULL, false), 0);
	}
	return r;
}

static void run_free(struct run *r) {
	for (uint32_t i = 0; i < r->workers; i++) {
		inspect_free(r->in[i]);
		match_work_free(r->work[i]);
	}
	parser_fini(&r->parser);
	free(r->event);
	free(r);
}

static void give(struct run *r, uint32_t number) {
	const struct sent *s = &tr.sent[number];
	struct packet p = {
		.data = s->octets,
		.time_us = s->time_us,
		.head_len = s->len,
		.cap_len = s->len,
		.wire_len = s->len,
	};
	struct flow_key key;
	parse_packet(&r->parser, &p, &key);
	cr_assert_eq(p.verdict, VERDICT_COUNTED);
	uint32_t w = worker_of(&key, r->workers);
	r->at = number;
	inspect_packet(r->in[w], &p, &key, p.time_us, p.data, p.cap_len);
	note(r, number, r->work[w], p.time_us);
	for (uint32_t i = 0; i < r->workers; i++)
		inspect_advance(r->in[i], p.time_us - 1000000);
}

static void finish(struct run *r) {
	for (uint32_t i = 0; i < r->workers; i++) {
		struct inspect_stats s;
		inspect_finish(r->in[i]);
		inspect_stats(r->in[i], &s);
		inspect_stats_add(&r->stats, &s);
	}
}

static int by_event(const void *a, const void *b) {
	return memcmp(a, b, sizeof(struct event));
}

// Those that came with packet `from` or later; of those without a packet, behind `ahead` of them.
static uint32_t events_since(struct run *r, uint32_t first) {
	uint32_t n = r->n_events - first;
	qsort(r->event + first, n, sizeof(*r->event), by_event);
	return n;
}

static void expect_same(struct run *a, uint32_t first_a, struct run *b, uint32_t first_b) {
	uint32_t n = events_since(a, first_a), m = events_since(b, first_b);
	for (uint32_t i = 0; i < n && i < m; i++) {
		const struct event *x = &a->event[first_a + i], *y = &b->event[first_b + i];
		cr_assert_eq(
			memcmp(x, y, sizeof(*x)), 0, "sid %u in packet %d, not sid %u in packet %d",
			y->sid, (int)y->packet, x->sid, (int)x->packet
		);
	}
	cr_assert_eq(n, m, "%u events, not %u", m, n);
}

static bool takes(const void *ctx, const struct flow_key *key, const uint32_t *fragment) {
	const uint32_t *worker = ctx; // number, workers
	return worker_of(key, worker[1]) == worker[0];
}

static void load(struct run *r, uint32_t worker, const struct state_chunk *chunks) {
	const uint32_t me[] = {worker, r->workers};
	const struct share share = {.takes = takes, .ctx = me, .first = worker == 0};
	struct state_record rec;
	struct err err;
	for (; chunks != NULL; chunks = chunks->next) {
		uint32_t at = 0;
		while (state_next(chunks->octets, chunks->used, &at, &rec) > 0)
			cr_assert_eq(
				inspect_load(r->in[worker], &rec, &share, &err), 0, "kind %x: %s",
				rec.kind, err.text
			);
	}
}

// Saves what the run knows ahead of packet `number`, while it goes on; how many steps there are between
// packets is chance. Then the state goes to a run of `workers`.
static struct run *saved_and_loaded(
	struct run *r, uint32_t number, uint32_t workers, const struct match_engine *e,
	enum checksum_mode checksums, uint32_t *next
) {
	struct state_buffer buffer[WORKERS_MAX];
	struct err err;
	bool all = false;
	for (uint32_t i = 0; i < r->workers; i++) {
		state_buffer_init(&buffer[i], 64u << 20);
		inspect_save_begin(r->in[i], &buffer[i].writer, i);
	}
	uint32_t lazy = 1 + roll(8);
	for (*next = number; !all;) {
		all = true;
		for (uint32_t i = 0; i < r->workers && roll(lazy) == 0; i++)
			all &= inspect_save_step(r->in[i]);
		for (uint32_t i = 0; i < r->workers && all; i++)
			all &= inspect_save_step(r->in[i]);
		if (*next < tr.n)
			give(r, (*next)++);
	}
	struct run *to = run_new(e, workers, checksums, MEMORY);
	for (uint32_t i = 0; i < r->workers; i++) {
		inspect_save_end(r->in[i]);
		cr_assert(state_writer_ok(&buffer[i].writer));
		struct state_chunk *chunks = state_buffer_take(&buffer[i]);
		for (uint32_t k = 0; k < workers; k++)
			load(to, k, chunks);
		state_chunks_free(chunks);
		state_buffer_fini(&buffer[i]);
	}
	for (uint32_t k = 0; k < workers; k++)
		cr_assert_eq(inspect_load_end(to->in[k], &err), 0, "%s", err.text);
	return to;
}

// Counters that say what was done, whoever did it.
static void expect_same_counts(const struct inspect_stats *a, const struct inspect_stats *b) {
	for (int i = 0; i < TCP_FATES; i++)
		cr_expect_eq(
			a->tcp.octets[i], b->tcp.octets[i], "%s: %lu, not %lu", tcp_fate_name(i),
			b->tcp.octets[i], a->tcp.octets[i]
		);
	cr_expect_eq(a->tcp.packets, b->tcp.packets);
	cr_expect_eq(a->tcp.opened, b->tcp.opened);
	cr_expect_eq(a->tcp.conflicts, b->tcp.conflicts);
	cr_expect_eq(memcmp(a->tcp.gaps, b->tcp.gaps, sizeof(a->tcp.gaps)), 0);
	cr_expect_eq(memcmp(a->tcp.skipped, b->tcp.skipped, sizeof(a->tcp.skipped)), 0);
	cr_expect_eq(a->streams.opened, b->streams.opened);
	cr_expect_eq(a->streams.closed, b->streams.closed);
	cr_expect_eq(a->streams.scanned_octets, b->streams.scanned_octets);
	cr_expect_eq(b->streams.not_restored, 0);
	cr_expect_eq(memcmp(&a->fragments, &b->fragments, sizeof(a->fragments)), 0);
	cr_expect_eq(memcmp(&a->checksums, &b->checksums, sizeof(a->checksums)), 0);
	cr_expect_eq(a->flows.opened, b->flows.opened);
	cr_expect_eq(a->alone, b->alone);
	cr_expect_eq(a->late_events, b->late_events);
	cr_expect_eq(memcmp(&a->rules, &b->rules, sizeof(a->rules)), 0);
}
