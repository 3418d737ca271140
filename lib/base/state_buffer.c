// Buffers from the heap in a list.

#include "state_buffer.h"

#include <stdlib.h>

static void settle(struct state_buffer *b) {
	if (b->last != NULL)
		b->last->used = (uint32_t)(b->writer.at - b->writer.begin);
}

static bool add_chunk(struct state_writer *w) {
	struct state_buffer *b = (struct state_buffer *)w;
	if (b->held + sizeof(struct state_chunk) > b->max)
		return false;
	struct state_chunk *c = malloc(sizeof(*c));
	if (c == NULL)
		return false;
	settle(b);
	c->next = NULL;
	c->used = 0;
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
	b->held = 0;
	b->writer.begin = b->writer.at = b->writer.end = NULL;
	return first;
}

void state_chunks_free(struct state_chunk *chunks) {
	while (chunks != NULL) {
		struct state_chunk *next = chunks->next;
		free(chunks);
		chunks = next;
	}
}
