// Held octets: a bitmap a block, walked by runs of what is there and what is not.

#include "tcp_held.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

static uint64_t window_of(uint64_t offset) {
	return offset - offset % TCP_BLOCK_OCTETS;
}

static void mark(struct tcp_block *b, uint32_t from, uint32_t to, bool as) {
	while (from < to) {
		uint32_t stop = (from | 63) + 1;
		stop = stop < to ? stop : to;
		uint64_t ones = ~0ull >> (64 - (stop - from)) << (from % 64);
		if (as)
			b->bits[from / 64] |= ones;
		else
			b->bits[from / 64] &= ~ones;
		from = stop;
	}
}

static void count_runs(struct tcp_held *h, struct tcp_block *b) {
	uint32_t runs = 0;
	uint64_t before = 0;
	for (uint32_t i = 0; i < TCP_BLOCK_WORDS; i++) {
		runs += (uint32_t)__builtin_popcountll(b->bits[i] & ~(b->bits[i] << 1 | before));
		before = b->bits[i] >> 63;
	}
	h->runs = (uint16_t)(h->runs - b->runs + runs);
	b->runs = (uint16_t)runs;
}

static void
merge(struct tcp_held *h, struct tcp_block *b, uint32_t at, const uint8_t *data, uint32_t len,
      struct tcp_compare *c) {
	for (uint32_t from = at, to = at + len; from < to;) {
		uint32_t stop = tcp_block_run(b, from, to, true);
		tcp_compare_add(c, b->data + from, data + (from - at), stop - from);
		from = stop;
		stop = tcp_block_run(b, from, to, false);
		memcpy(b->data + from, data + (from - at), stop - from);
		mark(b, from, stop, true);
		b->count = (uint16_t)(b->count + stop - from);
		c->fresh += stop - from;
		from = stop;
	}
	count_runs(h, b);
}

uint32_t
tcp_held_lacks(const struct tcp_held *h, const struct tcp_pool *p, uint64_t begin, uint64_t end) {
	uint32_t lacks = 0;
	uint32_t at = h->first;
	if (h->last != 0 && tcp_pool_at(p, h->last)->base <= begin)
		at = h->last; // what comes in order behind a hole goes to the end
	for (uint64_t base = window_of(begin); base < end; base += TCP_BLOCK_OCTETS) {
		while (at != 0 && tcp_pool_at(p, at)->base < base)
			at = tcp_pool_at(p, at)->next;
		lacks += at == 0 || tcp_pool_at(p, at)->base != base;
	}
	return lacks;
}

static uint32_t
insert(struct tcp_held *h, struct tcp_pool *p, uint32_t before, uint32_t behind, uint64_t base) {
	uint32_t at = tcp_pool_take(p, base);
	tcp_pool_at(p, at)->next = behind;
	if (before != 0)
		tcp_pool_at(p, before)->next = at;
	else
		h->first = at;
	if (behind == 0)
		h->last = at;
	h->blocks++;
	return at;
}

static void mark_from(struct tcp_block *b, const struct tcp_packet *from) {
	b->time_us = from->own_us;
	b->key = *from->key;
	b->key.hash = from->number;
}

void tcp_held_mark_last(
	const struct tcp_held *h, struct tcp_pool *p, const struct tcp_packet *from
) {
	mark_from(tcp_pool_at(p, h->last), from);
}

void tcp_held_put(
	struct tcp_held *h, struct tcp_pool *p, uint64_t begin, const uint8_t *data, uint32_t len,
	const struct tcp_packet *from, struct tcp_compare *c
) {
	uint32_t at = h->first, before = 0;
	// Nothing is ever put ahead of the last block from here, so what precedes it does not matter.
	if (h->last != 0 && tcp_pool_at(p, h->last)->base <= begin)
		at = h->last;
	while (len > 0) {
		uint64_t base = window_of(begin);
		while (at != 0 && tcp_pool_at(p, at)->base < base) {
			before = at;
			at = tcp_pool_at(p, at)->next;
		}
		if (at == 0 || tcp_pool_at(p, at)->base != base)
			at = insert(h, p, before, at, base);
		uint32_t in = (uint32_t)(begin - base);
		uint32_t n = TCP_BLOCK_OCTETS - in < len ? TCP_BLOCK_OCTETS - in : len;
		uint64_t fresh = c->fresh;
		merge(h, tcp_pool_at(p, at), in, data, n, c);
		if (from != NULL && c->fresh > fresh)
			mark_from(tcp_pool_at(p, at), from);
		begin += n;
		data += n;
		len -= n;
	}
}

uint64_t tcp_held_begin(const struct tcp_held *h, const struct tcp_pool *p) {
	if (h->first == 0)
		return TCP_HELD_NONE;
	const struct tcp_block *b = tcp_pool_at(p, h->first);
	return b->base + tcp_block_run(b, 0, TCP_BLOCK_OCTETS, false);
}

uint64_t tcp_held_end(const struct tcp_held *h, const struct tcp_pool *p) {
	if (h->last == 0)
		return TCP_HELD_NONE;
	const struct tcp_block *b = tcp_pool_at(p, h->last);
	uint32_t word = TCP_BLOCK_WORDS - 1;
	while (b->bits[word] == 0)
		word--; // a block in the list holds something
	return b->base + word * 64 + 64 - (uint32_t)__builtin_clzll(b->bits[word]);
}

const uint8_t *tcp_held_take(
	struct tcp_held *h, struct tcp_pool *p, uint64_t at, uint32_t max, uint32_t *len,
	uint32_t *done
) {
	*len = 0;
	if (h->first == 0)
		return NULL;
	uint32_t first = h->first;
	struct tcp_block *b = tcp_pool_at(p, first);
	if (at < b->base)
		return NULL;
	assert(at - b->base < TCP_BLOCK_OCTETS);
	uint32_t in = (uint32_t)(at - b->base);
	uint32_t n = tcp_block_run(b, in, TCP_BLOCK_OCTETS, true) - in;
	n = n < max ? n : max;
	if (n == 0)
		return NULL;
	mark(b, in, in + n, false);
	b->count = (uint16_t)(b->count - n);
	count_runs(h, b);
	if (b->count == 0) {
		h->first = b->next;
		if (h->first == 0)
			h->last = 0;
		h->blocks--;
		b->next = *done;
		*done = first;
	}
	*len = n;
	return b->data + in;
}

uint32_t tcp_held_drop(struct tcp_held *h, struct tcp_pool *p) {
	uint32_t octets = 0;
	for (uint32_t at = h->first; at != 0; at = tcp_pool_at(p, at)->next)
		octets += tcp_pool_at(p, at)->count;
	tcp_pool_give(p, h->first);
	*h = (struct tcp_held){0};
	return octets;
}
