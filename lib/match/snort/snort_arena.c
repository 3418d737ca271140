// Blocks that double in size, so that a short rule stays small and a long one takes few of them.

#include "snort_arena.h"

#include "snort_text.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 16
#define FIRST 512

struct snort_block {
	struct snort_block *older;
	size_t size, used; // octets of `data`
	_Alignas(ALIGN) char data[];
};

void *snort_arena_take(struct snort_arena *a, size_t octets) {
	struct snort_block *b = a->newest;
	octets = (octets + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (b == NULL || b->size - b->used < octets) {
		size_t size = b == NULL ? FIRST : b->size * 2;
		if (size < octets)
			size = octets;
		b = calloc(1, sizeof(*b) + size);
		if (b == NULL)
			return NULL;
		b->size = size;
		b->older = a->newest;
		a->newest = b;
	}
	void *p = b->data + b->used;
	b->used += octets;
	return p;
}

char *snort_arena_copy(struct snort_arena *a, struct snort_text text) {
	size_t len = snort_text_len(text);
	char *copy = snort_arena_take(a, len + 1);
	if (copy != NULL && len > 0)
		memcpy(copy, text.at, len);
	return copy;
}

void snort_arena_fini(struct snort_arena *a) {
	while (a->newest != NULL) {
		struct snort_block *older = a->newest->older;
		free(a->newest);
		a->newest = older;
	}
}
