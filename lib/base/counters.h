// A set of counters that one thread publishes together and any thread reads together (a sequence
// lock without fences): what is read is what stood at one moment, so sums over it balance.
#pragma once

#include "cache.h"

#include <stdatomic.h>
#include <stdint.h>

#define COUNTERS_MAX 135

struct counters {
	CACHE_ALIGNED _Atomic(uint64_t) seq; // writer → readers; odd while writing
	_Atomic(uint64_t) value[COUNTERS_MAX]; // writer → readers
};

// The one writer. n <= COUNTERS_MAX.
static inline void counters_publish(struct counters *c, const uint64_t *value, uint32_t n) {
	uint64_t seq = atomic_load_explicit(&c->seq, memory_order_relaxed);
	atomic_store_explicit(&c->seq, seq + 1, memory_order_relaxed);
	// Each release store keeps the odd sequence number ahead of it.
	for (uint32_t i = 0; i < n; i++)
		atomic_store_explicit(&c->value[i], value[i], memory_order_release);
	atomic_store_explicit(&c->seq, seq + 2, memory_order_release);
}

// Any thread. Retries while the writer is at it: a few dozen stores long.
static inline void counters_read(struct counters *c, uint64_t *value, uint32_t n) {
	uint64_t before, after;
	do {
		before = atomic_load_explicit(&c->seq, memory_order_acquire);
		for (uint32_t i = 0; i < n; i++)
			value[i] = atomic_load_explicit(&c->value[i], memory_order_acquire);
		after = atomic_load_explicit(&c->seq, memory_order_relaxed);
		if (before & 1)
			cpu_pause();
	} while (before != after || (before & 1));
}
