// A stream going on: from the packet where nothing is held, else block by block.

#include "tcp_reader.h"

// Appends a span, or fills the one that so far only tells of a gap.
static void
append(struct tcp_work *w, const struct tcp_half *h, uint32_t dir, const uint8_t *data,
       uint32_t len) {
	struct tcp_delivery *out = w->out;
	struct tcp_span *last = out->spans > 0 ? &w->span[out->spans - 1] : NULL;
	if (last != NULL && last->len == 0 && last->dir == dir) {
		last->data = data;
		last->len = len;
		return;
	}
	assert(out->spans < w->spans_max);
	w->span[out->spans++] = (struct tcp_span
	){.data = data, .offset = h->next_off, .len = len, .dir = (uint8_t)dir};
}

void tcp_reader_emit(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const uint8_t *data, uint32_t len
) {
	append(w, h, dir, data, len);
	tcp_history_put(&w->history, &h->history, h->next_off, data, len);
	h->next += len;
	h->next_off += len;
	h->wait = 0;
	h->acks = 0;
	w->stats.octets[TCP_DELIVERED] += len;
}

uint32_t tcp_reader_emit_held(struct tcp_work *w, struct tcp_half *h, uint32_t dir, uint32_t max) {
	uint32_t len, block = h->held.first;
	const uint8_t *data = tcp_held_take(&h->held, &w->pool, h->next_off, max, &len, &w->done);
	if (len > 0) {
		w->stats.octets[TCP_HELD_NOW] -= len;
		tcp_reader_emit(w, h, dir, data, len);
		w->span[w->out->spans - 1].from = tcp_pool_at(&w->pool, block);
	}
	return len;
}

static void follow(struct tcp_work *w, struct tcp_half *h, uint32_t dir) {
	while (h->held.first != 0 && tcp_reader_emit_held(w, h, dir, UINT32_MAX) > 0)
		continue;
	tcp_reader_check_fin(w, h, dir);
}

void tcp_reader_packet(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const uint8_t *data, uint32_t len
) {
	uint64_t begin = h->next_off, end = begin + len;
	while (h->next_off < end) {
		const uint8_t *at = data + (h->next_off - begin);
		uint32_t n = (uint32_t)(end - h->next_off);
		uint64_t base = tcp_held_base(&h->held, &w->pool);
		if (LIKELY(base >= end)) {
			tcp_reader_emit(w, h, dir, at, n);
		} else if (h->next_off < base) {
			tcp_reader_emit(w, h, dir, at, (uint32_t)(base - h->next_off));
		} else {
			// The window has a block: completed there, the pieces of a packet are never
			// more than the blocks, however they interleave with what is held.
			struct tcp_compare c = {0};
			uint64_t stop = base + TCP_BLOCK_OCTETS;
			n = stop < end ? (uint32_t)(stop - h->next_off) : n;
			tcp_held_put(&h->held, &w->pool, h->next_off, at, n, NULL, &c);
			w->stats.octets[TCP_HELD_NOW] += c.fresh;
			tcp_work_compared(w, &c);
			tcp_reader_emit_held(w, h, dir, UINT32_MAX);
		}
	}
	follow(w, h, dir);
}

void tcp_reader_skip(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, uint64_t to, enum tcp_gap why
) {
	uint64_t octets = to - h->next_off;
	h->next += (uint32_t)octets;
	h->next_off = to;
	h->wait = 0;
	h->acks = 0;
	append(w, h, dir, NULL, 0);
	struct tcp_span *s = &w->span[w->out->spans - 1];
	s->offset = to; // it may have told of a gap already
	s->skipped += octets;
	s->restart = true;
	w->stats.gaps[why]++;
	w->stats.skipped[why] += octets;
	w->out->events |= TCP_GAP;
	if (why == TCP_GAP_FLOW || why == TCP_GAP_MEMORY)
		w->out->events |= TCP_OVERFLOW;
	follow(w, h, dir);
}

uint64_t tcp_reader_hole_end(const struct tcp_work *w, const struct tcp_half *h) {
	uint64_t held = tcp_held_begin(&h->held, &w->pool);
	if (held == TCP_HELD_NONE && (h->flags & TCP_HALF_FIN) && !(h->flags & TCP_HALF_ENDED))
		return (uint64_t)tcp_half_offset(h, h->fin);
	return held;
}

bool tcp_reader_give_up(struct tcp_work *w, struct tcp_half *h, uint32_t dir, enum tcp_gap why) {
	if (h->flags & TCP_HALF_SYN_DATA) {
		tcp_half_settle(w, h, dir, INT64_MAX);
		return true;
	}
	uint64_t to = tcp_reader_hole_end(w, h);
	if (to == TCP_HELD_NONE)
		return false;
	tcp_reader_skip(w, h, dir, to, why);
	return true;
}

void tcp_reader_flush(struct tcp_work *w, struct tcp_half *h, uint32_t dir, enum tcp_gap why) {
	while (tcp_reader_give_up(w, h, dir, why))
		continue;
}

void tcp_reader_check_fin(struct tcp_work *w, struct tcp_half *h, uint32_t dir) {
	if ((h->flags & (TCP_HALF_FIN | TCP_HALF_ENDED)) != TCP_HALF_FIN || h->next != h->fin)
		return;
	h->flags |= TCP_HALF_ENDED;
	w->out->ended |= (uint8_t)(1u << dir);
}
