// A BPF ring buffer that one thread reads in place: records stay where they are until they are released,
// in any order. libbpf's reader gives each record back as soon as its callback returns.
#pragma once

#include "ebpf/sluice.bpf.h"

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct xdp_ring {
	int fd; // the map, owned; 0: none
	uint8_t *data; // mapped twice in a row, so that a record is in one piece
	uint64_t mask; // size - 1
	_Atomic(uint64_t) *consumed; // reader → kernel: what is behind is free
	const _Atomic(uint64_t) *produced; // kernel → reader
	uint64_t taken; // position of the next record to take
	uint64_t released; // all behind is released
	uint8_t *free; // owned; by slot: released, but something behind it is not yet
};

// Makes the map and maps it. `octets`: a power of two and of pages. 0 or -errno with err set; in any
// case to be closed.
int xdp_ring_open(struct xdp_ring *r, uint64_t octets, struct err *err);
void xdp_ring_close(struct xdp_ring *r);

// The next record that is complete; NULL: none. It stays the next until it is taken.
const struct observe_frame *xdp_ring_next(struct xdp_ring *r);

// Takes the record that xdp_ring_next gave. Returns its slot, to be released.
uint32_t xdp_ring_take(struct xdp_ring *r);

// Marks a taken record as done with.
static inline void xdp_ring_mark(struct xdp_ring *r, uint32_t slot) {
	r->free[slot] = 1;
}

// Gives what is marked back to the kernel, as far as nothing unmarked is ahead of it.
void xdp_ring_release(struct xdp_ring *r);

// Of a ring of so many octets: when more is in it, whoever sleeps is woken.
#define XDP_RING_WAKE(octets) ((octets) / 8)

// Whether more than that waits to be taken.
static inline bool xdp_ring_pressing(const struct xdp_ring *r) {
	return atomic_load_explicit(r->produced, memory_order_acquire) - r->taken
		> XDP_RING_WAKE(r->mask + 1);
}

// Complete records that were not taken. They stay.
uint64_t xdp_ring_unread(const struct xdp_ring *r);
