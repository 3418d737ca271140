// Windows from panes: open slices in order of time, found by binary search with the last one at hand.

#include "window.h"

#include "base/field.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

struct window_set {
	struct window_config conf;
	struct flow_key mask;
	struct window_slice **open; // by start_us, oldest at `head`
	uint32_t head;
	uint32_t n; // one past the newest
	uint32_t capacity;
	struct window_slice *last; // the one added to last
};

struct window_set *window_set_new(const struct window_config *conf) {
	struct window_set *ws = mem_lines(sizeof(*ws));
	if (ws == NULL)
		return NULL;
	ws->conf = *conf;
	flow_key_mask(&ws->mask, conf->fields);
	return ws;
}

void window_slice_free(struct window_slice *slice) {
	if (slice == NULL)
		return;
	struct budget *budget = slice->sums.budget;
	sums_fini(&slice->sums);
	budget->used -= sizeof(*slice);
	free(slice);
}

void window_set_free(struct window_set *ws) {
	if (ws == NULL)
		return;
	for (uint32_t i = ws->head; i < ws->n; i++)
		window_slice_free(ws->open[i]);
	free(ws->open);
	free(ws);
}

// The first open slice that does not start before `start_us`.
static uint32_t lower_bound(const struct window_set *ws, int64_t start_us) {
	uint32_t low = ws->head, high = ws->n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (ws->open[mid]->start_us < start_us)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int make_room(struct window_set *ws) {
	if (ws->n < ws->capacity)
		return 0;
	if (ws->head > ws->capacity / 2) {
		memmove(ws->open, ws->open + ws->head, (ws->n - ws->head) * sizeof(*ws->open));
		ws->n -= ws->head;
		ws->head = 0;
		return 0;
	}
	uint32_t capacity = ws->capacity == 0 ? 16 : ws->capacity * 2;
	struct window_slice **open = realloc(ws->open, capacity * sizeof(*open));
	if (open == NULL)
		return -ENOMEM;
	ws->open = open;
	ws->capacity = capacity;
	return 0;
}

static struct window_slice *slice_at(struct window_set *ws, int64_t start_us) {
	if (ws->last != NULL && ws->last->start_us == start_us)
		return ws->last;
	uint32_t i = lower_bound(ws, start_us);
	if (i < ws->n && ws->open[i]->start_us == start_us)
		return ws->last = ws->open[i];
	uint32_t behind = ws->n - i;
	if (make_room(ws) < 0)
		return NULL;
	struct window_slice *slice = mem_lines(sizeof(*slice));
	if (slice == NULL)
		return NULL;
	slice->start_us = start_us;
	slice->end_us = start_us + ws->conf.size_us;
	slice->rest.key.flags = KEY_REST;
	sums_init(&slice->sums, ws->conf.budget);
	// A slice is made even over the budget: the `rest` row must have a place.
	ws->conf.budget->used += sizeof(*slice);
	i = ws->n - behind;
	memmove(ws->open + i + 1, ws->open + i, behind * sizeof(*ws->open));
	ws->open[i] = slice;
	ws->n++;
	return ws->last = slice;
}

static int add_rules(struct window_set *ws, const struct pane *pane) {
	const struct rule_rows *rules = pane->rules;
	// A window that nothing matched in is none.
	if (rules == NULL || !rule_rows_any(rules))
		return 0;
	struct window_slice *slice = slice_at(ws, pane_start(pane->start_us, ws->conf.size_us));
	if (slice == NULL)
		return -ENOMEM;
	const struct hash_seed *seed = &ws->conf.seed;
	for (uint32_t i = 0; i < rules->sums.n; i++) {
		const struct flow_sum *row = &rules->sums.sum[i];
		struct flow_key key = row->key;
		uint32_t hash = flow_key_finish(&key, &ws->mask, seed);
		key.hash = rule_id_hash(hash, row->rule, seed);
		struct flow_sum *sum = sums_find_insert_rule(&slice->sums, &key, row->rule);
		flow_sum_merge(sum != NULL ? sum : &slice->rest, row);
	}
	if (rules->rest.packets > 0)
		flow_sum_merge(&slice->rest, &rules->rest);
	return 0;
}

int window_set_add(struct window_set *ws, const struct pane *pane) {
	if (ws->conf.fields & FIELD_BIT(FIELD_RULE))
		return add_rules(ws, pane);
	struct window_slice *slice = slice_at(ws, pane_start(pane->start_us, ws->conf.size_us));
	if (slice == NULL)
		return -ENOMEM;
	struct flow_key key;
	uint32_t line = 0;
	const struct flow_row *row;
	while ((row = flow_table_next(&pane->table, &line, &key)) != NULL) {
		// Packets may be in a hand-over before: what was found in them later counts all the same.
		if (row->packets == 0 && row->matches == 0)
			continue;
		flow_key_finish(&key, &ws->mask, &ws->conf.seed);
		struct flow_sum *sum = sums_find_insert(&slice->sums, &key);
		flow_sum_add(sum != NULL ? sum : &slice->rest, row, pane->start_us);
	}
	if (pane->rest.packets > 0 || pane->rest.matches > 0)
		flow_sum_add(&slice->rest, &pane->rest, pane->start_us);
	return 0;
}

struct window_slice *window_set_close(struct window_set *ws, int64_t horizon_us) {
	if (ws->head == ws->n || ws->open[ws->head]->end_us > horizon_us)
		return NULL;
	struct window_slice *slice = ws->open[ws->head++];
	if (slice == ws->last)
		ws->last = NULL;
	if (ws->head == ws->n)
		ws->head = ws->n = 0;
	return slice;
}

uint32_t window_set_open(const struct window_set *ws) {
	return ws->n - ws->head;
}
