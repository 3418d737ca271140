// The way of a packet: checksum, fragments, then TCP or not.

#include "inspect.h"

#include "inspect_ip.h"
#include "inspect_priv.h"

#include "packet/verdict.h"

#include <errno.h>
#include <stdlib.h>

#define PROTO_TCP 6
#define ICMP_HEADER 8u

// Datagrams that one packet completes one inside the other.
#define DATAGRAM_DEPTH 4

// Shares of the budget.
#define TCP_FLOWS_SHARE 4 // a quarter for connections, of about so many octets each:
#define TCP_FLOW_OCTETS 256
#define TCP_HOLD_SHARE 4
#define TCP_HISTORY_SHARE 32
#define STREAMS_SHARE 3
#define DEFRAG_SHARE 16
#define FLOWS_SHARE 16
#define CHECKSUM_CONNECTIONS 65536u

uint32_t inspect_connections(uint64_t memory) {
	uint64_t flows = memory / TCP_FLOWS_SHARE / TCP_FLOW_OCTETS;
	return flows < 1u << 22 ? (uint32_t)flows : 1u << 22;
}

static int open_tcp(struct inspect *in, const struct inspect_config *conf, struct err *err) {
	struct tcp_table_config c;
	tcp_table_config_init(&c);
	c.flows_max = inspect_connections(conf->memory);
	c.hold_memory = conf->memory / TCP_HOLD_SHARE;
	if (c.hold_flow > c.hold_memory / 4)
		c.hold_flow = (uint32_t)(c.hold_memory / 4);
	c.history = conf->memory / TCP_HISTORY_SHARE;
	c.midstream = conf->midstream;
	c.seed = conf->seed;
	c.mem = conf->mem;
	c.hooks = (struct tcp_hooks){
		.deliver = conf->streams ? inspect_tcp_deliver : NULL,
		.close = inspect_tcp_close,
		.ctx = in,
		.save = inspect_save_connection,
	};
	in->tcp = tcp_table_new(&c, err);
	return in->tcp == NULL ? -ENOMEM : 0;
}

struct inspect *inspect_new(const struct inspect_config *conf, struct err *err) {
	struct inspect *in = calloc(1, sizeof(*in));
	if (in == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	in->hooks = conf->hooks;
	in->newest_us = INT64_MIN;
	const struct stream_pool_config pc = {
		.memory = conf->memory / STREAMS_SHARE,
		.idle_us = 5000000,
	};
	const struct defrag_config dc = {
		.datagrams = 8192,
		.memory = conf->memory / DEFRAG_SHARE,
		.tunnels = conf->tunnels,
		.seed = conf->seed,
		.mem = conf->mem,
	};
	const struct flow_memory_config fc = {
		.memory = conf->memory / FLOWS_SHARE,
		.seed = conf->seed,
		.mem = conf->mem,
	};
	if (open_tcp(in, conf, err) < 0)
		goto fail;
	in->streams_memory = conf->streams ? pc.memory : 0;
	if (conf->streams)
		in->pool = stream_pool_new(&pc);
	in->flows = flow_memory_new(&fc);
	in->defrag = defrag_new(&dc);
	in->checksums = checksum_policy_new(
		conf->checksums, CHECKSUM_CONNECTIONS, &conf->seed, conf->mem
	);
	if ((conf->streams && in->pool == NULL) || in->flows == NULL || in->defrag == NULL
	    || in->checksums == NULL || parser_init(&in->parser, conf->tunnels, NULL) < 0) {
		err_set(err, -ENOMEM, "out of memory");
		goto fail;
	}
	return in;
fail:
	inspect_free(in);
	return NULL;
}

void inspect_free(struct inspect *in) {
	if (in == NULL)
		return;
	tcp_table_free(in->tcp);
	stream_pool_free(in->pool);
	flow_memory_free(in->flows);
	defrag_free(in->defrag);
	checksum_policy_free(in->checksums);
	parser_fini(&in->parser);
	free(in->before);
	free(in);
}

static void add_counts(struct detect_counts *sum, const struct match_work *work) {
	struct detect_counts c;
	if (work == NULL || work->detect == NULL)
		return;
	detect_scratch_counts(work->detect, &c);
	sum->packets += c.packets;
	sum->scans += c.scans;
	sum->verified += c.verified;
	sum->limited += c.limited;
	sum->xbits_full += c.xbits_full;
}

int inspect_use(
	struct inspect *in, const struct match_engine *engine, struct match_work *work,
	const uint32_t *map, bool same
) {
	if (in->pool != NULL
	    && stream_pool_use(in->pool, match_engine_streams(engine), work->streams, map, same)
		    < 0)
		return -ENOMEM;
	add_counts(&in->counts_before, in->work);
	in->engine = engine;
	in->patterns = match_engine_patterns(engine);
	in->detect = match_engine_detect(engine);
	in->work = work;
	in->wants_ttl = in->detect != NULL && detect_wants_ttl(in->detect);
	flow_memory_forget_bits(in->flows, in->detect != NULL ? detect_flow_words(in->detect) : 0);
	return 0;
}

bool inspect_uses(const struct inspect *in, const struct match_engine *engine) {
	const struct stream_set *set = match_engine_streams(engine);
	return engine == in->engine
		|| (in->pool != NULL && set != NULL && stream_pool_uses(in->pool, set));
}

void inspect_patterns(struct inspect *in, const struct inspect_item *item) {
	if (in->patterns == NULL || item->payload_len == 0)
		return;
	struct match_scratch *s = in->work->patterns;
	uint32_t n = matcher_scan(in->patterns, s, item->payload, item->payload_len);
	const uint32_t *rules = match_scratch_rules(s);
	for (uint32_t i = 0; i < n; i++)
		match_work_add(in->work, rules[i], item->key);
}

void inspect_rules(
	struct inspect *in, const struct inspect_item *item, const struct detect_flow *flow
) {
	struct match_work *w = in->work;
	if (in->detect == NULL)
		return;
	struct inspect_ip ip;
	inspect_ip_find(&ip, item->pkt, item->key, item->data, item->len, in->wants_ttl);
	// What rules know as payload begins behind ICMP's header.
	uint32_t skip = item->key->flags & KEY_ICMP ? ICMP_HEADER : 0;
	skip = skip < item->payload_len ? skip : item->payload_len;
	const struct detect_packet dp = {
		.key = item->key,
		.flow = flow,
		.payload = item->payload + skip,
		.len = item->payload_len - skip,
		.time_us = item->pkt->time_us,
		.ttl = ip.ttl,
		.tcp_flags = item->pkt->flags & PACKET_TCP ? item->pkt->tcp_flags : -1,
	};
	uint32_t n = detect_run(in->detect, w->detect, &dp, w->rules);
	for (uint32_t i = 0; i < n; i++)
		match_work_add(w, w->first_rule + w->rules[i], item->key);
}

// What is no TCP, or cannot be put to a connection.
static void inspect_other(struct inspect *in, const struct inspect_item *item) {
	struct detect_flow flow;
	inspect_patterns(in, item);
	if (in->detect == NULL)
		return;
	flow_memory_packet(in->flows, item->key, item->now_us, &flow);
	inspect_rules(in, item, &flow);
	flow_memory_keep(in->flows, &flow);
}

static void find_payload(struct inspect_item *item) {
	const struct packet *p = item->pkt;
	uint32_t end = p->payload_off + p->payload_len;
	end = end < item->len ? end : item->len;
	item->payload = item->data + p->payload_off;
	item->payload_len = end > p->payload_off ? end - p->payload_off : 0;
}

static void inspect_item(struct inspect *in, struct inspect_item *item) {
	find_payload(item);
	if (item->key->proto == PROTO_TCP && item->pkt->flags & PACKET_TCP && item->pkt->l4_len > 0)
		inspect_tcp_packet(in, item);
	else
		inspect_other(in, item);
}

// A fragment that nobody puts together is matched as it is, of no flow.
static void inspect_refused(struct inspect *in, struct inspect_item *item) {
	find_payload(item);
	inspect_patterns(in, item);
	inspect_rules(in, item, NULL);
}

static bool take(struct inspect *in, const struct inspect_item *item) {
	const struct flow_side *side = item->place != NULL ? &item->place->side : NULL;
	return checksum_policy_take(
		in->checksums, item->pkt, item->key, side, item->data, item->len
	);
}

#define FRAGMENTED (PACKET_FRAGMENT | PACKET_CARRIER_FRAGMENT)

static void inspect_fragment(struct inspect *in, struct inspect_item *item) {
	const struct flow_key last = *item->key;
	struct defrag_datagram out;
	const int64_t time_us = item->pkt->time_us;
	for (uint32_t depth = 0; item->pkt->flags & FRAGMENTED; depth++) {
		enum defrag_result result = DEFRAG_REFUSED;
		// Fragments age as flows do: one that is late ends nothing.
		struct packet aged = *item->pkt;
		aged.time_us = item->now_us;
		if (depth < DATAGRAM_DEPTH)
			result = defrag_add(in->defrag, &aged, item->data, item->len, &out);
		if (result == DEFRAG_HELD)
			return;
		if (result == DEFRAG_WHOLE)
			break;
		if (result == DEFRAG_REFUSED) {
			inspect_refused(in, item);
			return;
		}
		out.pkt.time_us = time_us;
		parse_packet(&in->parser, &out.pkt, &in->datagram_key);
		if (out.pkt.verdict != VERDICT_COUNTED)
			return;
		defrag_inherit(&in->datagram_key, &last);
		item->pkt = &out.pkt;
		item->key = &in->datagram_key;
		item->place = NULL;
		item->data = out.pkt.data;
		item->len = out.pkt.cap_len;
		if (!take(in, item))
			return;
	}
	inspect_item(in, item);
}

void inspect_packet(
	struct inspect *in, const struct packet *p, const struct flow_key *key, int64_t now_us,
	const uint8_t *data, uint32_t len
) {
	inspect_packet_at(in, p, key, NULL, now_us, data, len);
}

void inspect_packet_at(
	struct inspect *in, const struct packet *p, const struct flow_key *key,
	const struct tcp_place *place, int64_t now_us, const uint8_t *data, uint32_t len
) {
	struct inspect_item item = {
		.pkt = p,
		.key = key,
		.place = place,
		.now_us = now_us,
		.data = data,
		.len = len,
	};
	match_work_begin(in->work);
	in->newest_us = now_us > in->newest_us ? now_us : in->newest_us;
	if (!take(in, &item))
		return;
	if (UNLIKELY(p->flags & FRAGMENTED))
		inspect_fragment(in, &item);
	else
		inspect_item(in, &item);
}

void inspect_prefetch(
	const struct inspect *in, const struct flow_key *key, struct tcp_place *place
) {
	tcp_table_prefetch(in->tcp, key, place);
	checksum_policy_prefetch(in->checksums, &place->side);
}

void inspect_prefetch_flow(const struct inspect *in, const struct tcp_place *place) {
	tcp_table_prefetch_flow(in->tcp, place);
}

void inspect_prefetch_stream(const struct inspect *in, const struct tcp_place *place) {
	if (in->pool != NULL)
		stream_pool_prefetch(tcp_table_user(in->tcp, place));
}

void inspect_prefetch_state(const struct inspect *in, const struct tcp_place *place) {
	if (in->pool != NULL)
		stream_pool_prefetch_state(tcp_table_user(in->tcp, place));
}

// A few at each call; with a call a burst that is as fast as they can come.
#define ADVANCE_BUDGET 64

void inspect_advance(struct inspect *in, int64_t now_us) {
	uint32_t closed = tcp_table_advance(in->tcp, now_us, ADVANCE_BUDGET);
	defrag_advance(in->defrag, now_us);
	flow_memory_advance(in->flows, now_us, ADVANCE_BUDGET);
	// Where many connections end, the next ones' streams are not worth compressing.
	if (in->pool != NULL)
		stream_pool_advance(
			in->pool, now_us > in->newest_us ? now_us : in->newest_us,
			ADVANCE_BUDGET + 1 - closed
		);
}

void inspect_finish(struct inspect *in) {
	defrag_flush(in->defrag);
	while (tcp_table_drain(in->tcp, UINT32_MAX))
		continue;
	// No engine but the one in use is needed any more.
	if (in->pool != NULL)
		stream_pool_advance(in->pool, in->newest_us, UINT32_MAX);
}

void inspect_stats(const struct inspect *in, struct inspect_stats *out) {
	struct tcp_usage usage = tcp_table_usage(in->tcp);
	*out = (struct inspect_stats){
		.tcp = *tcp_table_stats(in->tcp),
		.tcp_flows = usage.flows,
		.tcp_held_octets = usage.held_octets,
		.streams_memory = in->streams_memory,
		.fragments = defrag_stats(in->defrag),
		.checksums = checksum_policy_stats(in->checksums),
		.flows = *flow_memory_stats(in->flows),
		.rules = in->counts_before,
		.alone = in->alone,
		.late_events = in->late_events,
	};
	if (in->pool != NULL)
		out->streams = *stream_pool_stats(in->pool);
	add_counts(&out->rules, in->work);
	if (in->before != NULL)
		inspect_stats_add(out, in->before);
}
