// The history ring: entries of one stream are chained from the newest back. An entry is there as long
// as its position is less than a ring's length behind the head.

#include "tcp_history.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

// How far back a retransmission is looked for.
#define STEPS 64

struct entry {
	uint64_t before; // position of the stream's previous entry
	uint64_t offset;
	uint32_t len;
	uint32_t unused;
	uint8_t data[];
};

static uint64_t entry_octets(uint64_t len) {
	return (sizeof(struct entry) + len + 7) & ~7ull;
}

int tcp_history_init(struct tcp_history *h, uint64_t octets, const struct mem *mem) {
	octets &= ~7ull;
	*h = (struct tcp_history){.size = octets, .head = octets, .mem = mem};
	if (octets == 0)
		return 0;
	h->ring = mem->alloc(mem, octets);
	return h->ring != NULL ? 0 : -ENOMEM;
}

void tcp_history_fini(struct tcp_history *h) {
	if (h->ring != NULL)
		h->mem->free(h->mem, h->ring, h->size);
	h->ring = NULL;
}

void tcp_history_put(
	struct tcp_history *h, uint64_t *last, uint64_t offset, const uint8_t *data, uint32_t len
) {
	uint64_t need = entry_octets(len);
	if (h->ring == NULL || need > h->size)
		return;
	uint64_t at = h->head % h->size;
	if (at + need > h->size) {
		h->head += h->size - at;
		at = 0;
	}
	struct entry *e = (struct entry *)(void *)(h->ring + at);
	*e = (struct entry){.before = *last, .offset = offset, .len = len};
	memcpy(e->data, data, len);
	*last = h->head;
	h->head += need;
}

static bool is_there(const struct tcp_history *h, uint64_t position) {
	return position != 0 && h->head - position <= h->size;
}

void tcp_history_compare(
	const struct tcp_history *h, uint64_t last, uint64_t offset, const uint8_t *data,
	uint32_t len, struct tcp_compare *c
) {
	uint64_t end = offset + len;
	uint32_t found = 0;
	for (int i = 0; i < STEPS && found < len && h->ring != NULL && is_there(h, last); i++) {
		const struct entry *e = (const void *)(h->ring + last % h->size);
		uint64_t from = e->offset > offset ? e->offset : offset;
		uint64_t to = e->offset + e->len < end ? e->offset + e->len : end;
		if (from < to) {
			tcp_compare_add(
				c, e->data + (from - e->offset), data + (from - offset),
				(uint32_t)(to - from)
			);
			found += (uint32_t)(to - from);
		}
		if (e->offset <= offset)
			break; // what is older lies ahead of it
		last = e->before;
	}
	c->fresh += len - found;
}
