// The ring between two threads, for the thread sanitizer: every element that went in comes out once,
// in order and whole, over small and larger rings, one at a time and in batches, and across the
// point where the 32-bit indexes start anew.

#include "base/spsc.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define ELEMENTS 300000

// An element that shows when it was torn or read before it was written.
struct element {
	uint64_t n;
	uint64_t twice;
	uint32_t low;
};

struct side {
	struct spsc *ring;
	uint32_t batch;
	uint64_t wrong; // consumer's findings
	uint64_t seen;
};

static void fill(struct element *e, uint64_t n) {
	*e = (struct element){.n = n, .twice = 2 * n + 1, .low = (uint32_t)~n};
}

static bool whole(const struct element *e, uint64_t n) {
	return e->n == n && e->twice == 2 * n + 1 && e->low == (uint32_t)~n;
}

static void *produce(void *arg) {
	struct side *s = arg;
	struct element e;
	for (uint64_t n = 0; n < ELEMENTS;) {
		uint32_t first, done;
		if (s->batch == 1) {
			fill(&e, n);
			done = (uint32_t)spsc_push(s->ring, &e);
		} else {
			uint64_t left = ELEMENTS - n;
			done = spsc_reserve(
				s->ring, left < s->batch ? (uint32_t)left : s->batch, &first
			);
			for (uint32_t i = 0; i < done; i++) {
				fill(&e, n + i);
				memcpy(spsc_slot(s->ring, first + i), &e, sizeof(e));
			}
			if (done > 0)
				spsc_commit(s->ring, done);
		}
		n += done;
		if (done == 0)
			sched_yield();
	}
	return NULL;
}

static void *consume(void *arg) {
	struct side *s = arg;
	struct element e;
	while (s->seen < ELEMENTS) {
		uint32_t first, done;
		if (s->batch == 1) {
			done = (uint32_t)spsc_pop(s->ring, &e);
			s->wrong += done > 0 && !whole(&e, s->seen);
		} else {
			done = spsc_peek(s->ring, s->batch, &first);
			for (uint32_t i = 0; i < done; i++) {
				memcpy(&e, spsc_slot(s->ring, first + i), sizeof(e));
				s->wrong += !whole(&e, s->seen + i);
			}
			if (done > 0)
				spsc_drop(s->ring, done);
		}
		s->seen += done;
		if (done == 0)
			sched_yield();
	}
	return NULL;
}

// Returns NULL or what went wrong.
static const char *run(uint32_t capacity, uint32_t out, uint32_t in, uint32_t start) {
	struct spsc ring;
	if (spsc_init(&ring, capacity, sizeof(struct element)) < 0)
		return "out of memory";
	atomic_store(&ring.head, start);
	atomic_store(&ring.tail, start);
	ring.head_seen = ring.tail_seen = start;
	struct side producer = {.ring = &ring, .batch = out};
	struct side consumer = {.ring = &ring, .batch = in};
	pthread_t p, c;
	const char *wrong = NULL;
	if (pthread_create(&p, NULL, produce, &producer) != 0) {
		wrong = "no thread";
	} else {
		// Without a second thread the producer must still be drained to come to its end.
		if (pthread_create(&c, NULL, consume, &consumer) == 0)
			pthread_join(c, NULL);
		else
			consume(&consumer);
		pthread_join(p, NULL);
	}
	uint32_t first;
	if (wrong == NULL && consumer.wrong > 0)
		wrong = "elements were torn, lost, doubled or out of order";
	else if (wrong == NULL && spsc_peek(&ring, 1, &first) != 0)
		wrong = "more came out than went in";
	spsc_fini(&ring);
	return wrong;
}

int main(void) {
	static const struct {
		uint32_t capacity, out, in, start;
		const char *fact;
	} cases[] = {
		{1, 1, 1, 0, "one slot, one at a time"},
		{2, 1, 1, 0, "two slots, one at a time"},
		{4, 3, 1, 0, "four slots, in threes, out one at a time"},
		{4, 1, 4, 0, "four slots, in one at a time, out in fours"},
		{8, 5, 3, 0, "eight slots, in fives, out in threes"},
		{64, 32, 32, 0, "64 slots, bursts of 32"},
		{1024, 64, 7, 0, "1,024 slots, bursts of 64, out in sevens"},
		{1, 1, 1, UINT32_MAX - 1000, "one slot, across the wrap of the indexes"},
		{8, 5, 3, UINT32_MAX - 1000, "eight slots in batches, across the wrap"},
		{1024, 64, 64, UINT32_MAX - 100000, "1,024 slots in bursts, across the wrap"},
	};
	int failed = 0;
	int n = (int)(sizeof(cases) / sizeof(cases[0]));
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		const char *wrong = run(
			cases[i].capacity, cases[i].out, cases[i].in, cases[i].start
		);
		failed += wrong != NULL;
		printf("%sok %d - %s\n", wrong ? "not " : "", i + 1, cases[i].fact);
		if (wrong != NULL)
			printf("# %s\n", wrong);
		fflush(stdout);
	}
	return failed > 0;
}
