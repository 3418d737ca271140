// A place in a frame, and the functions through which the parser's general path reads octets. It tells
// apart what the frame never had from what the capture did not keep. User space and XDP programs share
// it, and bring their own parse_task.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A part of the walk: put where it is used, because calls cost XDP programs stack.
#define PARSE_INLINE static inline __attribute__((always_inline))

struct cursor {
	uint32_t off; // the next octet, from the frame's first; <= end
	uint32_t avail; // octets of the frame that can be read
	uint32_t end; // where the frame, or the innermost IP packet, ends by its own lengths
	bool snapped; // the frame had more octets than `avail`
	bool open_end; // `end` is that of a first fragment: the rest comes with the later ones
	bool beyond; // a read went beyond `avail` in a frame that is `snapped`
	bool cut; // the read that failed went beyond the packet's true end
};

// One frame's parsing: where octets come from and where the key goes. Each side defines it and these
// three ahead of its first use.
struct parse_task;

// The longest read.
#define PARSE_READ_MAX 40

// `n` octets at `off`, which are there; n is a constant, at most PARSE_READ_MAX. Valid until the next
// call. NULL only where the kernel does not give what it has.
PARSE_INLINE const uint8_t *task_read(const struct parse_task *t, uint32_t off, uint32_t n);
PARSE_INLINE struct flow_key *task_key(const struct parse_task *t);
PARSE_INLINE uint32_t task_tunnels(const struct parse_task *t); // enum tunnel

// Whether there are `n` octets `at` octets ahead; if not, `cut` says whether the packet really ends
// before them.
PARSE_INLINE bool cursor_has_at(struct cursor *c, uint32_t at, uint32_t n) {
	uint64_t to = (uint64_t)c->off + at + n;
	if (to <= c->avail && to <= c->end)
		return true;
	bool beyond = c->snapped && to > c->avail;
	c->beyond |= beyond;
	c->cut = !beyond && !c->open_end;
	return false;
}

PARSE_INLINE bool cursor_has(struct cursor *c, uint32_t n) {
	return cursor_has_at(c, 0, n);
}

// Those octets, or NULL; n is a constant. The octets of the call before are gone.
PARSE_INLINE const uint8_t *
cursor_need_at(const struct parse_task *t, struct cursor *c, uint32_t at, uint32_t n) {
	return cursor_has_at(c, at, n) ? task_read(t, c->off + at, n) : NULL;
}

PARSE_INLINE const uint8_t *cursor_need(const struct parse_task *t, struct cursor *c, uint32_t n) {
	return cursor_need_at(t, c, 0, n);
}

// What is looked at ends at most `len` octets further on.
PARSE_INLINE void cursor_bound(struct cursor *c, uint32_t len) {
	if (c->end - c->off > len)
		c->end = c->off + len;
}

PARSE_INLINE uint16_t get_be16(const uint8_t *p) {
	return (uint16_t)(p[0] << 8 | p[1]);
}

PARSE_INLINE uint32_t get_be32(const uint8_t *p) {
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
