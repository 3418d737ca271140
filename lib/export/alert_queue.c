// A binary heap of small entries; the alerts themselves stay where they were put.

#include "alert_queue.h"

#include "base/mem.h"
#include "packet/flow_key_hash.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 1024

void alert_queue_fini(struct alert_queue *q) {
	free(q->alerts);
	free(q->heap);
	*q = (struct alert_queue){.max = q->max};
}

static bool grow(struct alert_queue *q) {
	uint32_t capacity = q->capacity == 0 ? CAPACITY_MIN : q->capacity * 2;
	capacity = capacity < q->max ? capacity : q->max;
	if (capacity <= q->capacity)
		return false;
	// realloc would not keep to cache lines.
	struct alert *alerts = mem_lines(capacity * sizeof(*alerts));
	struct alert_turn *heap = calloc(capacity, sizeof(*heap));
	if (alerts == NULL || heap == NULL) {
		free(alerts);
		free(heap);
		return false;
	}
	if (q->capacity > 0) {
		memcpy(alerts, q->alerts, q->capacity * sizeof(*alerts));
		memcpy(heap, q->heap, q->capacity * sizeof(*heap));
	}
	for (uint32_t i = q->capacity; i < capacity; i++)
		heap[i].slot = i;
	free(q->alerts);
	free(q->heap);
	q->alerts = alerts;
	q->heap = heap;
	q->capacity = capacity;
	return true;
}

static int order(uint64_t a, uint64_t b) {
	return (a > b) - (a < b);
}

// For those whose turn is at the same time. 0: their records are the same.
static int compare(const struct alert *a, const struct alert *b) {
	int c = (a->time_us > b->time_us) - (a->time_us < b->time_us);
	if (c == 0)
		c = order(a->rule->gid, b->rule->gid);
	if (c == 0)
		c = order(a->rule->sid, b->rule->sid);
	if (c == 0)
		c = order(a->rule->rev, b->rule->rev);
	if (c == 0)
		c = flow_key_compare(&a->key, &b->key);
	if (c == 0)
		c = order(a->bytes, b->bytes);
	return c != 0 ? c : strcmp(a->rule->signature, b->rule->signature);
}

static bool before(const struct alert_queue *q, uint32_t i, uint32_t j) {
	const struct alert_turn *a = &q->heap[i], *b = &q->heap[j];
	if (a->turn_us != b->turn_us)
		return a->turn_us < b->turn_us;
	return compare(&q->alerts[a->slot], &q->alerts[b->slot]) < 0;
}

static void swap(struct alert_queue *q, uint32_t i, uint32_t j) {
	struct alert_turn t = q->heap[i];
	q->heap[i] = q->heap[j];
	q->heap[j] = t;
}

static void count_mark(struct alert_queue *q, uint32_t mark) {
	if (q->n_oldest == 0 || mark < q->oldest_mark) {
		q->oldest_mark = mark;
		q->n_oldest = 0;
	}
	q->n_oldest += mark == q->oldest_mark;
}

bool alert_queue_push(struct alert_queue *q, const struct alert *a, uint32_t mark) {
	if (q->n == q->capacity && !grow(q))
		return false;
	uint32_t i = q->n++;
	q->heap[i].turn_us = a->turn_us;
	q->heap[i].mark = mark;
	q->alerts[q->heap[i].slot] = *a;
	count_mark(q, mark);
	for (; i > 0 && before(q, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(q, i, (i - 1) / 2);
	return true;
}

const struct alert *alert_queue_first(const struct alert_queue *q) {
	return q->n > 0 ? &q->alerts[q->heap[0].slot] : NULL;
}

static void sift_down(struct alert_queue *q) {
	for (uint32_t i = 0;;) {
		uint32_t least = i, left = 2 * i + 1, right = left + 1;
		if (left < q->n && before(q, left, least))
			least = left;
		if (right < q->n && before(q, right, least))
			least = right;
		if (least == i)
			return;
		swap(q, i, least);
		i = least;
	}
}

void alert_queue_pop(struct alert_queue *q) {
	uint32_t mark = q->heap[0].mark;
	// The last one's place keeps the slot that is free now.
	swap(q, 0, --q->n);
	sift_down(q);
	// Marks only grow with time: each is looked for once.
	if (mark == q->oldest_mark && --q->n_oldest == 0)
		for (uint32_t i = 0; i < q->n; i++)
			count_mark(q, q->heap[i].mark);
}

uint32_t alert_queue_oldest_mark(const struct alert_queue *q) {
	return q->n > 0 ? q->oldest_mark : UINT32_MAX;
}
