// A delivery without a packet in work, taken apart by the packets that had brought its octets.
#pragma once

#include "match/tcp/tcp_block.h"
#include "match/tcp/tcp_delivery.h"

// Octets of one packet may lie in several blocks.
static inline bool tcp_part_same(const struct tcp_span *a, const struct tcp_span *b) {
	if (a->dir != b->dir)
		return false;
	if (a->from == b->from || a->from == NULL || b->from == NULL)
		return a->from == b->from;
	return a->from->key.hash == b->from->key.hash;
}

// What one packet brought, from span `first` on. Returns the first span of the next part; d->spans:
// there is none.
static inline uint32_t
tcp_part_of(const struct tcp_delivery *d, uint32_t first, struct tcp_delivery *part) {
	uint32_t end = first + 1;
	while (end < d->spans && tcp_part_same(&d->span[first], &d->span[end]))
		end++;
	*part = *d;
	part->span = &d->span[first];
	part->spans = end - first;
	// The end is behind the direction's last octets.
	if (end < d->spans && d->span[end].dir == d->span[first].dir)
		part->ended = 0;
	return end;
}
