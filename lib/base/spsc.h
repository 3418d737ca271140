// A bounded ring between one producer thread and one consumer thread, of elements of one size that
// are copied in and out. Neither side ever blocks; each keeps a copy of the other's index so that
// the shared line moves once per lap rather than once per element.
#pragma once

#include "cache.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

struct spsc {
	// constant after init
	uint8_t *slot;
	uint32_t mask;
	uint32_t elem_size;
	CACHE_GUARD(guard0);
	CACHE_ALIGNED _Atomic(uint32_t) head; // producer → consumer: next to write
	uint32_t tail_seen; // producer's
	CACHE_GUARD(guard1);
	CACHE_ALIGNED _Atomic(uint32_t) tail; // consumer → producer: next to read
	uint32_t head_seen; // consumer's
	CACHE_GUARD(guard2);
};

// `capacity` is rounded up to a power of two. Returns 0 or -ENOMEM. Frees with spsc_fini.
int spsc_init(struct spsc *r, uint32_t capacity, uint32_t elem_size);
void spsc_fini(struct spsc *r);

static inline void *spsc_slot(const struct spsc *r, uint32_t i) {
	return r->slot + (uint64_t)(i & r->mask) * r->elem_size;
}

// Producer: up to `max` free slots; the n-th is spsc_slot(r, *first + n). Write them, then commit.
static inline uint32_t spsc_reserve(struct spsc *r, uint32_t max, uint32_t *first) {
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t room = r->mask + 1 - (head - r->tail_seen);
	if (room < max) {
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
		room = r->mask + 1 - (head - r->tail_seen);
	}
	*first = head;
	return room < max ? room : max;
}

// Producer: as spsc_reserve, and waits for at least one; the consumer must be running.
uint32_t spsc_wait(struct spsc *r, uint32_t max, uint32_t *first);

// Producer: makes `n` reserved and written slots visible.
static inline void spsc_commit(struct spsc *r, uint32_t n) {
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	atomic_store_explicit(&r->head, head + n, memory_order_release);
}

// Consumer: up to `max` elements; the n-th is spsc_slot(r, *first + n). Read them, then drop.
static inline uint32_t spsc_peek(struct spsc *r, uint32_t max, uint32_t *first) {
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	uint32_t n = r->head_seen - tail;
	if (n < max) {
		r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
		n = r->head_seen - tail;
	}
	*first = tail;
	return n < max ? n : max;
}

// Consumer: gives `n` peeked slots back.
static inline void spsc_drop(struct spsc *r, uint32_t n) {
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	atomic_store_explicit(&r->tail, tail + n, memory_order_release);
}

// One element. Return 1 when it went through, 0 when the ring was full or empty.
static inline int spsc_push(struct spsc *r, const void *elem) {
	uint32_t i;
	if (spsc_reserve(r, 1, &i) == 0)
		return 0;
	memcpy(spsc_slot(r, i), elem, r->elem_size);
	spsc_commit(r, 1);
	return 1;
}

static inline int spsc_pop(struct spsc *r, void *elem) {
	uint32_t i;
	if (spsc_peek(r, 1, &i) == 0)
		return 0;
	memcpy(elem, spsc_slot(r, i), r->elem_size);
	spsc_drop(r, 1);
	return 1;
}
