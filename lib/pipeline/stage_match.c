// The match stage. Packets of the plain kind are one Hyperscan call each; all others go through
// inspection, connections fetched ahead.

#include "stage_match.h"

#include "base/mem.h"
#include "flow/row.h"
#include "packet/frame_size.h"
#include "packet/verdict.h"
#include "pipeline/intake.h"

#include <errno.h>
#include <stdlib.h>

void match_set_fini(struct match_set *set) {
	match_work_free(set->work);
	*set = (struct match_set){};
}

static void
on_late(void *ctx, struct match_work *work, const struct flow_key *key, int64_t time_us);

int stage_match_init(
	struct stage_match *st, const struct stage_match_config *conf, struct stage_track *track
) {
	struct err err;
	*st = (struct stage_match){
		.track = track,
		.plain = conf->plain,
		.lateness_us = conf->lateness_us,
		.advance_us = INT64_MIN,
	};
	if (conf->engine == NULL)
		return 0;
	struct inspect_config c = conf->inspect;
	c.hooks = (struct inspect_hooks){.late = on_late, .ctx = st};
	st->set = (struct match_set){.engine = conf->engine, .work = match_work_new(conf->engine)};
	st->gathered = malloc(FRAME_SIZE_MAX);
	st->keys = mem_lines(BURST_MAX * sizeof(*st->keys));
	st->waiting = mem_lines(MATCH_WAITING_MAX * sizeof(*st->waiting));
	st->inspect = inspect_new(&c, &err);
	if (st->set.work == NULL || st->gathered == NULL || st->keys == NULL || st->waiting == NULL
	    || st->inspect == NULL) {
		stage_match_fini(st);
		return -ENOMEM;
	}
	if (inspect_use(st->inspect, st->set.engine, st->set.work, NULL, false) < 0) {
		stage_match_fini(st);
		return -ENOMEM;
	}
	return 0;
}

void stage_match_fini(struct stage_match *st) {
	inspect_free(st->inspect);
	match_set_fini(&st->set);
	while (st->n_before > 0)
		match_set_fini(&st->before[--st->n_before]);
	free(st->gathered);
	free(st->keys);
	free(st->waiting);
	*st = (struct stage_match){};
}

void stage_match_alert(struct stage_match *st, struct alert_ring *ring) {
	st->alerts = ring;
}

int stage_match_use(struct stage_match *st, struct match_set set) {
	assert(st->n_before < MATCH_SETS_MAX);
	int ret = inspect_use(st->inspect, set.engine, set.work, set.map, set.same);
	if (ret < 0)
		return ret;
	st->before[st->n_before++] = st->set;
	st->set = set;
	st->set.map = NULL;
	return 0;
}

bool stage_match_left(struct stage_match *st, struct match_set *set) {
	for (uint32_t i = 0; i < st->n_before; i++) {
		if (inspect_uses(st->inspect, st->before[i].engine))
			continue;
		*set = st->before[i];
		st->before[i] = st->before[--st->n_before];
		return true;
	}
	return false;
}

void stage_match_begin(struct stage_match *st, const struct burst *b) {
	if (st->inspect != NULL)
		memcpy(st->keys, b->key, b->n * sizeof(b->key[0]));
}

static const struct rule_info *rule_of(const struct stage_match *st, const struct match_event *e) {
	return match_engine_rule(st->set.engine, e->rule);
}

// An alert of each event in the work whose rule asks for one; `model` has all but rule and key.
static void make_alerts(struct stage_match *st, struct match_work *w, const struct alert *model) {
	uint32_t n = 0, done = 0, first, room;
	for (uint32_t i = 0; i < w->n_events; i++) {
		if (!rule_of(st, &w->event[i])->noalert)
			w->event[n++] = w->event[i];
	}
	while (done < n && (room = alert_ring_reserve(st->alerts, n - done, &first)) > 0) {
		for (uint32_t k = 0; k < room; k++) {
			const struct match_event *e = &w->event[done + k];
			struct alert *a = alert_ring_slot(st->alerts, first + k);
			*a = *model;
			a->key = *e->key;
			a->rule = rule_of(st, e);
		}
		alert_ring_commit(st->alerts, room);
		done += room;
	}
	st->alerts_dropped += n - done;
}

// For streams that have the rule in their key.
static void count_rules(struct stage_match *st, const struct burst *b, uint32_t i) {
	const struct pane *pane = st->track->part;
	const struct match_work *w = st->set.work;
	const struct packet *p = &b->pkt[i];
	// Of late packets the last one of the part has a row, or none.
	bool counted = b->late ? b->n_count > 0 && b->count[0] == i : p->verdict == VERDICT_COUNTED;
	if (LIKELY(pane == NULL || pane->rules == NULL) || !counted)
		return;
	for (uint32_t k = 0; k < w->n_events; k++)
		rule_rows_count(pane->rules, w->event[k].key, rule_of(st, &w->event[k]), p);
}

static void
note_events(struct stage_match *st, const struct burst *b, struct packet *p, uint32_t i) {
	struct match_work *w = st->set.work;
	uint32_t more = 0;
	if (UNLIKELY(w->n_events > UINT16_MAX))
		more = w->n_events - UINT16_MAX;
	p->matches = (uint16_t)(w->n_events - more);
	st->events += w->n_events;
	// What the packet cannot tell the row is told at once.
	if (UNLIKELY(more > 0) && p->verdict == VERDICT_COUNTED)
		flow_row_match(p->row, more);
	if (LIKELY(w->n_events == 0))
		return;
	count_rules(st, b, i);
	if (st->alerts == NULL)
		return;
	const struct alert model = {
		.time_us = p->time_us,
		.turn_us = p->flags & PACKET_LATE ? b->floor_us[i] : p->time_us,
		.bytes = p->ip_len,
		.packets = 1,
	};
	make_alerts(st, w, &model);
}

static bool is_matched(const struct packet *p) {
	return p->verdict == VERDICT_COUNTED || p->verdict == VERDICT_LATE;
}

// All of a packet that was captured, in one piece.
static const uint8_t *
whole(struct stage_match *st, const struct source *src, const struct packet *p, uint32_t *len) {
	*len = p->head_len < p->cap_len ? p->head_len : p->cap_len;
	if (LIKELY(p->cap_len <= p->head_len || src->ops->gather == NULL))
		return p->data;
	*len = src->ops->gather(src, p, st->gathered, FRAME_SIZE_MAX);
	return st->gathered;
}

// A payload comes into the cache while those ahead of it are scanned: that many packets.
#define AHEAD 2
#define FETCHED_MAX 2048u

static void fetch_payload(const struct packet *p) {
	const uint8_t *from = p->data + p->payload_off;
	uint32_t len = p->payload_len < FETCHED_MAX ? p->payload_len : FETCHED_MAX;
	for (uint32_t at = 0; at < len; at += CACHE_LINE)
		__builtin_prefetch(from + at);
}

static void run_inspect(
	struct stage_match *st, const struct source *src, struct burst *b, uint32_t i,
	const struct tcp_place *place
) {
	struct packet *p = &b->pkt[i];
	uint32_t len;
	const uint8_t *data = whole(st, src, p, &len);
	int64_t now_us = p->flags & PACKET_LATE ? b->floor_us[i] : p->time_us;
	st->at = i;
	inspect_packet_at(st->inspect, p, &st->keys[i], place, now_us, data, len);
	note_events(st, b, p, i);
}

static void run_plain(struct stage_match *st, const struct source *src, struct burst *b) {
	const struct matcher *patterns = match_engine_patterns(st->set.engine);
	struct match_work *w = st->set.work;
	for (uint32_t i = b->begin; i < b->end; i++) {
		struct packet *p = &b->pkt[i];
		if (i + AHEAD < b->end)
			fetch_payload(&b->pkt[i + AHEAD]);
		if (p->payload_len == 0 || !is_matched(p))
			continue;
		if (UNLIKELY(p->flags & (PACKET_FRAGMENT | PACKET_CARRIER_FRAGMENT))) {
			run_inspect(st, src, b, i, NULL);
			continue;
		}
		const uint8_t *data = p->data;
		uint32_t end = p->payload_off + p->payload_len;
		if (UNLIKELY(end > p->head_len)) {
			uint32_t got;
			data = whole(st, src, p, &got);
			end = end < got ? end : got;
		}
		if (UNLIKELY(end <= p->payload_off))
			continue;
		uint32_t n = matcher_scan(
			patterns, w->patterns, data + p->payload_off, end - p->payload_off
		);
		if (LIKELY(n == 0))
			continue;
		const uint32_t *rules = match_scratch_rules(w->patterns);
		match_work_begin(w);
		for (uint32_t k = 0; k < n; k++)
			match_work_add(w, rules[k], &st->keys[i]);
		note_events(st, b, p, i);
	}
}

// Whether it may bring a stream octets.
static bool has_octets(const struct packet *p) {
	return p->flags & PACKET_TCP && p->payload_len > 0;
}

static void run_tracked(struct stage_match *st, const struct source *src, struct burst *b) {
	struct tcp_place place[BURST_MAX];
	for (uint32_t i = b->begin; i < b->end; i++) {
		if (b->pkt[i].flags & PACKET_TCP)
			inspect_prefetch(st->inspect, &st->keys[i], &place[i]);
	}
	for (uint32_t i = b->begin; i < b->end; i++) {
		if (b->pkt[i].flags & PACKET_TCP)
			inspect_prefetch_flow(st->inspect, &place[i]);
	}
	for (uint32_t i = b->begin; i < b->end; i++) {
		const struct packet *p = &b->pkt[i];
		if (i + AHEAD < b->end) {
			fetch_payload(&b->pkt[i + AHEAD]);
			if (has_octets(&b->pkt[i + AHEAD]))
				inspect_prefetch_stream(st->inspect, &place[i + AHEAD]);
		}
		if (i + 1 < b->end && has_octets(&b->pkt[i + 1]))
			inspect_prefetch_state(st->inspect, &place[i + 1]);
		if (is_matched(p))
			run_inspect(st, src, b, i, p->flags & PACKET_TCP ? &place[i] : NULL);
	}
}

void stage_match_run(struct stage_match *st, const struct source *src, struct burst *b) {
	if (st->set.engine == NULL || match_engine_rules(st->set.engine) == 0)
		return;
	st->burst = b;
	if (st->plain)
		run_plain(st, src, b);
	else
		run_tracked(st, src, b);
}

static void count_waiting(struct stage_match *st, const struct match_waiting *w) {
	struct pane *pane = stage_track_event(st->track, &w->key, w->time_us);
	st->uncounted += pane == NULL;
	if (pane != NULL && pane->rules != NULL) {
		const struct packet none = {.time_us = w->time_us};
		rule_rows_count(pane->rules, &w->key, w->rule, &none);
	}
}

void stage_match_end(struct stage_match *st) {
	st->burst = NULL;
	for (uint32_t i = 0; UNLIKELY(i < st->n_waiting); i++)
		count_waiting(st, &st->waiting[i]);
	st->n_waiting = 0;
}

// The rows of a pane's events go with the pane, so these wait while rows are in hand.
static void wait_or_count(struct stage_match *st, const struct match_waiting *w) {
	if (st->burst == NULL)
		count_waiting(st, w);
	else if (st->n_waiting < MATCH_WAITING_MAX)
		st->waiting[st->n_waiting++] = *w;
	else
		st->uncounted++;
}

// The time below which nothing counts: the horizon or, where a packet sets octets of others free, what
// stood ahead of that, so that neither bursts nor workers make a difference.
static int64_t floor_of(const struct stage_match *st) {
	const struct burst *b = st->burst;
	int64_t horizon_us = stage_track_horizon(st->track), floor_us = st->advance_us;
	if (b == NULL)
		return floor_us > horizon_us ? floor_us : horizon_us;
	if (b->pkt[st->at].flags & PACKET_LATE)
		floor_us = b->floor_us[st->at];
	else
		floor_us = intake_horizon(burst_newest_us(b, st->at), st->lateness_us);
	return floor_us > horizon_us ? floor_us : horizon_us;
}

// Events of octets that came out without a packet of their own.
static void
on_late(void *ctx, struct match_work *work, const struct flow_key *key, int64_t time_us) {
	struct stage_match *st = ctx;
	int64_t floor_us = floor_of(st);
	st->events += work->n_events;
	for (uint32_t i = 0; i < work->n_events; i++) {
		const struct rule_info *rule = rule_of(st, &work->event[i]);
		if (time_us >= floor_us)
			wait_or_count(st, &(struct match_waiting){*key, time_us, rule});
		else
			st->uncounted++;
	}
	if (st->alerts == NULL)
		return;
	const struct alert model = {
		.time_us = time_us,
		.turn_us = time_us > floor_us ? time_us : floor_us,
		.packets = 1,
	};
	make_alerts(st, work, &model);
}

void stage_match_advance(struct stage_match *st, int64_t horizon_us) {
	st->advance_us = horizon_us;
	if (st->inspect != NULL)
		inspect_advance(st->inspect, horizon_us);
}

void stage_match_finish(struct stage_match *st) {
	if (st->inspect != NULL)
		inspect_finish(st->inspect);
}
