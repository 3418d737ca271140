// A source of segmented frames: the handle is the whole frame's address.

#include "segment_source.h"

#include "frame.h"

#include <stdlib.h>
#include <string.h>

static uint32_t
segment_gather(const struct source *src, const struct packet *p, uint8_t *to, uint32_t len) {
	struct segment_source *s = (struct segment_source *)(uintptr_t)src;
	const struct frame *f = (const struct frame *)(uintptr_t)p->handle;
	uint32_t n = p->cap_len < len ? p->cap_len : len;
	memcpy(to, f->octet, n);
	s->gathered++;
	return n;
}

static const struct source_ops ops = {.gather = segment_gather};

void segment_source_init(struct segment_source *s) {
	*s = (struct segment_source){.source = {.ops = &ops, .newest_us = INT64_MIN}};
}

void segment_packet(struct packet *p, const struct frame *f, uint32_t head, int64_t time_us) {
	frame_packet(f, p, time_us);
	// No more than what is readable: the address sanitizer sees to the rest.
	uint8_t *data = malloc(head > 0 ? head : 1);
	if (data == NULL)
		abort();
	memcpy(data, f->octet, head);
	p->data = data;
	p->head_len = head;
	p->handle = (uintptr_t)f;
}

void segment_packet_fini(struct packet *p) {
	free((void *)(uintptr_t)p->data);
	p->data = NULL;
}
