// The way of alerts from one worker to the exporter: a bounded ring without locks. Live traffic loses
// alerts that find no room, counted; a capture file waits for the exporter, which never waits for a
// worker.
#pragma once

#include "base/ring_mark.h"
#include "base/spsc.h"
#include "flow/alert.h"

#include <stdbool.h>
#include <stdint.h>

// Alerts that can wait in a ring: what some bursts with several matches a packet bring.
#define ALERT_RING_DEPTH 8192

struct alert_ring {
	struct spsc ring; // struct alert: worker → exporter
	struct ring_mark mark;
	bool patient; // constant: wait for room rather than lose an alert
};

// 0 or -ENOMEM. Must not move afterwards. Free with alert_ring_fini, also when all zero.
int alert_ring_init(struct alert_ring *r, uint32_t depth, bool patient);
void alert_ring_fini(struct alert_ring *r);

// Worker: up to `want` free slots, the n-th is alert_ring_slot(r, *first + n); write them, then commit.
// `want` is at least 1. Less than wanted: a patient ring gives the rest when asked again and returns at
// least 1; of the other kind 0 means that there is no room.
uint32_t alert_ring_reserve(struct alert_ring *r, uint32_t want, uint32_t *first);

static inline struct alert *alert_ring_slot(const struct alert_ring *r, uint32_t i) {
	return spsc_slot(&r->ring, i);
}

static inline void alert_ring_commit(struct alert_ring *r, uint32_t n) {
	spsc_commit(&r->ring, n);
}

// Worker: a mark behind all it has made so far. One at a time.
static inline void alert_ring_mark(struct alert_ring *r) {
	ring_mark_set(&r->mark, &r->ring);
}

// Exporter: what waits ahead of a mark, at most `max`; the n-th is alert_ring_slot(r, *first + n). Read
// them, then drop.
static inline uint32_t alert_ring_peek(struct alert_ring *r, uint32_t max, uint32_t *first) {
	uint32_t n = spsc_peek(&r->ring, max, first);
	return ring_mark_limit(&r->mark, *first, n);
}

// Exporter: whether everything ahead of a mark was taken; and goes on behind it.
static inline bool alert_ring_marked(const struct alert_ring *r) {
	return ring_mark_reached(&r->mark, &r->ring);
}
static inline void alert_ring_pass(struct alert_ring *r) {
	ring_mark_pass(&r->mark);
}

static inline void alert_ring_drop(struct alert_ring *r, uint32_t n) {
	spsc_drop(&r->ring, n);
}
