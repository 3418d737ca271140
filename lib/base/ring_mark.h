// A mark in a ring between two threads: what was pushed ahead of it and what came later. One at a time; it
// takes no place in the ring.
#pragma once

#include "base/spsc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// All zero: there is none.
struct ring_mark {
	uint32_t at; // written ahead of `set`
	_Atomic(bool) set; // producer → consumer: there is one; consumer → producer: it was passed
};

// Producer: behind what it has pushed so far. There must be none.
static inline void ring_mark_set(struct ring_mark *m, const struct spsc *r) {
	m->at = atomic_load_explicit(&r->head, memory_order_relaxed);
	atomic_store_explicit(&m->set, true, memory_order_release);
}

// Producer: whether one is yet to be passed.
static inline bool ring_mark_is_set(const struct ring_mark *m) {
	return atomic_load_explicit(&m->set, memory_order_acquire);
}

// Consumer, behind a peek that gave `n` elements from `first` on: how many of them are ahead of the mark.
// What lies behind a mark is seen only by who sees the mark, too.
static inline uint32_t ring_mark_limit(const struct ring_mark *m, uint32_t first, uint32_t n) {
	if (LIKELY(!atomic_load_explicit(&m->set, memory_order_acquire)))
		return n;
	uint32_t ahead = m->at - first;
	return ahead < n ? ahead : n;
}

// Consumer: whether all that is ahead of the mark was taken.
static inline bool ring_mark_reached(const struct ring_mark *m, const struct spsc *r) {
	return atomic_load_explicit(&m->set, memory_order_acquire)
		&& atomic_load_explicit(&r->tail, memory_order_relaxed) == m->at;
}

// Consumer: what lies behind it is to be had now.
static inline void ring_mark_pass(struct ring_mark *m) {
	atomic_store_explicit(&m->set, false, memory_order_release);
}
