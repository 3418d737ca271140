// Scans in order. Of TCP the table tells what comes into order with each packet, and what does at the
// end; checksums decide which packets there are.

#include "scans.h"

#include "bench.h"
#include "match/inspect_ip.h"
#include "match/tcp/tcp_header.h"
#include "match/tcp/tcp_part.h"
#include "match/tcp/tcp_table.h"
#include "match/tcp/tcp_view.h"
#include "packet/checksum_policy.h"

#include <stdlib.h>
#include <string.h>

// The worker's for inspection: lib/match/inspect.c.
#define HISTORY_SHARE 32
#define CONNECTIONS 65536

struct recorder {
	struct scans *scans;
	const struct frames *frames;
	const struct packet *packet; // in work; NULL: octets come out by themselves
};

static struct scan_step *add(struct scans *s, struct scan_step step) {
	if (s->n == s->room) {
		s->room = 2 * s->room + 1024;
		s->step = realloc(s->step, s->room * sizeof(*s->step));
		if (s->step == NULL)
			bench_wrong("out of memory");
	}
	s->step[s->n] = step;
	s->octets += step.len;
	s->octets_streams += step.kind == SCAN_STREAM ? step.len : 0;
	return &s->step[s->n++];
}

static const uint8_t *payload(const struct packet *p) {
	return p->data + p->payload_off;
}

static void add_payload(struct scans *s, enum scan_kind kind, const struct packet *p) {
	add(s,
	    (struct scan_step
	    ){.kind = kind, .packet = s->packets, .data = payload(p), .len = p->payload_len});
}

void scans_of_payloads(struct scans *s, const struct frames *f) {
	*s = (struct scans){};
	for (uint32_t i = 0; i < f->n; i++) {
		s->packets++;
		add_payload(s, SCAN_BLOCK, &f->packet[i]);
	}
}

// Held octets go with the next packet: they are copied.
static const uint8_t *lasting(struct recorder *r, const struct tcp_span *span) {
	struct scans *s = r->scans;
	const struct packet *p = r->packet;
	if (p != NULL && span->data >= payload(p) && span->data < payload(p) + p->payload_len)
		return span->data;
	s->copies = realloc(s->copies, (s->n_copies + 1ull) * sizeof(*s->copies));
	uint8_t *copy = malloc(span->len);
	if (s->copies == NULL || copy == NULL)
		bench_wrong("out of memory");
	memcpy(copy, span->data, span->len);
	s->copies[s->n_copies++] = copy;
	return copy;
}

// A half's `user` is the number of its stream, plus one.
static uintptr_t *stream_of(struct tcp_flow *f, uint32_t dir) {
	return (uintptr_t *)&f->half[dir].user;
}

static uintptr_t open_stream(struct scans *s, const struct tcp_flow *f, uint32_t dir) {
	struct detect_flow view;
	struct scan_stream *all = aligned_alloc(CACHE_LINE, (s->streams + 1ull) * sizeof(*all));
	if (all == NULL)
		bench_wrong("out of memory");
	if (s->streams > 0)
		memcpy(all, s->stream, s->streams * sizeof(*all));
	free(s->stream);
	s->stream = all;
	tcp_view(f, dir, &view);
	all[s->streams] = (struct scan_stream){.dir = view.dir};
	flow_tuple_key(&f->tuple, dir, &all[s->streams].key);
	return ++s->streams;
}

static void close_stream(struct scans *s, uintptr_t *stream) {
	if (*stream != 0)
		add(s, (struct scan_step){.kind = SCAN_CLOSE, .stream = (uint32_t)*stream - 1});
	*stream = 0;
}

static void add_direction(struct recorder *r, const struct tcp_delivery *d, uint8_t dir) {
	struct scans *s = r->scans;
	uintptr_t *stream = stream_of(d->flow, dir);
	for (uint32_t i = 0; i < d->spans; i++) {
		const struct tcp_span *span = &d->span[i];
		if (span->dir != dir)
			continue;
		if (span->restart)
			close_stream(s, stream);
		if (span->len == 0)
			continue;
		if (*stream == 0)
			*stream = open_stream(s, d->flow, dir);
		struct scan_step step = {
			.kind = SCAN_STREAM,
			.stream = (uint32_t)*stream - 1,
			.packet = s->packets,
			.data = lasting(r, span),
			.len = span->len,
		};
		add(s, step);
	}
	if (d->ended & 1 << dir && *stream != 0) {
		struct scan_step step = {
			.kind = SCAN_END,
			.stream = (uint32_t)*stream - 1,
			.packet = s->packets,
		};
		add(s, step);
	}
}

static void on_deliver(void *ctx, const struct tcp_delivery *d) {
	struct recorder *r = ctx;
	const struct packet *before = r->packet;
	r->packet = NULL;
	for (uint32_t at = 0; at < d->spans;) {
		struct tcp_delivery part;
		uint8_t dir = d->span[at].dir;
		at = tcp_part_of(d, at, &part);
		r->scans->packets++;
		add_direction(r, &part, dir);
	}
	r->packet = before;
}

static void on_close(void *ctx, struct tcp_flow *f, enum tcp_close why) {
	struct recorder *r = ctx;
	for (uint32_t dir = 0; dir < 2; dir++)
		close_stream(r->scans, stream_of(f, dir));
}

static void add_tcp(struct recorder *r, struct tcp_table *table, uint32_t i) {
	const struct packet *p = r->packet = &r->frames->packet[i];
	const struct flow_key *key = &r->frames->key[i];
	struct scans *s = r->scans;
	struct inspect_ip ip;
	inspect_ip_find(&ip, p, key, p->data, p->head_len, 0);
	struct tcp_packet t = {
		.key = key,
		.time_us = p->time_us,
		.number = i + 1,
		.payload = payload(p),
		.captured = p->payload_len,
		.length = ip.payload_len,
	};
	uint32_t l4_off = p->payload_off - p->l4_len;
	if (tcp_header_read(p->data + l4_off, p->head_len - l4_off, &t) == 0)
		return;
	const struct tcp_delivery *d = tcp_table_packet(table, &t);
	// Of what the table closed for this packet nothing is this packet's.
	s->packets++;
	for (uint8_t k = 0; d->flow != NULL && k < 2; k++)
		add_direction(r, d, d->dir ^ 1 ^ k);
	if (d->events & TCP_SCAN_ALONE && !(d->events & TCP_CONFLICT) && p->payload_len > 0)
		add_payload(s, SCAN_ALONE, p);
}

// An end behind which nothing comes is the stream's last step.
static void find_last(struct scans *s) {
	struct scan_step **end = calloc(s->streams + 1ull, sizeof(*end));
	uint32_t n = 0;
	if (end == NULL)
		bench_wrong("out of memory");
	for (uint32_t i = 0; i < s->n; i++) {
		struct scan_step *step = &s->step[i];
		if (step->kind == SCAN_STREAM)
			end[step->stream] = NULL;
		else if (step->kind == SCAN_END)
			end[step->stream] = step;
		else if (step->kind == SCAN_CLOSE && end[step->stream] != NULL)
			end[step->stream]->last = true;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		const struct scan_step *step = &s->step[i];
		if (step->kind != SCAN_CLOSE || end[step->stream] == NULL)
			s->step[n++] = *step;
	}
	s->n = n;
	free(end);
}

void scans_of_connections(struct scans *s, const struct frames *f, uint64_t memory) {
	struct recorder r = {.scans = s, .frames = f};
	struct tcp_table_config conf;
	struct err err;
	*s = (struct scans){};
	tcp_table_config_init(&conf);
	conf.history = memory / HISTORY_SHARE;
	conf.hooks = (struct tcp_hooks){.deliver = on_deliver, .close = on_close, .ctx = &r};
	struct tcp_table *table = tcp_table_new(&conf, &err);
	struct checksum_policy *sums = checksum_policy_new(
		CHECKSUM_MODE_AUTO, CONNECTIONS, &conf.seed, conf.mem
	);
	if (table == NULL || sums == NULL)
		bench_wrong("out of memory");
	for (uint32_t i = 0; i < f->n; i++) {
		const struct packet *p = &f->packet[i];
		if (!checksum_policy_take(sums, p, &f->key[i], NULL, p->data, p->head_len))
			continue;
		if (p->flags & PACKET_TCP && p->l4_len > 0) {
			add_tcp(&r, table, i);
		} else if (p->payload_len > 0) {
			s->packets++;
			add_payload(s, SCAN_BLOCK, p);
		}
	}
	tcp_table_drain(table, UINT32_MAX);
	tcp_table_free(table);
	checksum_policy_free(sums);
	find_last(s);
}

void scans_fini(struct scans *s) {
	for (uint32_t i = 0; i < s->n_copies; i++)
		free(s->copies[i]);
	free(s->copies);
	free(s->stream);
	free(s->step);
	*s = (struct scans){};
}
