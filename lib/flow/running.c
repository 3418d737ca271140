// Counters are taken off as they were added. The first time of a key is that of its oldest slice, which is
// why the sums of one key are linked from slice to slice; the last time is that of its newest.

#include "running.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

// There is no later one; and: it is part of its slice's rest. Positions in a slice are far below.
#define LINK_NONE UINT32_MAX
#define LINK_REST (UINT32_MAX - 1)

bool running_is_told(const struct running_part *p, uint32_t i) {
	return p->next != NULL && p->next[i].sum != LINK_REST;
}

void running_init(struct running *r, struct budget *budget) {
	*r = (struct running){0};
	sums_init(&r->sums, budget);
}

void running_count_distinct(struct running *r, const struct hash_seed *seed) {
	distinct_init(&r->distinct, r->sums.budget, seed, true);
	distinct_init(&r->scratch, r->sums.budget, seed, false);
}

static uint64_t link_octets(const struct running_part *p) {
	return p->next != NULL ? p->slice->sums.n * sizeof(*p->next) : 0;
}

static void part_fini(struct running *r, struct running_part *p) {
	r->sums.budget->used -= link_octets(p);
	free(p->next);
	slice_free(p->slice);
	*p = (struct running_part){0};
}

// Gives all memory for keys back.
static void forget_keys(struct running *r) {
	r->sums.budget->used -= r->keys * sizeof(*r->key);
	free(r->key);
	distinct_fini(&r->distinct);
	r->key = NULL;
	r->keys = 0;
	sums_fini(&r->sums);
}

void running_fini(struct running *r) {
	while (running_parts(r) > 0)
		part_fini(r, &r->part[r->head++]);
	free(r->part);
	if (r->sums.budget != NULL)
		forget_keys(r);
	*r = (struct running){0};
}

// Room for what is kept of each sum beside it.
static bool has_key(struct running *r) {
	struct budget *budget = r->sums.budget;
	uint32_t more = r->sums.capacity - r->keys;
	if (more == 0)
		return true;
	if (!budget_has(budget, more * sizeof(*r->key)))
		return false;
	struct running_key *key = realloc(r->key, r->sums.capacity * sizeof(*key));
	if (key == NULL)
		return false;
	budget->used += more * sizeof(*key);
	r->key = key;
	r->keys = r->sums.capacity;
	return true;
}

static void add_links(struct running *r, struct running_part *p) {
	size_t octets = p->slice->sums.n * sizeof(*p->next);
	p->next = octets > 0 && budget_has(r->sums.budget, octets) ? mem_lines(octets) : NULL;
	r->sums.budget->used += link_octets(p);
}

static struct running_part *part_of(const struct running *r, struct running_link link) {
	return &r->part[link.part - r->base];
}

// Adds the set of a slice's sum to that of its key.
static void add_distinct(
	struct running *r, struct running_key *key, const struct slice *slice,
	const struct flow_sum *from
) {
	key->least |= from->distinct_is == DISTINCT_LEAST;
	if (from->distinct == 0)
		return;
	if (key->distinct == 0)
		key->distinct = distinct_open(&r->distinct);
	if (key->distinct != 0)
		distinct_merge(&r->distinct, key->distinct, &slice->distinct, from->distinct);
	else
		key->least = true;
}

// Adds what a slice brings of one key. False: there is no room.
static bool add(struct running *r, struct running_link at, const struct flow_sum *from) {
	uint32_t keys = r->sums.n;
	struct flow_sum *to = sums_find_insert_rule(&r->sums, &from->key, from->rule);
	if (to == NULL)
		return false;
	// Counters do not tell: those of a state may add up to anything.
	bool fresh = r->sums.n > keys;
	if (fresh && !has_key(r)) {
		sums_remove(&r->sums, to);
		return false;
	}
	struct running_key *key = &r->key[to - r->sums.sum];
	if (fresh)
		*key = (struct running_key){0};
	else
		part_of(r, key->newest)->next[key->newest.sum] = at;
	key->newest = at;
	for (uint32_t flags = from->tcp_flags; flags != 0; flags &= flags - 1)
		key->flags[__builtin_ctz(flags)]++;
	key->opens += from->opens;
	flow_sum_merge(to, from);
	add_distinct(r, key, part_of(r, at)->slice, from);
	return true;
}

static void add_part(struct running *r, uint32_t i) {
	struct running_part *p = &r->part[i];
	struct slice *slice = p->slice;
	for (uint32_t k = 0; k < slice->sums.n; k++) {
		const struct flow_sum *from = &slice->sums.sum[k];
		if (p->next == NULL) {
			flow_sum_merge(&slice->rest, from);
			continue;
		}
		if (p->next[k].sum == LINK_REST)
			continue;
		p->next[k].sum = LINK_NONE;
		if (!add(r, (struct running_link){.part = r->base + i, .sum = k}, from)) {
			p->next[k].sum = LINK_REST;
			flow_sum_merge(&slice->rest, from);
		}
	}
}

// Slices came out of order: everything is added up anew.
static void add_anew(struct running *r) {
	sums_clear(&r->sums);
	distinct_fini(&r->distinct);
	for (uint32_t i = r->head; i < r->n; i++)
		if (r->part[i].next != NULL)
			add_part(r, i);
}

static int make_room(struct running *r) {
	if (r->n < r->capacity)
		return 0;
	if (r->head > r->capacity / 2) {
		memmove(r->part, r->part + r->head, running_parts(r) * sizeof(*r->part));
		r->base += r->head;
		r->n -= r->head;
		r->head = 0;
		return 0;
	}
	uint32_t capacity = r->capacity == 0 ? 16 : r->capacity * 2;
	struct running_part *part = realloc(r->part, capacity * sizeof(*part));
	if (part == NULL)
		return -ENOMEM;
	r->part = part;
	r->capacity = capacity;
	return 0;
}

int running_join(struct running *r, struct slice *slice) {
	if (make_room(r) < 0)
		return -ENOMEM;
	uint32_t i = r->n++;
	for (; i > r->head && r->part[i - 1].slice->start_us > slice->start_us; i--)
		r->part[i] = r->part[i - 1];
	r->part[i] = (struct running_part){.slice = slice};
	add_links(r, &r->part[i]);
	if (i == r->n - 1 || r->part[i].next == NULL)
		add_part(r, i);
	if (i < r->n - 1)
		add_anew(r);
	return 0;
}

// Takes off what a slice brought of one key that comes again at `next`.
static void take_off(
	struct running *r, const struct slice *slice, struct flow_sum *to,
	const struct flow_sum *from, struct running_link next
) {
	struct running_key *key = &r->key[to - r->sums.sum];
	if (key->distinct != 0 && from->distinct != 0)
		distinct_take_off(&r->distinct, key->distinct, &slice->distinct, from->distinct);
	to->packets -= from->packets;
	to->bytes -= from->bytes;
	to->frame_bytes -= from->frame_bytes;
	to->matches -= from->matches;
	to->first_us = part_of(r, next)->slice->sums.sum[next.sum].first_us;
	for (uint32_t flags = from->tcp_flags; flags != 0; flags &= flags - 1)
		if (--key->flags[__builtin_ctz(flags)] == 0)
			to->tcp_flags &= (uint8_t) ~(flags & -flags);
	key->opens -= from->opens;
	to->opens = key->opens > 0;
}

static void remove_key(struct running *r, const struct flow_sum *sum) {
	uint32_t i = (uint32_t)(sum - r->sums.sum);
	distinct_close(&r->distinct, r->key[i].distinct);
	sums_remove(&r->sums, sum);
	r->key[i] = r->key[r->sums.n];
}

void running_leave(struct running *r) {
	struct running_part *p = &r->part[r->head];
	for (uint32_t k = 0; p->next != NULL && k < p->slice->sums.n; k++) {
		const struct flow_sum *from = &p->slice->sums.sum[k];
		if (p->next[k].sum == LINK_REST)
			continue;
		struct flow_sum *to = sums_find(&r->sums, &from->key, from->rule);
		if (p->next[k].sum == LINK_NONE)
			remove_key(r, to);
		else
			take_off(r, p->slice, to, from, p->next[k]);
	}
	part_fini(r, p);
	if (++r->head < r->n)
		return;
	r->head = r->n = 0;
	forget_keys(r);
}

struct flow_sum running_rest(const struct running *r) {
	struct flow_sum rest = {.key = {.flags = KEY_REST}};
	for (uint32_t i = r->head; i < r->n; i++) {
		const struct flow_sum *from = &r->part[i].slice->rest;
		if (flow_sum_any(from))
			flow_sum_merge(&rest, from);
	}
	return rest;
}

// Puts the sets of all slices that have the key together.
static void
gather(const struct running *r, const struct flow_sum *sum, struct distinct *to, uint32_t set) {
	for (uint32_t i = r->head; i < r->n; i++) {
		const struct running_part *p = &r->part[i];
		const struct flow_sum *from = sums_find(&p->slice->sums, &sum->key, sum->rule);
		if (from == NULL || p->next == NULL || from->distinct == 0
		    || p->next[from - p->slice->sums.sum].sum == LINK_REST)
			continue;
		distinct_merge(to, set, &p->slice->distinct, from->distinct);
	}
}

// A set of too many values to keep. Where they have become fewer it is kept again.
static void tell_over(struct running *r, struct flow_sum *sum, struct running_key *key) {
	uint32_t set = distinct_open(&r->scratch);
	if (set == 0) {
		sum->distinct_is = DISTINCT_LEAST;
	} else {
		gather(r, sum, &r->scratch, set);
	}
	distinct_tell(&r->scratch, set, sum);
	distinct_close(&r->scratch, set);
	if (sum->distinct_is != DISTINCT_EXACT)
		return;
	distinct_close(&r->distinct, key->distinct);
	key->distinct = distinct_open(&r->distinct);
	if (key->distinct != 0)
		gather(r, sum, &r->distinct, key->distinct);
	else
		key->least = true;
}

void running_tell_distinct(struct running *r) {
	if (r->distinct.budget == NULL)
		return;
	for (uint32_t i = 0; i < r->sums.n; i++) {
		struct flow_sum *sum = &r->sums.sum[i];
		struct running_key *key = &r->key[i];
		sum->distinct_is = key->least ? DISTINCT_LEAST : DISTINCT_NONE;
		if (distinct_is_over(&r->distinct, key->distinct))
			tell_over(r, sum, key);
		else
			distinct_tell(&r->distinct, key->distinct, sum);
	}
}
