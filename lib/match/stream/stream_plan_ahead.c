// Keeps the runs in order and apart where what they allow differs.

#include "stream_plan_ahead.h"

#include "stream_plan_text.h"

#include <string.h>

void plan_ahead_init(struct plan_ahead *a) {
	*a = (struct plan_ahead){.rest = OCTET_SET_ANY, .most = PLAN_OPEN};
}

bool plan_ahead_is_idle(const struct plan_ahead *a) {
	return a->n_runs == 0 && octet_set_is_any(a->rest) && a->most == PLAN_OPEN;
}

uint32_t plan_ahead_extent(const struct plan_ahead *a) {
	uint32_t extent = 0;
	for (uint32_t i = 0; i < a->n_runs; i++)
		extent += a->runs[i].n;
	return extent;
}

struct octet_set plan_ahead_at(const struct plan_ahead *a, uint32_t at) {
	for (uint32_t i = 0; i < a->n_runs; i++) {
		if (at < a->runs[i].n)
			return a->runs[i].set;
		at -= a->runs[i].n;
	}
	return a->rest;
}

static bool insert(struct plan_ahead *a, uint32_t i, struct plan_run run) {
	if (a->n_runs == PLAN_RUNS_MAX)
		return false;
	memmove(&a->runs[i + 1], &a->runs[i], (a->n_runs - i) * sizeof(a->runs[0]));
	a->runs[i] = run;
	a->n_runs++;
	return true;
}

// Makes a run begin at `at`; *i is its index.
static bool cut(struct plan_ahead *a, uint32_t at, uint32_t *i) {
	for (*i = 0; *i < a->n_runs && at > 0; ++*i) {
		struct plan_run *run = &a->runs[*i];
		if (at < run->n) {
			struct plan_run first = {at, run->set};
			if (!insert(a, *i, first))
				return false;
			a->runs[*i + 1].n -= at;
			++*i;
			return true;
		}
		at -= run->n;
	}
	if (at == 0)
		return true;
	++*i;
	return insert(a, *i - 1, (struct plan_run){at, a->rest});
}

bool plan_ahead_restrict(struct plan_ahead *a, uint32_t at, uint32_t n, struct octet_set set) {
	uint32_t from, to;
	if (n == 0)
		return true;
	if (!cut(a, at, &from))
		return false;
	if (n == PLAN_OPEN) {
		to = a->n_runs;
		a->rest = octet_set_and(a->rest, set);
	} else if (!cut(a, at + n, &to)) {
		return false;
	}
	for (uint32_t i = from; i < to; i++)
		a->runs[i].set = octet_set_and(a->runs[i].set, set);
	return true;
}

void plan_ahead_advance(struct plan_ahead *a, uint32_t n) {
	uint32_t left = n, gone = 0;
	a->need -= a->need < n ? a->need : n;
	if (a->most != PLAN_OPEN)
		a->most -= n;
	while (gone < a->n_runs && left >= a->runs[gone].n)
		left -= a->runs[gone++].n;
	a->n_runs -= gone;
	memmove(a->runs, &a->runs[gone], a->n_runs * sizeof(a->runs[0]));
	if (a->n_runs > 0)
		a->runs[0].n -= left;
}
