// The worker's end of a lane. Time without packets: the newest time is read before the ring; if the
// ring then turns out empty, all that the time speaks of has been taken.

#include "lane.h"

#include <errno.h>

// Handles on their way back: the receiver collects them before it has pushed this many packets.
#define BACK_DEPTH (4 * LANE_DEPTH)

static int lane_attach(struct source *src) {
	return 0;
}

static int lane_recv(struct source *src, struct burst *b) {
	struct lane *l = (struct lane *)src;
	// In this order: `ended` and `newest_us` before the ring.
	int ended = atomic_load_explicit(&l->ended, memory_order_acquire);
	int64_t newest = atomic_load_explicit(&l->newest_us, memory_order_acquire);
	uint32_t first;
	int64_t ahead = src->newest_us; // of the last packet that tells
	uint32_t waits = spsc_peek(&l->out, BURST_MAX, &first);
	uint32_t n = ring_mark_limit(&l->mark, first, waits);
	// Ahead of it there is nothing: neither end nor time, which may speak of what is behind it.
	src->at_mark = n == 0 && ring_mark_reached(&l->mark, &l->out);
	if (UNLIKELY(src->at_mark)) {
		b->n = 0;
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct lane_item *item = spsc_slot(&l->out, first + i);
		b->pkt[i] = item->packet;
		b->key[i] = item->key;
		l->taken_source[i] = item->key.hash;
		b->key[i].hash = 0;
		if (UNLIKELY(item->packet.flags & PACKET_LATE))
			b->floor_us[i] = item->packet.newest_us;
		else
			b->spread_us[i] = ahead = item->packet.newest_us;
	}
	b->spread = true;
	spsc_drop(&l->out, n);
	b->n = n;
	if (n == BURST_MAX || n < waits)
		newest = ahead;
	if (newest > src->newest_us)
		src->newest_us = newest;
	return n == 0 ? ended : (int)n;
}

static void lane_release(struct source *src, struct burst *b) {
	struct lane *l = (struct lane *)src;
	uint32_t first;
	uint32_t n = spsc_reserve(&l->back, b->n, &first);
	assert(n == b->n); // the receiver keeps count of what is outstanding
	for (uint32_t i = 0; i < n; i++) {
		struct lane_return *r = spsc_slot(&l->back, first + i);
		*r = (struct lane_return){.handle = b->pkt[i].handle, .source = l->taken_source[i]};
	}
	spsc_commit(&l->back, n);
}

static uint32_t
lane_gather(const struct source *src, const struct packet *p, uint8_t *to, uint32_t len) {
	const struct lane *l = (const struct lane *)src;
	return l->upstream->ops->gather(l->upstream, p, to, len);
}

static void lane_pass(struct source *src) {
	ring_mark_pass(&((struct lane *)src)->mark);
}

static void lane_stats(struct source *src, struct source_stats *out) {
	*out = (struct source_stats){0}; // the receiver's sources report
}

static void lane_detach(struct source *src) {}

static const struct source_ops whole = {
	.attach = lane_attach,
	.recv = lane_recv,
	.release = lane_release,
	.pass = lane_pass,
	.stats = lane_stats,
	.detach = lane_detach,
};
static const struct source_ops in_segments = {
	.attach = lane_attach,
	.recv = lane_recv,
	.release = lane_release,
	.pass = lane_pass,
	.gather = lane_gather,
	.stats = lane_stats,
	.detach = lane_detach,
};

int lane_init(struct lane *l, const struct source *upstream, bool patient) {
	memset(l, 0, sizeof(*l));
	l->source.ops = upstream->ops->gather != NULL ? &in_segments : &whole;
	l->source.newest_us = INT64_MIN;
	l->source.patient = patient;
	l->source.parsed = true;
	l->upstream = upstream;
	atomic_store_explicit(&l->newest_us, INT64_MIN, memory_order_relaxed);
	int ret = spsc_init(&l->out, LANE_DEPTH, sizeof(struct lane_item));
	if (ret == 0)
		ret = spsc_init(&l->back, BACK_DEPTH, sizeof(struct lane_return));
	if (ret < 0)
		lane_fini(l);
	return ret;
}

void lane_fini(struct lane *l) {
	spsc_fini(&l->out);
	spsc_fini(&l->back);
}
