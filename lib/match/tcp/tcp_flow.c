// The rules between the directions. Whatever one packet claims that the other side has not confirmed
// leaves the streams where they are: decoys must not blind them (RFC 5961 has the same doubts).

#include "tcp_flow.h"

#include "tcp_reader.h"

static bool started(const struct tcp_half *h) {
	return h->flags & TCP_HALF_STARTED;
}

// Whether a SYN whose first octet would be `start` is the one that the half began with.
static bool same_syn(const struct tcp_half *h, uint32_t start) {
	return (h->flags & TCP_HALF_SYN) && h->next - (uint32_t)h->next_off == start;
}

// Whether a SYN with this acknowledgement answers the half's stream, however far that has come.
static bool answers(const struct tcp_half *h, uint32_t ack) {
	int64_t at = tcp_half_offset(h, ack);
	return at >= 0 && at <= (int64_t)h->next_off + 1;
}

// Whether the half may still begin elsewhere.
static bool undecided(const struct tcp_half *h) {
	return h->next_off == 0 && !(h->flags & TCP_HALF_AGREED)
		&& (h->held.first == 0 || (h->flags & TCP_HALF_SYN_DATA));
}

bool tcp_flow_done(const struct tcp_flow *f) {
	bool some = false;
	for (uint32_t i = 0; i < 2; i++) {
		if (started(&f->half[i]) && !(f->half[i].flags & TCP_HALF_ENDED))
			return false;
		some |= started(&f->half[i]);
	}
	return some;
}

bool tcp_flow_reused(const struct tcp_flow *f, uint32_t dir, const struct tcp_packet *in) {
	const struct tcp_half *mine = &f->half[dir], *other = &f->half[!dir];
	if (in->flags & TCP_RST)
		return false;
	if (in->flags & TCP_SYN) {
		if (same_syn(mine, in->seq + 1))
			return false;
		if ((in->flags & TCP_ACK) && started(other) && answers(other, in->ack))
			return false;
		if (tcp_flow_done(f))
			return true;
		return (in->flags & TCP_ACK) && (other->flags & TCP_HALF_FAR_SYN)
			&& !undecided(other) && in->ack == other->far;
	}
	// With the other side out of sight, data that follows an ignored SYN has to do.
	return in->length > 0 && (mine->flags & TCP_HALF_FAR_SYN) && in->seq == mine->far
		&& !undecided(mine) && !(other->flags & TCP_HALF_SEEN);
}

void tcp_flow_flush(struct tcp_work *w, struct tcp_flow *f, enum tcp_gap why) {
	for (uint32_t i = 0; i < 2; i++)
		tcp_reader_flush(w, &f->half[i], i, why);
}

// A SYN on a flow that is there. Returns false when it is not believed.
static bool take_syn(struct tcp_work *w, struct tcp_half *h, uint32_t dir, uint32_t start) {
	if (!started(h)) {
		tcp_half_start(h, start, TCP_HALF_SYN);
		return true;
	}
	if (h->next - (uint32_t)h->next_off == start) {
		h->flags |= TCP_HALF_SYN; // again, or overtaken by its data
		return true;
	}
	if (!undecided(h)) {
		h->far = start;
		h->far_count = 1;
		h->flags |= TCP_HALF_FAR_SYN;
		w->stats.syn_ignored++;
		w->out->events |= TCP_IGNORED_SYN;
		return false;
	}
	// Nothing is decided: the later one stands until it is said which.
	if (h->flags & TCP_HALF_SYN_DATA)
		tcp_half_settle(w, h, dir, 0);
	h->far = h->next;
	h->far_count = 1;
	if (h->flags & TCP_HALF_ENDED) {
		w->stats.revived++;
		w->out->events |= TCP_REVIVED;
	}
	h->flags &= (uint16_t) ~(TCP_HALF_FIN | TCP_HALF_FIN_ACKED | TCP_HALF_ENDED);
	h->flags |= TCP_HALF_SYN | TCP_HALF_FAR_SYN;
	h->next = start;
	w->stats.syn_changed++;
	return true;
}

// Whether a sequence number is where the half's sender stands: behind what was delivered, behind what
// is held, or behind the FIN.
static bool at_end(const struct tcp_work *w, const struct tcp_half *h, uint32_t seq) {
	if (seq == h->next || ((h->flags & TCP_HALF_FIN) && seq == h->fin + 1))
		return true;
	return h->held.last != 0
		&& tcp_half_offset(h, seq) == (int64_t)tcp_held_end(&h->held, &w->pool);
}

// Whether a RST stands exactly where its sender's stream does (RFC 5961, 3.2), or answers exactly what
// the other side sent (RFC 9293, 3.10.7.3).
static bool rst_counts(
	const struct tcp_work *w, const struct tcp_half *mine, const struct tcp_half *other,
	const struct tcp_packet *in
) {
	if (started(mine))
		return at_end(w, mine, in->seq);
	if ((mine->flags & TCP_HALF_HINTED) && in->seq == mine->next)
		return true;
	return (in->flags & TCP_ACK) && started(other) && at_end(w, other, in->ack);
}

static void
reset(struct tcp_work *w, struct tcp_flow *f, uint32_t dir, const struct tcp_packet *in) {
	tcp_work_fate(w, TCP_OF_RST, in->captured);
	if (!rst_counts(w, &f->half[dir], &f->half[!dir], in)) {
		w->stats.rst_ignored++;
		w->out->events |= TCP_IGNORED_RST;
		return;
	}
	w->out->events |= TCP_RESET;
	tcp_flow_flush(w, f, TCP_GAP_END);
	for (uint32_t i = 0; i < 2; i++) {
		struct tcp_half *h = &f->half[i];
		if (started(h) && !(h->flags & TCP_HALF_ENDED)) {
			h->flags |= TCP_HALF_ENDED;
			w->out->ended |= (uint8_t)(1u << i);
		}
	}
}

// A packet without payload: what it says about where its sender stands.
static void
empty(struct tcp_work *w, struct tcp_half *h, const struct tcp_packet *in, uint32_t seq) {
	if (!started(h)) {
		// Not a start: a keep-alive is one octet behind.
		h->next = seq;
		h->flags |= TCP_HALF_HINTED;
	} else if (seq + 1 == h->next && h->next_off > 0 && !(in->flags & (TCP_SYN | TCP_FIN))) {
		w->stats.keep_alives++;
		w->out->events |= TCP_KEEP_ALIVE;
	}
}

// Who is the client: who sent a SYN without ACK, the first of them when both sides ask, or else whom a
// SYN with ACK answers. `again`: that SYN had come before. Where a side asked and then answers with
// another SYN, one of the two is a decoy: the second, unless the other side's SYN is acknowledged.
static void who_asks(struct tcp_flow *f, uint32_t dir, bool again, const struct tcp_packet *in) {
	const struct tcp_half *other = &f->half[!dir];
	uint32_t mine = 1u << dir, others = 3 ^ mine;
	if (!(in->flags & TCP_ACK)) {
		if (!(f->asked & others))
			f->client = dir & 1;
		f->asked |= mine & 3;
	} else if (!(f->asked & mine)) {
		f->client = !dir;
	} else if (!again && (f->asked & others) && answers(other, in->ack)) {
		f->asked = others & 3;
		f->client = !dir;
	}
}

// Whether a packet with these flags says that the handshake is over: the client's that does not ask, or
// the server's where the client is out of sight or has acknowledged its SYN.
static bool opens(const struct tcp_flow *f, uint32_t dir, uint8_t flags) {
	if ((flags & (TCP_SYN | TCP_ACK)) != TCP_ACK)
		return false;
	return dir == f->client || !(f->half[!dir].flags & TCP_HALF_SEEN)
		|| (f->half[dir].flags & TCP_HALF_AGREED);
}

void tcp_flow_packet(
	struct tcp_work *w, struct tcp_flow *f, uint32_t dir, const struct tcp_packet *in
) {
	struct tcp_half *mine = &f->half[dir], *other = &f->half[!dir];
	uint32_t seq = in->seq;
	if (UNLIKELY(!((mine->flags | other->flags) & TCP_HALF_SEEN))) {
		f->client = dir & 1;
		f->open = !(in->flags & TCP_SYN);
	}
	mine->flags |= TCP_HALF_SEEN;
	if (UNLIKELY(in->flags & TCP_RST)) {
		reset(w, f, dir, in);
		return;
	}
	if (UNLIKELY(in->flags & TCP_SYN)) {
		seq++;
		bool again = same_syn(mine, seq);
		if (!take_syn(w, mine, dir, seq)) {
			tcp_work_fate(w, TCP_STRAY, in->captured);
			return;
		}
		bool asked = f->asked & 1u << dir;
		who_asks(f, dir, again, in);
		if ((in->flags & TCP_ACK) && !asked && !started(other))
			tcp_half_start(other, in->ack, TCP_HALF_SYN | TCP_HALF_AGREED);
	} else if (UNLIKELY(!started(mine)) && (in->length > 0 || (in->flags & TCP_FIN))) {
		tcp_half_start(mine, seq, 0);
	}
	// Only the other side can say that a SYN's payload was refused.
	if (UNLIKELY(mine->flags & TCP_HALF_SYN_DATA) && !(in->flags & TCP_SYN))
		tcp_half_settle(w, mine, dir, INT64_MAX);
	if ((in->flags & TCP_ACK) && LIKELY(started(other)))
		tcp_half_ack(w, other, !dir, in->ack);
	if (UNLIKELY(!f->open))
		f->open = opens(f, dir, in->flags);
	if (in->length == 0)
		empty(w, mine, in, seq);
	else if (UNLIKELY(in->flags & TCP_SYN))
		tcp_half_syn_data(w, mine, dir, in, seq);
	else
		tcp_half_data(w, mine, dir, in, seq, !(other->flags & TCP_HALF_SEEN));
	if (UNLIKELY(in->flags & TCP_FIN))
		tcp_half_fin(w, mine, dir, in, seq + in->length);
}
