// A place in a frame, and the one function through which the parser's general path reads octets. It
// tells apart what the frame never had from what the capture did not keep.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *data; // the frame's first octet
	uint32_t off; // the next octet; <= end
	uint32_t avail; // octets readable at `data`
	uint32_t end; // where the frame, or the innermost IP packet, ends by its own lengths
	bool snapped; // the frame had more octets than `avail`
	bool open_end; // `end` is that of a first fragment: the rest comes with the later ones
	bool beyond; // a read went beyond `avail` in a frame that is `snapped`
	bool cut; // the read that failed went beyond the packet's true end
};

// The `n` octets at `off`, or NULL: then `cut` says whether the packet really ends before them.
static inline const uint8_t *cursor_peek(struct cursor *c, uint32_t n) {
	uint64_t to = (uint64_t)c->off + n;
	if (to <= c->avail && to <= c->end)
		return c->data + c->off;
	bool beyond = c->snapped && to > c->avail;
	c->beyond |= beyond;
	c->cut = !beyond && !c->open_end;
	return NULL;
}

// What is looked at ends at most `len` octets further on.
static inline void cursor_bound(struct cursor *c, uint32_t len) {
	if (c->end - c->off > len)
		c->end = c->off + len;
}

static inline uint16_t get_be16(const uint8_t *p) {
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get_be32(const uint8_t *p) {
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
