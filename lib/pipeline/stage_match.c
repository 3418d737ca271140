// The match stage: one Hyperscan call a payload, with this worker's scratch.

#include "stage_match.h"

#include "base/mem.h"
#include "packet/frame_size.h"
#include "packet/verdict.h"

#include <errno.h>
#include <stdlib.h>

int stage_match_init(struct stage_match *st, const struct matcher *matcher) {
	*st = (struct stage_match){.matcher = matcher};
	if (matcher == NULL)
		return 0;
	st->scratch = match_scratch_new(matcher);
	st->gathered = malloc(FRAME_SIZE_MAX);
	if (st->scratch == NULL || st->gathered == NULL) {
		stage_match_fini(st);
		return -ENOMEM;
	}
	return 0;
}

void stage_match_fini(struct stage_match *st) {
	match_scratch_free(st->scratch);
	free(st->gathered);
	free(st->keys);
	st->scratch = NULL;
	st->gathered = NULL;
	st->keys = NULL;
}

int stage_match_alert(struct stage_match *st, struct alert_ring *ring) {
	st->keys = mem_lines(BURST_MAX * sizeof(*st->keys));
	if (st->keys == NULL)
		return -ENOMEM;
	st->alerts = ring;
	return 0;
}

void stage_match_swap(struct stage_match *st, struct match_set *set) {
	struct match_set old = {st->matcher, st->scratch};
	st->matcher = set->matcher;
	st->scratch = set->scratch;
	*set = old;
}

void stage_match_begin(struct stage_match *st, const struct burst *b) {
	if (st->alerts != NULL)
		memcpy(st->keys, b->key, b->n * sizeof(b->key[0]));
}

// An alert of each of the packet's `n` events.
static void make_alerts(struct stage_match *st, const struct burst *b, uint32_t i, uint32_t n) {
	const struct packet *p = &b->pkt[i];
	const uint32_t *rules = match_scratch_rules(st->scratch);
	uint32_t done = 0, first, room;
	while (done < n && (room = alert_ring_reserve(st->alerts, n - done, &first)) > 0) {
		for (uint32_t k = 0; k < room; k++) {
			*alert_ring_slot(st->alerts, first + k) = (struct alert){
				.key = st->keys[i],
				.time_us = p->time_us,
				.turn_us = p->flags & PACKET_LATE ? b->floor_us[i] : p->time_us,
				.rule = matcher_rule(st->matcher, rules[done + k]),
				.bytes = p->ip_len,
				.packets = 1,
			};
		}
		alert_ring_commit(st->alerts, room);
		done += room;
	}
	st->alerts_dropped += n - done;
}

void stage_match_run(struct stage_match *st, const struct source *src, struct burst *b) {
	if (st->matcher == NULL || matcher_rules(st->matcher) == 0)
		return;
	for (uint32_t i = b->begin; i < b->end; i++) {
		struct packet *p = &b->pkt[i];
		if (p->payload_len == 0
		    || (p->verdict != VERDICT_COUNTED && p->verdict != VERDICT_LATE))
			continue;
		const uint8_t *data = p->data;
		uint32_t end = p->payload_off + p->payload_len;
		if (UNLIKELY(end > p->head_len && src->ops->gather != NULL)) {
			uint32_t got = src->ops->gather(src, p, st->gathered, FRAME_SIZE_MAX);
			data = st->gathered;
			end = end < got ? end : got;
		}
		if (UNLIKELY(end <= p->payload_off))
			continue;
		uint32_t events = matcher_scan(
			st->matcher, st->scratch, data + p->payload_off, end - p->payload_off
		);
		p->matches = (uint16_t)(events < UINT16_MAX ? events : UINT16_MAX);
		st->events += p->matches;
		if (UNLIKELY(p->matches > 0) && st->alerts != NULL)
			make_alerts(st, b, i, p->matches);
	}
}
