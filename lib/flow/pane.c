// The pane store: a few active panes found by time, the rest in circulation with the exporter.

#include "pane.h"

#include "base/divisor.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

// Small panes for the worst moment: each holds a `rest` row and a few flows of its stretch of time.
#define RESERVE_PANES 16
#define RESERVE_ROWS 256

// A pane that has this many packets left before counters could wrap is handed over.
#define PACKETS_MARGIN 65536

int64_t pane_width(const int64_t *steps_us, uint32_t n, int64_t most_us) {
	int64_t width = 0;
	for (uint32_t i = 0; i < n; i++)
		width = divisor_common(steps_us[i], width);
	return width == 0 ? most_us : divisor_at_most(width, most_us);
}

int64_t pane_start(int64_t time_us, int64_t width_us) {
	int64_t r = time_us % width_us;
	return time_us - (r < 0 ? r + width_us : r);
}

int64_t pane_horizon(int64_t horizon_us, int64_t width_us) {
	if (horizon_us == INT64_MAX || horizon_us < INT64_MIN + width_us)
		return horizon_us;
	return pane_start(horizon_us, width_us);
}

static void pane_clear(struct pane *p) {
	flow_table_reset(&p->table);
	memset(&p->rest, 0, sizeof(p->rest));
	p->rest.first_us = FLOW_ROW_EMPTY_FIRST;
	p->packets = 0;
	if (p->rules != NULL)
		rule_rows_clear(p->rules);
}

// The pane's table and rows of events.
static int pane_init(struct pane *p, struct rule_rows *rules, const struct pane_config *conf) {
	uint32_t rows = p->reserve ? RESERVE_ROWS : conf->rows;
	int ret = flow_table_init(&p->table, rows, conf->mem);
	if (rules != NULL && ret == 0) {
		rows = p->reserve ? RESERVE_ROWS : conf->rules.rows;
		ret = rule_rows_init(rules, &conf->rules, rows, conf->mem);
		p->rules = rules;
	}
	pane_clear(p);
	return ret;
}

int pane_store_init(struct pane_store *ps, const struct pane_config *conf) {
	memset(ps, 0, sizeof(*ps));
	ps->width_us = conf->width_us;
	ps->turn_width_us = conf->turn_us;
	ps->turn_us = INT64_MIN;
	ps->max_active = conf->active;
	ps->patient = conf->patient;
	ps->rows = FLOW_TABLE_ROWS_MIN;
	atomic_store_explicit(&ps->horizon_us, INT64_MIN, memory_order_relaxed);
	uint32_t full = conf->active + conf->spares;
	ps->n_all = full + RESERVE_PANES;
	ps->all = calloc(ps->n_all, sizeof(*ps->all));
	ps->reserve = calloc(RESERVE_PANES, sizeof(struct pane *));
	int ret = ps->all == NULL || ps->reserve == NULL ? -ENOMEM : 0;
	if (conf->rules.rows > 0) {
		ps->rules = mem_lines(ps->n_all * sizeof(*ps->rules));
		ret = ps->rules == NULL ? -ENOMEM : ret;
	}
	if (ret == 0)
		ret = spsc_init(&ps->sealed, ps->n_all, sizeof(struct pane *));
	if (ret == 0)
		ret = spsc_init(&ps->spare, ps->n_all, sizeof(struct pane *));
	for (uint32_t i = 0; ret == 0 && i < ps->n_all; i++) {
		struct pane *p = &ps->all[i];
		p->reserve = i >= full;
		ret = pane_init(p, ps->rules != NULL ? &ps->rules[i] : NULL, conf);
		if (p->reserve)
			ps->reserve[ps->n_reserve++] = p;
		else if (ret == 0)
			spsc_push(&ps->spare, &p);
	}
	if (ret < 0)
		pane_store_fini(ps);
	return ret;
}

void pane_store_fini(struct pane_store *ps) {
	for (uint32_t i = 0; ps->all != NULL && i < ps->n_all; i++)
		flow_table_fini(&ps->all[i].table);
	for (uint32_t i = 0; ps->rules != NULL && i < ps->n_all; i++)
		rule_rows_fini(&ps->rules[i]);
	free(ps->all);
	free(ps->rules);
	free(ps->reserve);
	spsc_fini(&ps->sealed);
	spsc_fini(&ps->spare);
	ps->all = NULL;
	ps->rules = NULL;
	ps->reserve = NULL;
}

// An empty full-sized pane, NULL if none is back. Small ones that come back are put by.
static struct pane *take_spare(struct pane_store *ps) {
	struct pane *p;
	while (spsc_pop(&ps->spare, &p)) {
		if (!p->reserve)
			return p;
		ps->reserve[ps->n_reserve++] = p;
	}
	return NULL;
}

// Only a capture file gets here with nothing back: it waits for the exporter, which never waits for
// a worker.
static struct pane *wait_spare(struct pane_store *ps) {
	struct timespec nap = {.tv_nsec = 20000};
	for (uint32_t turns = 0;; turns++) {
		struct pane *p = take_spare(ps);
		if (p != NULL)
			return p;
		if (turns < 100)
			sched_yield();
		else
			nanosleep(&nap, NULL);
	}
}

bool pane_store_has_spare(struct pane_store *ps) {
	uint32_t first;
	return ps->patient || spsc_peek(&ps->spare, 1, &first) != 0;
}

// The next pane is laid out for as many flows as this one had: far more where it was full, so that a
// sudden crowd costs few hand-overs, and fewer where most of it was empty.
static void learn_size(struct pane_store *ps, const struct pane *p) {
	const struct flow_table *t = &p->table;
	if (t->flows >= t->limit && ps->rows / 16 < t->limit && !p->reserve)
		ps->rows = t->limit < UINT32_MAX / 16 ? t->limit * 16 : UINT32_MAX;
	else if (t->flows < t->limit / 8 && ps->rows > FLOW_TABLE_ROWS_MIN)
		ps->rows /= 2;
}

static void seal(struct pane_store *ps, struct pane *p) {
	learn_size(ps, p);
	// There is a place in the ring for every pane there is.
	int pushed = spsc_push(&ps->sealed, &p);
	assert(pushed);
	(void)pushed;
	ps->handed_over++;
}

static void seal_active(struct pane_store *ps, uint32_t i) {
	seal(ps, ps->active[i]);
	ps->active[i] = ps->active[--ps->n_active];
}

static uint32_t oldest(const struct pane_store *ps) {
	uint32_t old = 0;
	for (uint32_t i = 1; i < ps->n_active; i++)
		if (ps->active[i]->used_at < ps->active[old]->used_at)
			old = i;
	return old;
}

struct pane *pane_store_find(struct pane_store *ps, int64_t time_us) {
	for (uint32_t i = 0; i < ps->n_active; i++) {
		struct pane *p = ps->active[i];
		if (time_us >= p->start_us && time_us < p->end_us) {
			p->used_at = ++ps->opened;
			return p;
		}
	}
	return NULL;
}

static struct pane *activate(struct pane_store *ps, struct pane *p, int64_t start_us) {
	p->start_us = start_us;
	p->end_us = start_us + ps->width_us;
	p->turn_us = ps->turn_us;
	p->used_at = ++ps->opened;
	flow_table_size(&p->table, ps->rows);
	ps->active[ps->n_active++] = p;
	return p;
}

void pane_store_turn(struct pane_store *ps, int64_t floor_us) {
	int64_t turn_us = pane_start(floor_us, ps->turn_width_us);
	if (turn_us <= ps->turn_us)
		return;
	pane_store_flush(ps);
	ps->turn_us = turn_us;
}

struct pane *pane_store_open(struct pane_store *ps, int64_t time_us) {
	if (ps->n_active == ps->max_active)
		seal_active(ps, oldest(ps));
	struct pane *p = ps->patient ? wait_spare(ps) : take_spare(ps);
	if (p == NULL && ps->n_reserve > 0)
		p = ps->reserve[--ps->n_reserve];
	if (p == NULL)
		return NULL;
	return activate(ps, p, pane_start(time_us, ps->width_us));
}

struct pane *pane_store_renew(struct pane_store *ps, struct pane *p) {
	struct pane *fresh = ps->patient ? NULL : take_spare(ps);
	if (fresh == NULL && !ps->patient)
		return p;
	int64_t start_us = p->start_us; // once sealed it is the exporter's
	for (uint32_t i = 0; i < ps->n_active; i++) {
		if (ps->active[i] == p) {
			seal_active(ps, i);
			break;
		}
	}
	// Sealed first: waiting for a spare must not hold back what could become one.
	if (fresh == NULL)
		fresh = wait_spare(ps);
	return activate(ps, fresh, start_us);
}

// Events that find no room are not worth packets that find no pane.
static bool crowded(struct pane_store *ps, const struct pane *p) {
	return UNLIKELY(p->rules != NULL && rule_rows_crowded(p->rules))
		&& pane_store_has_spare(ps);
}

static bool is_over(const struct pane_store *ps, const struct pane *p, int64_t horizon_us) {
	if (ps->turn_width_us > 0)
		return p->turn_us + ps->turn_width_us <= horizon_us;
	return p->end_us <= horizon_us;
}

void pane_store_advance(struct pane_store *ps, int64_t horizon_us) {
	for (uint32_t i = 0; i < ps->n_active;) {
		struct pane *p = ps->active[i];
		if (is_over(ps, p, horizon_us)
		    || p->packets > FLOW_TABLE_PACKETS_MAX - PACKETS_MARGIN || crowded(ps, p))
			seal_active(ps, i);
		else
			i++;
	}
	if (horizon_us > atomic_load_explicit(&ps->horizon_us, memory_order_relaxed))
		atomic_store_explicit(&ps->horizon_us, horizon_us, memory_order_release);
}

void pane_store_flush(struct pane_store *ps) {
	while (ps->n_active > 0)
		seal_active(ps, ps->n_active - 1);
}

void pane_store_mark(struct pane_store *ps) {
	pane_store_flush(ps);
	ps->mark_horizon_us = atomic_load_explicit(&ps->horizon_us, memory_order_relaxed);
	ring_mark_set(&ps->mark, &ps->sealed);
}

struct pane *pane_store_take(struct pane_store *ps) {
	uint32_t first, n = spsc_peek(&ps->sealed, 1, &first);
	if (ring_mark_limit(&ps->mark, first, n) == 0)
		return NULL;
	struct pane *p;
	memcpy(&p, spsc_slot(&ps->sealed, first), sizeof(p));
	spsc_drop(&ps->sealed, 1);
	return p;
}

void pane_store_return(struct pane_store *ps, struct pane *p) {
	pane_clear(p);
	int pushed = spsc_push(&ps->spare, &p);
	assert(pushed);
	(void)pushed;
}
