// The history ring: entries of one stream are chained from the newest back. An entry is there as long
// as its position is less than a ring's length behind the head. It is written past the caches, whole
// lines at a time: hardly any of it is ever read, and what is scanned next shall stay there.

#include "tcp_history.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

int tcp_history_init(struct tcp_history *h, uint64_t octets, const struct mem *mem) {
	octets &= ~(CACHE_LINE - 1ull);
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

#if defined(__SSE2__)
static __m128i *stream_16(__m128i *to, const void *from) {
	_mm_stream_si128(to, _mm_loadu_si128(from));
	return to + 1;
}

static void put(uint8_t *ring, const struct tcp_history_entry *head, const uint8_t *data) {
	__m128i *to = (__m128i *)(void *)ring;
	for (uint32_t i = 0; i < sizeof(*head) / 16; i++)
		to = stream_16(to, (const uint8_t *)head + (size_t)i * 16);
	uint32_t left = head->len;
	for (; left >= 64; left -= 64, data += 64) {
		to = stream_16(to, data);
		to = stream_16(to, data + 16);
		to = stream_16(to, data + 32);
		to = stream_16(to, data + 48);
	}
	for (; left >= 16; left -= 16, data += 16)
		to = stream_16(to, data);
	uint8_t last[16] = {0};
	if (left > 0) {
		memcpy(last, data, left);
		to = stream_16(to, last);
	}
	// Whatever: a line that is complete need not be read first.
	while ((uintptr_t)to % CACHE_LINE != 0)
		to = stream_16(to, last);
}
#else
static void put(uint8_t *ring, const struct tcp_history_entry *head, const uint8_t *data) {
	memcpy(ring, head, sizeof(*head));
	memcpy(ring + sizeof(*head), data, head->len);
}
#endif

void tcp_history_put(
	struct tcp_history *h, uint64_t *last, uint64_t offset, const uint8_t *data, uint32_t len
) {
	uint64_t need = tcp_history_entry_octets(len);
	if (h->ring == NULL || need > h->size)
		return;
	uint64_t at = h->head % h->size;
	if (at + need > h->size) {
		h->head += h->size - at;
		at = 0;
	}
	if (UNLIKELY(h->save_at < h->save_end))
		tcp_history_save(h, h->head + need - h->size);
	const struct tcp_history_entry head = {.before = *last, .offset = offset, .len = len};
	put(h->ring + at, &head, data);
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
	for (int i = 0;
	     i < TCP_HISTORY_STEPS && found < len && h->ring != NULL && is_there(h, last); i++) {
		const struct tcp_history_entry *e = (const void *)(h->ring + last % h->size);
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
