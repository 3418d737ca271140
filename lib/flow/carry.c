// Timers in a binary heap beside a table of sums: each sum knows where its timer is, each timer its sum.

#include "carry.h"

#include <assert.h>
#include <stdlib.h>

#define SUM_OCTETS (sizeof(struct flow_sum) + 2 * sizeof(uint32_t))
static_assert(CARRY_OCTETS == SUM_OCTETS + sizeof(struct carry_timer) + sizeof(uint32_t));

void carry_init(struct carry *c, uint64_t memory) {
	*c = (struct carry){.budget.max = memory / CARRY_OCTETS * SUM_OCTETS};
	sums_init(&c->sums, &c->budget);
}

void carry_fini(struct carry *c) {
	if (c->sums.budget != NULL)
		sums_fini(&c->sums);
	free(c->heap);
	free(c->at);
	*c = (struct carry){0};
}

static int grow(struct carry *c) {
	uint32_t capacity = c->sums.capacity;
	if (c->capacity == capacity)
		return 0;
	struct carry_timer *heap = realloc(c->heap, capacity * sizeof(*heap));
	c->heap = heap != NULL ? heap : c->heap;
	uint32_t *at = realloc(c->at, capacity * sizeof(*at));
	c->at = at != NULL ? at : c->at;
	if (heap == NULL || at == NULL)
		return -1;
	c->capacity = capacity;
	return 0;
}

static void put(struct carry *c, uint32_t at, struct carry_timer timer) {
	c->heap[at] = timer;
	c->at[timer.sum] = at;
}

// Moves a timer from `at`, whose place may hold anything, to where it belongs.
static void sift(struct carry *c, uint32_t at, struct carry_timer timer) {
	while (at > 0 && timer.due_us < c->heap[(at - 1) / 2].due_us) {
		put(c, at, c->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child + 1 < c->sums.n && c->heap[child + 1].due_us < c->heap[child].due_us)
			child++;
		if (child >= c->sums.n || timer.due_us <= c->heap[child].due_us)
			break;
		put(c, at, c->heap[child]);
		at = child;
	}
	put(c, at, timer);
}

struct flow_sum *carry_add(struct carry *c, const struct flow_sum *sum, int64_t due_us) {
	struct flow_sum *to = sums_find_insert_rule(&c->sums, &sum->key, sum->rule);
	if (to == NULL)
		return NULL;
	if (grow(c) < 0) {
		sums_remove(&c->sums, to);
		return NULL;
	}
	*to = *sum;
	uint32_t i = (uint32_t)(to - c->sums.sum);
	sift(c, i, (struct carry_timer){.due_us = due_us, .sum = i});
	return to;
}

void carry_arm(struct carry *c, const struct flow_sum *sum, int64_t due_us) {
	uint32_t i = (uint32_t)(sum - c->sums.sum);
	sift(c, c->at[i], (struct carry_timer){.due_us = due_us, .sum = i});
}

void carry_remove(struct carry *c, const struct flow_sum *sum) {
	uint32_t i = (uint32_t)(sum - c->sums.sum), at = c->at[i];
	sums_remove(&c->sums, sum);
	uint32_t last = c->sums.n;
	if (at < last)
		sift(c, at, c->heap[last]);
	if (i == last)
		return;
	c->at[i] = c->at[last];
	c->heap[c->at[i]].sum = i;
}
