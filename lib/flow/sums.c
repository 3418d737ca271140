// Sums by key: entries lie densely in order of insertion, an open-addressing index finds them.
// Both double together; growth that the budget forbids is refused, what is there stays.

#include "sums.h"

#include "base/mem.h"

#include <stdlib.h>

#define FIRST_CAPACITY 4

static uint64_t octets(uint32_t capacity) {
	return (uint64_t)capacity * SUMS_ROW_OCTETS;
}

void sums_init(struct sums *s, struct budget *budget) {
	memset(s, 0, sizeof(*s));
	s->budget = budget;
}

void sums_fini(struct sums *s) {
	free(s->sum);
	free(s->index);
	s->budget->used -= octets(s->capacity);
	sums_init(s, s->budget);
}

void sums_init_fixed(struct sums *s, uint32_t capacity, struct flow_sum *sum, uint32_t *index) {
	*s = (struct sums){.sum = sum, .index = index, .capacity = capacity};
}

void sums_clear(struct sums *s) {
	uint32_t mask = s->capacity * 2 - 1;
	// The newest first: each leaves the index as it found it, so that the way to those before stays.
	while (s->n > 0) {
		uint32_t at = s->sum[s->n - 1].key.hash & mask;
		while (s->index[at] != s->n)
			at = (at + 1) & mask;
		s->index[at] = 0;
		s->n--;
	}
}

struct sums sums_detach(struct sums *s) {
	struct sums detached = *s;
	if (s->capacity > 0)
		memset(s->index, 0, (size_t)s->capacity * 2 * sizeof(*s->index));
	detached.n = 0;
	s->budget->used -= octets(s->capacity);
	s->budget->spare += octets(s->capacity);
	sums_init(s, s->budget);
	return detached;
}

bool sums_attach(struct sums *s, struct sums *detached) {
	struct budget *budget = s->budget;
	if (!budget_has(budget, octets(detached->capacity)))
		return false;
	*s = *detached;
	budget->spare -= octets(s->capacity);
	budget->used += octets(s->capacity);
	*detached = (struct sums){0};
	return true;
}

void sums_drop(struct sums *detached) {
	if (detached->capacity > 0)
		detached->budget->spare -= octets(detached->capacity);
	free(detached->sum);
	free(detached->index);
	*detached = (struct sums){0};
}

static int grow(struct sums *s) {
	if (s->budget == NULL)
		return -1;
	uint32_t capacity = s->capacity == 0 ? FIRST_CAPACITY : s->capacity * 2;
	uint64_t more = octets(capacity) - octets(s->capacity);
	if (capacity > UINT32_MAX / 4 || !budget_has(s->budget, more))
		return -1;
	// Not realloc: it does not know that keys begin a cache line.
	struct flow_sum *sum = aligned_alloc(CACHE_LINE, capacity * sizeof(*sum));
	uint32_t *index = mem_lines((size_t)capacity * 2 * sizeof(*index));
	if (sum == NULL || index == NULL) {
		free(sum);
		free(index);
		return -1;
	}
	if (s->n > 0)
		memcpy(sum, s->sum, s->n * sizeof(*sum));
	uint32_t mask = capacity * 2 - 1;
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t at = sum[i].key.hash & mask;
		while (index[at] != 0)
			at = (at + 1) & mask;
		index[at] = i + 1;
	}
	free(s->sum);
	free(s->index);
	s->sum = sum;
	s->index = index;
	s->capacity = capacity;
	s->budget->used += more;
	return 0;
}

static inline struct flow_sum *
find(const struct sums *s, const struct flow_key *key, struct rule_id rule, uint32_t *at) {
	uint32_t mask = s->capacity * 2 - 1;
	for (*at = key->hash & mask; s->index[*at] != 0; *at = (*at + 1) & mask) {
		struct flow_sum *sum = &s->sum[s->index[*at] - 1];
		if (sum->key.hash == key->hash && flow_key_equal(&sum->key, key)
		    && rule_id_equal(sum->rule, rule))
			return sum;
	}
	return NULL;
}

static inline struct flow_sum *
find_insert(struct sums *s, const struct flow_key *key, struct rule_id rule) {
	uint32_t at = 0;
	struct flow_sum *there = s->capacity > 0 ? find(s, key, rule, &at) : NULL;
	if (there != NULL)
		return there;
	if (s->n == s->capacity) {
		if (grow(s) < 0)
			return NULL;
		find(s, key, rule, &at);
	}
	s->index[at] = s->n + 1;
	struct flow_sum *sum = &s->sum[s->n++];
	memset(sum, 0, sizeof(*sum));
	sum->key = *key;
	sum->rule = rule;
	return sum;
}

struct flow_sum *sums_find_insert(struct sums *s, const struct flow_key *key) {
	return find_insert(s, key, (struct rule_id){0});
}

struct flow_sum *
sums_find_insert_rule(struct sums *s, const struct flow_key *key, struct rule_id rule) {
	return find_insert(s, key, rule);
}

struct flow_sum *sums_find(const struct sums *s, const struct flow_key *key, struct rule_id rule) {
	uint32_t at;
	return s->n > 0 ? find(s, key, rule, &at) : NULL;
}

// The slot of the index that holds `value`, which is there, on the way of `hash`.
static uint32_t slot_of(const struct sums *s, uint32_t hash, uint32_t value) {
	uint32_t mask = s->capacity * 2 - 1, at = hash & mask;
	while (s->index[at] != value)
		at = (at + 1) & mask;
	return at;
}

// Empties a slot of the index; whoever found its way past it moves up.
static void vacate(struct sums *s, uint32_t hole) {
	uint32_t mask = s->capacity * 2 - 1;
	for (uint32_t at = (hole + 1) & mask; s->index[at] != 0; at = (at + 1) & mask) {
		uint32_t home = s->sum[s->index[at] - 1].key.hash & mask;
		// From its home to where it is, the hole does not lie on the way.
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		s->index[hole] = s->index[at];
		hole = at;
	}
	s->index[hole] = 0;
}

void sums_remove(struct sums *s, const struct flow_sum *sum) {
	uint32_t i = (uint32_t)(sum - s->sum), last = s->n - 1;
	vacate(s, slot_of(s, sum->key.hash, i + 1));
	if (i < last) {
		s->index[slot_of(s, s->sum[last].key.hash, last + 1)] = i + 1;
		s->sum[i] = s->sum[last];
	}
	s->n = last;
}
