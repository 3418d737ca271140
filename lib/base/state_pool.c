// Two rings of pointers, each with room for all buffers there are. Those that were touched go round; the
// others join them one by one, when none of these is there.

#include "state_pool.h"

#include "mem.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

// Buffers touched at the start. A page's first use would cost the packet thread more than all that it saves
// at once: up to 20 us on a virtual machine.
#define TOUCHED 16

static bool take_empty(struct state_pool *p, struct state_chunk **c) {
	if (spsc_pop(&p->empty, c))
		return true;
	if (p->untouched == 0)
		return false;
	*c = &p->all[p->chunks - p->untouched--];
	return true;
}

static bool next_chunk(struct state_writer *w) {
	struct state_pool *p = (struct state_pool *)w;
	struct timespec nap = {.tv_nsec = 100000};
	struct state_chunk *c;
	if (p->chunk != NULL) {
		p->chunk->used = (uint32_t)(w->at - w->begin);
		spsc_push(&p->full, &p->chunk);
		p->chunk = NULL;
		w->begin = w->at = w->end = NULL;
	}
	while (!take_empty(p, &c)) {
		if (!p->patient)
			return false;
		nanosleep(&nap, NULL);
	}
	p->chunk = c;
	w->begin = w->at = c->octets;
	w->end = w->begin + STATE_CHUNK;
	return true;
}

int state_pool_init(struct state_pool *p, uint32_t chunks, bool patient) {
	*p = (struct state_pool){
		.writer.next = next_chunk,
		.patient = patient,
		.chunks = chunks,
		.kept = chunks / 2,
		.all = mem_pages()->alloc(mem_pages(), chunks * sizeof(*p->all)),
	};
	int ret = p->all == NULL ? -ENOMEM : 0;
	if (ret == 0)
		ret = spsc_init(&p->full, chunks, sizeof(struct state_chunk *));
	if (ret == 0)
		ret = spsc_init(&p->empty, chunks, sizeof(struct state_chunk *));
	uint32_t touched = chunks < TOUCHED ? chunks : TOUCHED;
	for (uint32_t i = 0; ret == 0 && i < touched; i++) {
		struct state_chunk *c = &p->all[i];
		memset(c, 0, sizeof(*c));
		spsc_push(&p->empty, &c);
	}
	p->untouched = chunks - touched;
	if (ret < 0)
		state_pool_fini(p);
	return ret;
}

void state_pool_fini(struct state_pool *p) {
	spsc_fini(&p->full);
	spsc_fini(&p->empty);
	mem_pages()->free(mem_pages(), p->all, p->chunks * sizeof(*p->all));
	p->all = NULL;
	p->chunk = NULL;
}

struct state_writer *state_pool_begin(struct state_pool *p) {
	// A buffer that an earlier one left is written over.
	p->writer.at = p->writer.begin;
	p->writer.full = false;
	p->writer.octets = 0;
	atomic_store_explicit(&p->outcome, STATE_POOL_UNDER_WAY, memory_order_release);
	return &p->writer;
}

void state_pool_end(struct state_pool *p, enum state_pool_outcome how) {
	struct state_writer *w = &p->writer;
	int outcome = state_writer_ok(w) ? (int)how : STATE_POOL_BROKEN;
	if (outcome == STATE_POOL_WHOLE && p->chunk != NULL && w->at > w->begin) {
		p->chunk->used = (uint32_t)(w->at - w->begin);
		spsc_push(&p->full, &p->chunk);
		p->chunk = NULL;
		w->begin = w->at = w->end = NULL;
	}
	atomic_store_explicit(&p->outcome, outcome, memory_order_release);
}

struct state_chunk *state_pool_take(struct state_pool *p) {
	struct state_chunk *c;
	return spsc_pop(&p->full, &c) ? c : NULL;
}

void state_pool_give(struct state_pool *p, struct state_chunk *chunk) {
	spsc_push(&p->empty, &chunk);
}
