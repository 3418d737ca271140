// One direction: a segment is cut to what is new, then delivered, held, or taken for a stray.

#include "tcp_half.h"

#include "tcp_reader.h"

// Segments in a row, out of reach of the stream but in sequence with each other, after which the
// stream is believed to have moved there: more when nobody has acknowledged them.
#define FAR_ACKED 2
#define FAR_ALONE 3

// An acknowledgement this near to them is theirs.
#define FAR_NEAR (1u << 20)

void tcp_half_start(struct tcp_half *h, uint32_t seq, uint16_t flags) {
	h->next = seq;
	h->flags = (uint16_t)((h->flags & ~TCP_HALF_HINTED) | TCP_HALF_STARTED | flags);
}

// A segment out of reach. Returns whether the stream moved to it.
static bool
moved(struct tcp_work *w, struct tcp_half *h, uint32_t dir, const struct tcp_packet *in,
      uint32_t seq, bool alone) {
	if (h->far_count == 0 || h->far != seq) {
		h->far_count = 0;
		h->flags &= (uint16_t) ~(TCP_HALF_FAR_SYN | TCP_HALF_FAR_ACKED);
	}
	h->far = seq + in->length;
	if (h->far_count < UINT8_MAX)
		h->far_count++;
	if (!(h->flags & TCP_HALF_FAR_ACKED ? h->far_count >= FAR_ACKED
					    : alone && h->far_count >= FAR_ALONE))
		return false;
	h->flags &= (uint16_t
	) ~(TCP_HALF_FIN | TCP_HALF_FIN_ACKED | TCP_HALF_ENDED | TCP_HALF_FAR_SYN
	    | TCP_HALF_FAR_ACKED);
	tcp_reader_flush(w, h, dir, TCP_GAP_MOVED);
	w->out->events |= TCP_MOVED;
	w->stats.moved++;
	int32_t ahead = (int32_t)(seq - h->next);
	h->next = seq - (ahead > 0 ? (uint32_t)ahead : 0);
	tcp_reader_skip(w, h, dir, h->next_off + (ahead > 0 ? (uint32_t)ahead : 0), TCP_GAP_MOVED);
	h->history = 0; // its offsets would be read as another stretch of sequence numbers
	h->far_count = 0;
	return true;
}

// Data beyond the FIN. Returns how many octets may stay.
static uint32_t overrun(struct tcp_work *w, struct tcp_half *h, int64_t begin, uint32_t length) {
	int64_t fin = tcp_half_offset(h, h->fin);
	if (begin + length <= fin)
		return length;
	if (h->flags & TCP_HALF_FIN_ACKED)
		return begin < fin ? (uint32_t)(fin - begin) : 0;
	// Nobody acknowledged that FIN: it may be a decoy, the stream goes on.
	w->stats.fin_overrun++;
	if (h->flags & TCP_HALF_ENDED) {
		w->stats.revived++;
		w->out->events |= TCP_REVIVED;
	}
	h->flags &= (uint16_t) ~(TCP_HALF_FIN | TCP_HALF_ENDED);
	return length;
}

// Octets ahead of `next`: `n` of them were captured.
static void
old(struct tcp_work *w, struct tcp_half *h, int64_t begin, const uint8_t *data, uint32_t n) {
	struct tcp_compare c = {0};
	uint32_t ahead = 0; // of the stream's first octet
	if (begin < 0) {
		ahead = n < (uint64_t)-begin ? n : (uint32_t)-begin;
		c.fresh += ahead;
	}
	if (ahead < n)
		tcp_history_compare(
			&w->history, h->history, (uint64_t)(begin + ahead), data + ahead, n - ahead,
			&c
		);
	tcp_work_compared(w, &c);
	tcp_work_fate(w, TCP_UNVERIFIED, c.fresh);
}

// One octet, the last one again: RFC 9293, 3.8.4 lets a keep-alive carry garbage, which is zero where
// it is not the octet itself. Any other is no keep-alive but another copy.
static void keep_alive(
	struct tcp_work *w, struct tcp_half *h, int64_t begin, const uint8_t *data,
	uint32_t captured
) {
	w->stats.keep_alives++;
	w->out->events |= TCP_KEEP_ALIVE;
	if (captured > 0 && data[0] == 0)
		tcp_work_fate(w, TCP_PROBE, 1);
	else if (captured > 0)
		old(w, h, begin, data, 1);
}

// In sequence. `length` counts what the capture cut off, too.
static void in_order(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const uint8_t *data,
	uint32_t captured, uint32_t length
) {
	if ((h->flags & (TCP_HALF_ENDED | TCP_HALF_FIN)) == TCP_HALF_ENDED) {
		// That RST did not end it.
		h->flags &= (uint16_t)~TCP_HALF_ENDED;
		w->stats.revived++;
		w->out->events |= TCP_REVIVED;
	}
	h->far_count = 0;
	uint64_t end = h->next_off + length;
	if (LIKELY(captured > 0))
		tcp_reader_packet(w, h, dir, data, captured);
	while (UNLIKELY(h->next_off < end)) {
		uint64_t to = tcp_held_begin(&h->held, &w->pool);
		tcp_reader_skip(w, h, dir, to < end ? to : end, TCP_GAP_SNAPPED);
	}
}

// Ahead of its turn, captured octets only. Returns false when what is ahead of it was given up for
// it instead, as far as need be.
static bool
hold(struct tcp_work *w, struct tcp_half *h, uint32_t dir, const struct tcp_packet *in,
     uint64_t begin, const uint8_t *data, uint32_t len) {
	uint32_t lacks = tcp_held_lacks(&h->held, &w->pool, begin, begin + len);
	bool flow = h->held.blocks + lacks > w->hold_blocks;
	if (flow || lacks > tcp_pool_free(&w->pool)) {
		enum tcp_gap why = flow ? TCP_GAP_FLOW : TCP_GAP_MEMORY;
		uint64_t to = tcp_held_begin(&h->held, &w->pool);
		tcp_reader_skip(w, h, dir, to < begin ? to : begin, why);
		return false;
	}
	struct tcp_compare c = {0};
	tcp_held_put(&h->held, &w->pool, begin, data, len, in, &c);
	tcp_work_fate(w, TCP_HELD_NOW, c.fresh);
	tcp_work_compared(w, &c);
	h->wait++;
	while (h->wait > w->hold_segments || h->held.runs > w->hold_segments + h->held.blocks)
		tcp_reader_give_up(w, h, dir, TCP_GAP_FLOW);
	return true;
}

void tcp_half_data(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const struct tcp_packet *in,
	uint32_t seq, bool alone
) {
	const uint8_t *data = in->payload;
	uint32_t captured = in->captured, length = in->length;
	// The SYN was another's: nothing was delivered since, and this follows the other one.
	if (UNLIKELY(h->flags & TCP_HALF_FAR_SYN) && h->far == seq && h->next_off == 0
	    && !(h->flags & TCP_HALF_AGREED) && h->held.first == 0) {
		h->next = seq;
		h->flags &= (uint16_t)~TCP_HALF_FAR_SYN;
	}
	int64_t begin = tcp_half_offset(h, seq);
	int64_t ahead = begin - (int64_t)h->next_off;
	if (UNLIKELY(ahead > TCP_REACH || ahead < -(int64_t)TCP_REACH)) {
		if (!moved(w, h, dir, in, seq, alone)) {
			tcp_work_fate(w, TCP_STRAY, captured);
			return;
		}
		begin = (int64_t)h->next_off;
	}
	if (UNLIKELY(length == 1 && begin + 1 == (int64_t)h->next_off)) {
		keep_alive(w, h, begin, data, captured);
		return;
	}
	if (UNLIKELY(h->flags & TCP_HALF_FIN)) {
		uint32_t keep = overrun(w, h, begin, length);
		if (keep < captured) {
			tcp_work_fate(w, TCP_BEHIND_FIN, captured - keep);
			captured = keep;
		}
		length = keep;
	}
	// Each turn gives up a hole, or is the last.
	while (length > 0) {
		if (UNLIKELY(begin < (int64_t)h->next_off)) {
			uint64_t behind = (uint64_t)((int64_t)h->next_off - begin);
			uint32_t cut = behind < length ? (uint32_t)behind : length;
			uint32_t n = cut < captured ? cut : captured;
			if (n > 0)
				old(w, h, begin, data, n);
			data += n;
			captured -= n;
			length -= cut;
			begin += cut;
		} else if (LIKELY(begin == (int64_t)h->next_off)) {
			in_order(w, h, dir, data, captured, length);
			return;
		} else if ((h->flags & (TCP_HALF_ENDED | TCP_HALF_FIN)) == TCP_HALF_ENDED) {
			tcp_work_fate(w, TCP_BEHIND_RST, captured);
			return;
		} else if (captured == 0 || hold(w, h, dir, in, (uint64_t)begin, data, captured)) {
			return; // what the capture cut off behind a hole becomes a hole itself
		}
	}
}

void tcp_half_syn_data(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const struct tcp_packet *in,
	uint32_t seq
) {
	bool may = (h->flags & TCP_HALF_SYN_DATA)
		|| (h->next_off == 0 && h->held.first == 0 && !(h->flags & TCP_HALF_AGREED));
	uint32_t lacks = tcp_held_lacks(&h->held, &w->pool, 0, in->captured);
	if (!may || in->captured == 0 || lacks > tcp_pool_free(&w->pool)
	    || h->held.blocks + lacks > w->hold_blocks) {
		if (h->flags & TCP_HALF_SYN_DATA)
			tcp_half_settle(w, h, dir, INT64_MAX);
		tcp_half_data(w, h, dir, in, seq, false);
		return;
	}
	struct tcp_compare c = {0};
	tcp_held_put(&h->held, &w->pool, 0, in->payload, in->captured, in, &c);
	tcp_work_fate(w, TCP_HELD_NOW, c.fresh);
	tcp_work_compared(w, &c);
	h->flags |= TCP_HALF_SYN_DATA;
}

void tcp_half_settle(struct tcp_work *w, struct tcp_half *h, uint32_t dir, int64_t upto) {
	h->flags &= (uint16_t)~TCP_HALF_SYN_DATA;
	uint64_t end = tcp_held_end(&h->held, &w->pool);
	end = upto > 0 ? ((uint64_t)upto < end ? (uint64_t)upto : end) : 0;
	while (h->next_off < end)
		tcp_reader_emit_held(w, h, dir, (uint32_t)(end - h->next_off));
	uint32_t rest = tcp_held_drop(&h->held, &w->pool);
	w->stats.octets[TCP_HELD_NOW] -= rest;
	w->stats.octets[TCP_SYN_REFUSED] += rest;
	tcp_reader_check_fin(w, h, dir);
}

void tcp_half_fin(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const struct tcp_packet *in,
	uint32_t seq
) {
	int64_t at = tcp_half_offset(h, seq) - (int64_t)h->next_off;
	uint64_t held = tcp_held_end(&h->held, &w->pool);
	if (h->flags & TCP_HALF_ENDED) {
		// Again, or behind a RST; another one would be nonsense.
		w->stats.fin_ignored += at != 0;
		return;
	}
	if (at < 0 || at > TCP_REACH
	    || (held != TCP_HELD_NONE && held > h->next_off + (uint64_t)at)) {
		w->stats.fin_ignored++;
		return;
	}
	h->fin = seq;
	h->flags = (uint16_t)((h->flags & ~TCP_HALF_FIN_ACKED) | TCP_HALF_FIN);
	// What comes out with the end is its packet's.
	if (h->held.last != 0)
		tcp_held_mark_last(&h->held, &w->pool, in);
	tcp_reader_check_fin(w, h, dir);
}

void tcp_half_ack(struct tcp_work *w, struct tcp_half *h, uint32_t dir, uint32_t ack) {
	int64_t upto = tcp_half_offset(h, ack);
	if (UNLIKELY(h->next_off == 0 && !(h->flags & TCP_HALF_AGREED))) {
		uint64_t held = h->flags & TCP_HALF_SYN_DATA ? tcp_held_end(&h->held, &w->pool) : 0;
		if (upto >= 0 && (uint64_t)upto <= held) {
			h->flags |= TCP_HALF_AGREED;
		} else if ((h->flags & TCP_HALF_FAR_SYN) && ack == h->far && h->held.first == 0) {
			// Two SYNs; this tells which one was meant.
			h->next = ack;
			h->flags = (uint16_t)((h->flags & ~TCP_HALF_FAR_SYN) | TCP_HALF_AGREED);
			upto = 0;
		}
	}
	if (UNLIKELY(h->flags & TCP_HALF_SYN_DATA) && upto >= 0
	    && (uint64_t)upto <= tcp_held_end(&h->held, &w->pool))
		tcp_half_settle(w, h, dir, upto);
	if (UNLIKELY(h->flags & TCP_HALF_FIN) && ack == h->fin + 1)
		h->flags |= TCP_HALF_FIN_ACKED;
	if (UNLIKELY(h->far_count > 0) && h->far - ack + FAR_NEAR < 2 * FAR_NEAR)
		h->flags |= TCP_HALF_FAR_ACKED;
	if (LIKELY(h->held.first == 0 && !(h->flags & TCP_HALF_FIN)))
		return;
	// A FIN is acknowledged by the number behind it.
	uint64_t hole = tcp_reader_hole_end(w, h);
	if (hole == TCP_HELD_NONE || upto < (int64_t)hole + (h->held.first == 0))
		return;
	if (upto - (int64_t)h->next_off > TCP_REACH || ++h->acks < w->patience)
		return;
	tcp_reader_give_up(w, h, dir, TCP_GAP_ACKED);
}
