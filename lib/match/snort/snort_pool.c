// A hash table of sets with open addressing.

#include "snort_pool.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_SLOTS 64

static struct snort_ranges **slot_of(const struct snort_pool *p, const struct snort_ranges *r) {
	uint64_t at = hash_bytes(&p->seed, r->at, r->n * sizeof(r->at[0]));
	for (;; at++) {
		struct snort_ranges **slot = &p->slots[at & (p->n_slots - 1)];
		if (*slot == NULL || snort_ranges_equal(*slot, r))
			return slot;
	}
}

static bool grow(struct snort_pool *p) {
	struct snort_pool bigger = *p;
	bigger.n_slots = p->n_slots == 0 ? FIRST_SLOTS : p->n_slots * 2;
	bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return false;
	if (p->n_slots == 0)
		hash_seed_init(&bigger.seed);
	for (uint32_t i = 0; i < p->n_slots; i++) {
		if (p->slots[i] != NULL)
			*slot_of(&bigger, p->slots[i]) = p->slots[i];
	}
	free(p->slots);
	*p = bigger;
	return true;
}

int snort_pool_take(
	struct snort_pool *p, struct snort_ranges *ranges, const struct snort_ranges **set
) {
	int ret = -ENOMEM;
	if (p->n == p->n_slots / 2 && !grow(p))
		goto fail;
	struct snort_ranges **slot = slot_of(p, ranges);
	if (*slot != NULL) {
		free(ranges);
		*set = *slot;
		return 0;
	}
	ret = -E2BIG;
	if (p->n_ranges + ranges->n > SNORT_POOL_RANGES_MAX)
		goto fail;
	p->n_ranges += ranges->n;
	p->n++;
	*set = *slot = ranges;
	return 0;
fail:
	free(ranges);
	return ret;
}

void snort_pool_fini(struct snort_pool *p) {
	for (uint32_t i = 0; i < p->n_slots; i++)
		free(p->slots[i]);
	free(p->slots);
	*p = (struct snort_pool){};
}
