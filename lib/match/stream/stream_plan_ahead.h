// What must hold of the octets behind a place of the stream: which may stand at which distance, how
// many must follow at least and how many may at most. That is how negated contents and isdataat
// wait for what comes.
#pragma once

#include "stream_plan_octets.h"

#include <stdbool.h>
#include <stdint.h>

#define PLAN_RUNS_MAX 16u

// Octets one after the other, if they are there: n of `set`, and so on, then `rest` without end.
struct plan_run {
	uint32_t n; // at least 1
	struct octet_set set; // may be empty: the stream ends ahead of it
};

struct plan_ahead {
	struct plan_run runs[PLAN_RUNS_MAX];
	uint32_t n_runs;
	struct octet_set rest;
	uint32_t need; // octets that must follow
	uint32_t most; // octets that may follow; PLAN_OPEN: any number
};

// Anything may follow, or nothing.
void plan_ahead_init(struct plan_ahead *a);

// Nothing is asked of the octets (but perhaps how many must follow).
bool plan_ahead_is_idle(const struct plan_ahead *a);

// The octets of `runs` together; behind them all are of `rest`.
uint32_t plan_ahead_extent(const struct plan_ahead *a);

// What may stand `at` octets behind.
struct octet_set plan_ahead_at(const struct plan_ahead *a, uint32_t at);

// `n` octets (PLAN_OPEN: all) from `at` on must also be of `set`. False: too many different runs.
bool plan_ahead_restrict(struct plan_ahead *a, uint32_t at, uint32_t n, struct octet_set set);

// As seen from `n` octets further on, which were there. At most `most`.
void plan_ahead_advance(struct plan_ahead *a, uint32_t n);
