// Buffers in a list, many of them a mapping. From the heap of a thread each one would be a change of the
// address space, and each such change an interrupt on every processor that polls.

#include "state_buffer.h"

#include <stdlib.h>
#include <sys/mman.h>

// Of a mapping: 8 MiB, of which only what is used becomes memory. A sanitizer sees what is wrong with each of
// them when it is one of the heap's.
#ifdef __SANITIZE_ADDRESS__
#define CHUNKS 1
#else
#define CHUNKS 32
#endif

struct state_slab {
	uint32_t live; // chunks
	struct state_chunk chunk[CHUNKS];
};

static struct state_slab *slab_new(void) {
	if (CHUNKS == 1)
		return calloc(1, sizeof(struct state_slab));
	void *p = mmap(
		NULL, sizeof(struct state_slab), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0
	);
	return p != MAP_FAILED ? p : NULL;
}

static void slab_free(struct state_slab *slab) {
	if (CHUNKS == 1)
		free(slab);
	else
		munmap(slab, sizeof(*slab));
}

static void settle(struct state_buffer *b) {
	if (b->last != NULL)
		b->last->used = (uint32_t)(b->writer.at - b->writer.begin);
}

static bool add_chunk(struct state_writer *w) {
	struct state_buffer *b = (struct state_buffer *)w;
	if (b->held + sizeof(struct state_chunk) > b->max)
		return false;
	if (b->room == 0) {
		struct state_slab *slab = slab_new();
		if (slab == NULL)
			return false;
		b->slab = slab;
		b->room = CHUNKS;
	}
	struct state_chunk *c = &b->slab->chunk[CHUNKS - b->room--];
	c->slab = b->slab;
	c->slab->live++;
	settle(b);
	if (b->last != NULL)
		b->last->next = c;
	else
		b->first = c;
	b->last = c;
	b->held += sizeof(*c);
	w->begin = w->at = c->octets;
	w->end = w->begin + STATE_CHUNK;
	return true;
}

void state_buffer_init(struct state_buffer *b, uint64_t max) {
	*b = (struct state_buffer){.writer.next = add_chunk, .max = max};
}

void state_buffer_fini(struct state_buffer *b) {
	state_chunks_free(state_buffer_take(b));
}

struct state_chunk *state_buffer_take(struct state_buffer *b) {
	struct state_chunk *first = b->first;
	settle(b);
	b->first = b->last = NULL;
	b->slab = NULL;
	b->room = 0;
	b->held = 0;
	b->writer.begin = b->writer.at = b->writer.end = NULL;
	return first;
}

void state_chunks_free(struct state_chunk *chunks) {
	while (chunks != NULL) {
		struct state_chunk *next = chunks->next;
		if (--chunks->slab->live == 0)
			slab_free(chunks->slab);
		chunks = next;
	}
}
