// Open slices in order of time, found by binary search with the last one at hand.

#include "slices.h"

#include "base/field.h"
#include "base/mem.h"
#include "packet/flow_key_hash.h"

#include <errno.h>
#include <stdlib.h>

void slices_init(struct slices *s, const struct slices_config *conf) {
	*s = (struct slices){.conf = *conf};
	flow_key_mask(&s->mask, conf->fields);
	flow_key_cut(&s->mask, &conf->cut);
}

void slices_fini(struct slices *s) {
	for (uint32_t i = s->head; i < s->n; i++)
		slice_free(s->open[i]);
	sums_drop(&s->spare);
	free(s->open);
	s->open = NULL;
	s->head = s->n = 0;
}

struct slice *slice_new(int64_t start_us, int64_t end_us, struct budget *budget) {
	struct slice *slice = mem_lines(sizeof(*slice));
	if (slice == NULL)
		return NULL;
	slice->start_us = start_us;
	slice->end_us = end_us;
	slice->rest.key.flags = KEY_REST;
	sums_init(&slice->sums, budget);
	budget->used += sizeof(*slice);
	return slice;
}

void slice_free(struct slice *slice) {
	if (slice == NULL)
		return;
	struct budget *budget = slice->sums.budget;
	sums_fini(&slice->sums);
	distinct_fini(&slice->distinct);
	budget->used -= sizeof(*slice);
	free(slice);
}

// Rows of a table that is worth keeping; how often the budget must have room for it where it is used, which nobody
// is to feel.
#define SPARE_LEAST 1024
#define SPARE_SHARE 8

void slices_give_back(struct slices *s, struct slice *slice) {
	if (slice == NULL)
		return;
	s->rows = slice->sums.n;
	if (slice->sums.capacity >= SPARE_LEAST && slice->sums.capacity > s->spare.capacity) {
		sums_drop(&s->spare);
		s->spare = sums_detach(&slice->sums);
	}
	slice_free(slice);
}

static void use_spare(struct slices *s, struct slice *slice) {
	uint64_t room = SPARE_SHARE * sums_octets(&s->spare);
	if (s->spare.capacity == 0)
		return;
	// The next one may be as the last, which had grown to that size.
	if (s->spare.capacity / 2 > s->rows || !budget_has(s->conf.budget, room)
	    || !sums_attach(&slice->sums, &s->spare))
		sums_drop(&s->spare);
}

// What all streams keep beside the budget must fit into it with what is used.
static void check_spare(struct slices *s) {
	if (s->spare.capacity > 0 && !budget_has(s->conf.budget, s->conf.budget->spare))
		sums_drop(&s->spare);
}

// The first open slice that does not start before `start_us`.
static uint32_t lower_bound(const struct slices *s, int64_t start_us) {
	uint32_t low = s->head, high = s->n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (s->open[mid]->start_us < start_us)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int make_room(struct slices *s) {
	if (s->n < s->capacity)
		return 0;
	if (s->head > s->capacity / 2) {
		memmove(s->open, s->open + s->head, (s->n - s->head) * sizeof(*s->open));
		s->n -= s->head;
		s->head = 0;
		return 0;
	}
	uint32_t capacity = s->capacity == 0 ? 16 : s->capacity * 2;
	struct slice **open = realloc(s->open, capacity * sizeof(*open));
	if (open == NULL)
		return -ENOMEM;
	s->open = open;
	s->capacity = capacity;
	return 0;
}

struct slice *slices_new(struct slices *s, int64_t start_us) {
	struct slice *slice = slice_new(start_us, start_us + s->conf.width_us, s->conf.budget);
	if (slice != NULL)
		distinct_init(&slice->distinct, s->conf.budget, &s->conf.seed, false);
	return slice;
}

struct slice *slices_at(struct slices *s, int64_t start_us) {
	if (s->last != NULL && s->last->start_us == start_us)
		return s->last;
	uint32_t i = lower_bound(s, start_us);
	if (i < s->n && s->open[i]->start_us == start_us)
		return s->last = s->open[i];
	uint32_t behind = s->n - i;
	if (make_room(s) < 0)
		return NULL;
	struct slice *slice = slices_new(s, start_us);
	if (slice == NULL)
		return NULL;
	use_spare(s, slice);
	i = s->n - behind;
	memmove(s->open + i + 1, s->open + i, behind * sizeof(*s->open));
	s->open[i] = slice;
	s->n++;
	return s->last = slice;
}

static struct slice *slice_for(struct slices *s, const struct pane *pane) {
	return slices_at(s, pane_start(pane->start_us, s->conf.width_us));
}

void slices_hash(const struct slices *s, struct flow_sum *sum) {
	if (sum->key.flags & KEY_REST) {
		sum->key.hash = 0;
		return;
	}
	uint32_t hash = flow_key_finish(&sum->key, &s->mask, &s->conf.seed);
	if (s->conf.fields & FIELD_BIT(FIELD_RULE))
		sum->key.hash = rule_id_hash(hash, sum->rule, &s->conf.seed);
}

static bool takes(const struct slices *s, const struct flow_key *key, struct rule_id rule) {
	struct flow_key turned;
	if (s->conf.where == NULL || where_holds(s->conf.where, key, rule))
		return true;
	if (!s->conf.biflow)
		return false;
	flow_key_turn(&turned, key);
	return where_holds(s->conf.where, &turned, rule);
}

// The value that is counted as distinct. False: nobody asks, or there is none.
static bool find_value(
	const struct slices *s, const struct flow_key *key, struct rule_id rule,
	struct flow_value *value
) {
	if (s->conf.distinct == 0)
		return false;
	enum field f = (enum field)__builtin_ctz(s->conf.distinct);
	bool there = flow_value_get(key, rule, f, value);
	if (key_cut_has(&s->conf.distinct_cut, f)) {
		const struct key_cut *cut = &s->conf.distinct_cut;
		uint32_t low = value->family == KEY_V6 ? cut->v6[f] : cut->v4[f];
		value->number = value->number >> low << low;
	}
	return there;
}

static void add_value(struct slice *slice, struct flow_sum *sum, const struct flow_value *value) {
	if (sum->distinct == 0)
		sum->distinct = distinct_open(&slice->distinct);
	if (sum->distinct != 0)
		distinct_add(&slice->distinct, sum->distinct, value);
	else
		sum->distinct_is = DISTINCT_LEAST;
}

static int add_events(struct slices *s, const struct pane *pane) {
	const struct rule_rows *rules = pane->rules;
	struct slice *slice = NULL;
	for (uint32_t i = 0; rules != NULL && i < rules->sums.n; i++) {
		const struct flow_sum *row = &rules->sums.sum[i];
		struct flow_key key = row->key;
		struct flow_value value;
		bool there = find_value(s, &key, row->rule, &value);
		uint32_t hash = flow_key_finish(&key, &s->mask, &s->conf.seed);
		if (!takes(s, &key, row->rule))
			continue;
		if (slice == NULL && (slice = slice_for(s, pane)) == NULL)
			return -ENOMEM;
		key.hash = rule_id_hash(hash, row->rule, &s->conf.seed);
		struct flow_sum *sum = sums_find_insert_rule(&slice->sums, &key, row->rule);
		flow_sum_merge(sum != NULL ? sum : &slice->rest, row);
		if (there && sum != NULL)
			add_value(slice, sum, &value);
	}
	if (rules == NULL || !flow_sum_any(&rules->rest))
		return 0;
	if (slice == NULL && (slice = slice_for(s, pane)) == NULL)
		return -ENOMEM;
	flow_sum_merge(&slice->rest, &rules->rest);
	return 0;
}

// Rows on their way into a slice: while what the slice has of one is still on its way from memory, the next ones
// are looked for. More at a time would be felt by workers, who wait for the same memory.
#define BATCH 4

struct batch {
	uint32_t n;
	struct flow_key key[BATCH]; // masked
	const struct flow_row *row[BATCH];
	struct flow_value value[BATCH];
	bool there[BATCH]; // a value
};

// The next rows that the stream takes. False: there are none.
static bool
next_rows(const struct slices *s, const struct flow_table *t, uint32_t *line, struct batch *b) {
	b->n = 0;
	while (b->n < BATCH) {
		uint32_t i = b->n;
		struct flow_key *key = &b->key[i];
		if ((b->row[i] = flow_table_next(t, line, key)) == NULL)
			break;
		if (!flow_row_any(b->row[i]))
			continue;
		b->there[i] = find_value(s, key, (struct rule_id){0}, &b->value[i]);
		flow_key_finish(key, &s->mask, &s->conf.seed);
		b->n += takes(s, key, (struct rule_id){0});
	}
	return b->n > 0;
}

static void add_rows(struct slice *slice, const struct batch *b, int64_t start_us) {
	for (uint32_t i = 0; i < b->n; i++) {
		struct flow_sum *sum = sums_find_insert(&slice->sums, &b->key[i]);
		flow_sum_add(sum != NULL ? sum : &slice->rest, b->row[i], start_us);
		if (b->there[i] && sum != NULL)
			add_value(slice, sum, &b->value[i]);
	}
}

int slices_add(struct slices *s, const struct pane *pane) {
	if (s->conf.fields & FIELD_BIT(FIELD_RULE))
		return add_events(s, pane);
	struct slice *slice = NULL;
	struct batch b;
	uint32_t line = 0;
	check_spare(s);
	while (next_rows(s, &pane->table, &line, &b)) {
		if (slice == NULL && (slice = slice_for(s, pane)) == NULL)
			return -ENOMEM;
		add_rows(slice, &b, pane->start_us);
	}
	if (!flow_row_any(&pane->rest))
		return 0;
	if (slice == NULL && (slice = slice_for(s, pane)) == NULL)
		return -ENOMEM;
	flow_sum_add(&slice->rest, &pane->rest, pane->start_us);
	return 0;
}

struct slice *slices_take(struct slices *s) {
	struct slice *slice = s->open[s->head++];
	if (slice == s->last)
		s->last = NULL;
	if (s->head == s->n)
		s->head = s->n = 0;
	return slice;
}
