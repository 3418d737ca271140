// The ring's layout is the kernel's: a page with the consumer's position, which we write, a page with the
// producer's, then the records, each behind 8 octets whose first 32 bits are its length and state.

#include "xdp_ring.h"

#include <bpf/bpf.h>

#include <assert.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// No record is shorter than a slot is wide, so no two begin in the same one.
#define SLOT OBSERVE_RECORD_MIN
static_assert(BPF_RINGBUF_HDR_SZ + sizeof(struct observe_frame) + 96 >= SLOT);

int xdp_ring_open(struct xdp_ring *r, uint64_t octets, struct err *err) {
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	*r = (struct xdp_ring){.mask = octets - 1};
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "sluice_ring", 0, 0, (uint32_t)octets, NULL);
	if (fd < 0)
		return err_set(
			err, fd, "a ring buffer of %llu KiB: %s",
			(unsigned long long)(octets >> 10), strerror(-fd)
		);
	r->fd = fd;
	void *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		goto no_map;
	r->consumed = consumer;
	void *producer = mmap(NULL, page + 2 * octets, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED)
		goto no_map;
	r->produced = producer;
	r->data = (uint8_t *)producer + page;
	r->free = calloc(octets / SLOT, 1);
	if (r->free == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
no_map:
	return err_set(err, -errno, "mapping a ring buffer: %s", strerror(errno));
}

void xdp_ring_close(struct xdp_ring *r) {
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (r->data != NULL)
		munmap(r->data - page, page + 2 * (r->mask + 1));
	if (r->consumed != NULL)
		munmap(r->consumed, page);
	if (r->fd > 0)
		close(r->fd);
	free(r->free);
	*r = (struct xdp_ring){0};
}

static uint32_t header(const struct xdp_ring *r, uint64_t position) {
	const _Atomic(uint32_t) *h = (const void *)(r->data + (position & r->mask));
	return atomic_load_explicit(h, memory_order_acquire);
}

// Octets from one record to the next.
static uint64_t extent(uint32_t h) {
	uint64_t len = h & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	return (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
}

static uint32_t slot_of(const struct xdp_ring *r, uint64_t position) {
	return (uint32_t)((position & r->mask) / SLOT);
}

const struct observe_frame *xdp_ring_next(struct xdp_ring *r) {
	uint64_t produced = atomic_load_explicit(r->produced, memory_order_acquire);
	while (r->taken != produced) {
		uint32_t h = header(r, r->taken);
		if ((h & BPF_RINGBUF_BUSY_BIT) != 0)
			return NULL;
		if ((h & BPF_RINGBUF_DISCARD_BIT) == 0)
			return (const void *)(r->data + (r->taken & r->mask) + BPF_RINGBUF_HDR_SZ);
		xdp_ring_mark(r, slot_of(r, r->taken));
		r->taken += extent(h);
		xdp_ring_release(r);
	}
	return NULL;
}

uint32_t xdp_ring_take(struct xdp_ring *r) {
	uint32_t slot = slot_of(r, r->taken);
	r->taken += extent(header(r, r->taken));
	return slot;
}

void xdp_ring_release(struct xdp_ring *r) {
	uint64_t at = r->released;
	while (at != r->taken && r->free[slot_of(r, at)] != 0) {
		r->free[slot_of(r, at)] = 0;
		at += extent(header(r, at));
	}
	if (at == r->released)
		return;
	r->released = at;
	atomic_store_explicit(r->consumed, at, memory_order_release);
}

uint64_t xdp_ring_unread(const struct xdp_ring *r) {
	uint64_t produced = atomic_load_explicit(r->produced, memory_order_acquire), n = 0;
	for (uint64_t at = r->taken; at != produced;) {
		uint32_t h = header(r, at);
		if ((h & BPF_RINGBUF_BUSY_BIT) != 0)
			break;
		n += (h & BPF_RINGBUF_DISCARD_BIT) == 0;
		at += extent(h);
	}
	return n;
}
