// TCP: the packet's connection says which octets came into order; those are scanned in the streams of
// their direction. What that finds, and what rules want of the packet itself, is decided with what the
// connection knows of the flow.

#include "inspect_ip.h"
#include "inspect_priv.h"
#include "match/tcp/tcp_header.h"
#include "match/tcp/tcp_part.h"
#include "match/tcp/tcp_view.h"

#include "base/cache.h"
#include "packet/flow_key_hash.h"

// Octets of one direction, scanned.
struct scan {
	struct inspect *in;
	const struct flow_key *key; // as packets of this direction have it
	bool found; // rules that detect has to decide about
};

static void on_found(void *ctx, uint32_t rule) {
	struct scan *s = ctx;
	struct match_work *w = s->in->work;
	if (rule < w->first_rule) {
		match_work_add(w, rule, s->key);
		return;
	}
	detect_found(s->in->detect, w->detect, rule - w->first_rule);
	s->found = true;
}

// Scans what came into order of direction `dir`. Returns whether rules were found that are to be
// decided.
static bool scan_direction(
	struct inspect *in, const struct tcp_delivery *d, uint8_t dir, const struct flow_key *key,
	enum detect_dir flow_dir, int64_t now_us
) {
	struct scan s = {.in = in, .key = key};
	const struct stream_report report = {on_found, &s};
	const struct stream_where where = {.key = key, .dir = flow_dir, .now_us = now_us};
	struct match_stream **stream = (struct match_stream **)&d->flow->half[dir].user;
	for (uint32_t i = 0; i < d->spans; i++) {
		const struct tcp_span *span = &d->span[i];
		if (span->dir != dir)
			continue;
		if (span->restart)
			stream_pool_restart(in->pool, stream);
		if (span->len > 0)
			stream_pool_scan(in->pool, stream, &where, span->data, span->len, &report);
	}
	if (d->ended & 1 << dir)
		stream_pool_end(in->pool, stream, &report);
	return s.found;
}

static bool has_direction(const struct tcp_delivery *d, uint8_t dir) {
	bool has = d->ended & 1 << dir;
	for (uint32_t i = 0; i < d->spans && !has; i++)
		has = d->span[i].dir == dir;
	return has;
}

// Decides about rules that were found in a direction without a packet of its own.
static void
decide(struct inspect *in, const struct flow_key *key, const struct detect_flow *flow,
       int64_t time_us) {
	struct match_work *w = in->work;
	const struct detect_packet dp = {
		.key = key,
		.flow = flow,
		.time_us = time_us,
		.ttl = -1,
		.tcp_flags = -1,
	};
	uint32_t n = detect_decide(in->detect, w->detect, &dp, w->rules);
	for (uint32_t i = 0; i < n; i++)
		match_work_add(w, w->first_rule + w->rules[i], key);
}

// What the packet's acknowledgement set free of the other direction.
static void
scan_other(struct inspect *in, const struct tcp_delivery *d, const struct inspect_item *item) {
	uint8_t dir = !d->dir;
	struct detect_flow flow;
	if (LIKELY(!has_direction(d, dir)))
		return;
	flow_key_turn(&in->reversed_key, item->key);
	tcp_view(d->flow, dir, &flow);
	flow_memory_tcp_bits(in->flows, d->flow, &flow);
	if (scan_direction(in, d, dir, &in->reversed_key, flow.dir, item->now_us))
		decide(in, &in->reversed_key, &flow, item->pkt->time_us);
	flow_memory_tcp_keep(in->flows, d->flow, &flow);
}

// Octets that are in no stream, or may be another's.
static void
scan_alone(struct inspect *in, const struct inspect_item *item, const struct detect_flow *flow) {
	struct scan s = {.in = in, .key = item->key};
	const struct stream_report report = {on_found, &s};
	const struct stream_where where = {
		.key = item->key,
		.dir = flow->dir,
		.now_us = item->now_us,
	};
	in->alone++;
	stream_pool_alone(in->pool, &where, item->payload, item->payload_len, &report);
}

// Octets of payload by the IP length.
static uint32_t length_of(const struct inspect_item *item) {
	const struct packet *p = item->pkt;
	struct inspect_ip ip;
	if (LIKELY(p->wire_len <= p->cap_len))
		return p->payload_len;
	inspect_ip_find(&ip, p, item->key, item->data, item->len, 0);
	return ip.payload_len;
}

void inspect_tcp_packet(struct inspect *in, const struct inspect_item *item) {
	const struct packet *p = item->pkt;
	uint32_t l4_off = p->payload_off - p->l4_len;
	struct tcp_packet t = {
		.key = item->key,
		.place = item->place,
		.time_us = item->now_us,
		.own_us = p->time_us,
		.number = ++in->n_tcp,
	};
	struct detect_flow flow = {};
	if (UNLIKELY(
		    l4_off > item->len
		    || tcp_header_read(item->data + l4_off, item->len - l4_off, &t) == 0
	    ))
		return;
	t.payload = item->payload;
	t.captured = item->payload_len;
	t.length = length_of(item);
	const struct tcp_delivery *d = tcp_table_packet(in->tcp, &t);
	bool streams = in->pool != NULL && d->flow != NULL && (d->spans > 0 || d->ended != 0);
	bool bits = in->detect != NULL && d->flow != NULL;
	// Where no rule looks at packets, most have nothing more to them.
	if (in->detect == NULL && !streams && in->pool != NULL && !(d->events & TCP_SCAN_ALONE))
		return;
	// Ahead of the rest: it keeps the flow's bits by itself.
	if (streams)
		scan_other(in, d, item);
	if (LIKELY(d->flow != NULL))
		tcp_view(d->flow, d->dir, &flow);
	if (bits)
		flow_memory_tcp_bits(in->flows, d->flow, &flow);
	if (in->pool == NULL)
		inspect_patterns(in, item);
	if (streams)
		scan_direction(in, d, d->dir, item->key, flow.dir, item->now_us);
	// Another copy of octets that were there is counted, and looked for in packets only: the first wins.
	if (in->pool != NULL && UNLIKELY(d->events & TCP_SCAN_ALONE) && !(d->events & TCP_CONFLICT)
	    && item->payload_len > 0)
		scan_alone(in, item, &flow);
	inspect_rules(in, item, &flow);
	if (bits)
		flow_memory_tcp_keep(in->flows, d->flow, &flow);
}

// What one packet brought, as far as its block knows: its events have its key and its time.
static void deliver(struct inspect *in, const struct tcp_delivery *d, uint8_t dir) {
	const struct tcp_block *from = d->span[d->spans - 1].from;
	struct detect_flow flow;
	struct flow_key key;
	int64_t time_us = from != NULL ? from->time_us : d->flow->last_us;
	if (from != NULL)
		key = from->key;
	else
		flow_tuple_key(&d->flow->tuple, dir, &key);
	key.hash = 0;
	match_work_begin(in->work);
	tcp_view(d->flow, dir, &flow);
	flow_memory_tcp_bits(in->flows, d->flow, &flow);
	if (scan_direction(in, d, dir, &key, flow.dir, d->flow->last_us))
		decide(in, &key, &flow, time_us);
	flow_memory_tcp_keep(in->flows, d->flow, &flow);
	in->late_events += in->work->n_events;
	if (in->work->n_events > 0)
		in->hooks.late(in->hooks.ctx, in->work, &key, time_us);
}

void inspect_tcp_deliver(void *ctx, const struct tcp_delivery *d) {
	struct inspect *in = ctx;
	struct tcp_delivery part;
	for (uint32_t at = 0; at < d->spans;) {
		uint8_t dir = d->span[at].dir;
		at = tcp_part_of(d, at, &part);
		deliver(in, &part, dir);
	}
	match_work_begin(in->work);
}

void inspect_tcp_close(void *ctx, struct tcp_flow *f, enum tcp_close why) {
	struct inspect *in = ctx;
	for (uint8_t dir = 0; dir < 2 && in->pool != NULL; dir++)
		stream_pool_close(in->pool, (struct match_stream **)&f->half[dir].user);
	flow_memory_tcp_close(in->flows, f);
}
