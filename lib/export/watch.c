// Each window is held against what is known of every key: first the keys that are in it, then those that
// are not, as 0. So what is known is always up to the same window, and a key that is silent for as long as
// the mean reaches back is forgotten.

#include "watch.h"

#include "packet/flow_key_hash.h"

#include <stdlib.h>
#include <string.h>

// Of a key in struct sums.
#define KEY_OCTETS (sizeof(struct flow_sum) + 2 * sizeof(uint32_t))

// One window and who is told of it.
struct round {
	struct watch *w;
	int64_t number;
	int64_t start_us, end_us; // tail_us not 0: of each sum its own
	int64_t tail_us;
	bool partial;
	watch_taker *give;
	void *ctx;
};

void watch_init(struct watch *w, const struct watch_config *conf) {
	*w = (struct watch){.conf = *conf, .next = INT64_MIN};
	watch_gap(w, &(struct window_gap){INT64_MIN, INT64_MIN}, INT64_MIN);
	uint64_t each = KEY_OCTETS + sizeof(struct watch_key)
		+ conf->when.windows * sizeof(uint64_t);
	w->budget.max = conf->memory / each * KEY_OCTETS;
	sums_init(&w->keys, &w->budget);
	biflow_init(&w->turns, conf->biflow, conf->fields, &conf->seed);
}

static void forget_all(struct watch *w) {
	sums_fini(&w->keys);
	free(w->known);
	free(w->past);
	w->known = NULL;
	w->past = NULL;
	w->capacity = 0;
}

void watch_fini(struct watch *w) {
	if (w->keys.budget != NULL)
		forget_all(w);
	*w = (struct watch){0};
}

uint64_t *watch_past(const struct watch *w, uint32_t i) {
	return &w->past[(size_t)i * w->conf.when.windows];
}

static int grow(struct watch *w) {
	uint32_t capacity = w->keys.capacity, windows = w->conf.when.windows;
	if (w->capacity == capacity)
		return 0;
	struct watch_key *known = realloc(w->known, capacity * sizeof(*known));
	w->known = known != NULL ? known : w->known;
	uint64_t *past = NULL;
	if (windows > 0) {
		past = realloc(w->past, (size_t)capacity * windows * sizeof(*past));
		w->past = past != NULL ? past : w->past;
	}
	if (known == NULL || (windows > 0 && past == NULL))
		return -1;
	w->capacity = capacity;
	return 0;
}

const struct flow_sum *watch_find(const struct watch *w, const struct flow_sum *sum) {
	const struct flow_sum *key = sums_find(&w->keys, &sum->key, sum->rule);
	return key != NULL ? key : biflow_other(&w->turns, &w->keys, sum);
}

struct watch_key *watch_know(struct watch *w, const struct flow_sum *sum, int64_t since) {
	struct flow_sum *key = sums_find_insert_rule(&w->keys, &sum->key, sum->rule);
	if (key != NULL && grow(w) < 0) {
		sums_remove(&w->keys, key);
		key = NULL;
	}
	if (key == NULL) {
		w->stats.no_room++;
		return NULL;
	}
	uint32_t i = (uint32_t)(key - w->keys.sum);
	w->known[i] = (struct watch_key){.since = since};
	if (w->conf.when.windows > 0)
		memset(watch_past(w, i), 0, w->conf.when.windows * sizeof(uint64_t));
	return &w->known[i];
}

static void drop(struct watch *w, uint32_t i) {
	sums_remove(&w->keys, &w->keys.sum[i]);
	w->known[i] = w->known[w->keys.n];
	if (w->conf.when.windows > 0 && i < w->keys.n)
		memcpy(watch_past(w, i), watch_past(w, w->keys.n),
		       w->conf.when.windows * sizeof(uint64_t));
}

void watch_gap(struct watch *w, const struct window_gap *gap, int64_t live_start_us) {
	w->gap = *gap;
	w->live_start_us = live_start_us;
}

// `turned`: the record has the directions the other way round.
static uint64_t value_of(
	const struct watch *w, const struct flow_sum *sum, const struct flow_back *back, bool turned
) {
	enum measure m = w->conf.when.measure;
	bool other = measure_is_back(m) != turned;
	switch (m) {
	case MEASURE_BYTES:
	case MEASURE_REV_BYTES:
		return other ? back->bytes : sum->bytes;
	case MEASURE_FRAME_BYTES:
	case MEASURE_REV_FRAME_BYTES:
		return other ? back->frame_bytes : sum->frame_bytes;
	case MEASURE_MATCHES:
		return sum->matches;
	default:
		return other ? back->packets : sum->packets;
	}
}

// Tells of a key that meets the condition, if it did not in the window before.
static void
tell(const struct round *r, const struct flow_sum *sum, uint64_t value, uint64_t total, bool held) {
	const struct condition *when = &r->w->conf.when;
	bool own = r->tail_us != 0;
	if (held) {
		r->w->stats.suppressed++;
		return;
	}
	r->w->stats.fired++;
	struct watch_alert alert = {
		.name = r->w->conf.name,
		.stream = r->w->conf.stream,
		.fields = r->w->conf.fields,
		.cut = r->w->conf.cut,
		.start_us = own ? sum->first_us : r->start_us,
		.end_us = own ? sum->last_us + r->tail_us : r->end_us,
		.key = &sum->key,
		.rule = sum->rule,
		.measure = when->measure,
		.value = value,
		.threshold = condition_threshold(when, total),
		.has_mean = when->windows > 0,
		.mean = condition_mean(when, total),
		.partial = r->partial || sum->partial,
	};
	r->give(r->ctx, &alert);
}

// Holds a key that is known against its value in this window.
static void judge_known(const struct round *r, struct watch_key *k, uint64_t value) {
	struct watch *w = r->w;
	uint32_t i = (uint32_t)(k - w->known);
	int64_t windows = w->conf.when.windows;
	bool holds = r->number - k->since >= windows
		&& condition_holds(&w->conf.when, value, k->total);
	if (holds)
		tell(r, &w->keys.sum[i], value, k->total, k->held);
	k->held = holds;
	if (windows == 0)
		return;
	uint64_t *past = watch_past(w, i);
	uint64_t *at = &past[(r->number % windows + windows) % windows];
	k->total += value - *at;
	*at = value;
}

// Without a mean only those keys are kept of which it does not follow from their absence whether they met
// the condition; all others are as one that was never seen.
static bool is_new_to_number(const struct watch *w, uint64_t value) {
	return condition_holds(&w->conf.when, value, 0) != condition_holds(&w->conf.when, 0, 0);
}

static void
judge_sum(const struct round *r, const struct flow_sum *sum, const struct flow_back *back) {
	struct watch *w = r->w;
	bool mean = w->conf.when.windows > 0;
	const struct flow_sum *key = watch_find(w, sum);
	bool turned = key != NULL && !flow_key_equal(&key->key, &sum->key);
	uint64_t value = value_of(w, sum, back, turned);
	struct watch_key *k = key != NULL ? &w->known[key - w->keys.sum] : NULL;
	if (k == NULL && (mean || is_new_to_number(w, value))) {
		k = watch_know(w, sum, r->number);
		if (k != NULL && !mean)
			k->held = condition_holds(&w->conf.when, 0, 0);
		// Better told again in each window than never.
		if (k == NULL && !mean && condition_holds(&w->conf.when, value, 0))
			tell(r, sum, value, 0, false);
	} else if (k == NULL && condition_holds(&w->conf.when, value, 0)) {
		w->stats.suppressed++;
	}
	if (k == NULL)
		return;
	judge_known(r, k, value);
	k->seen = r->number;
}

static bool is_forgotten(const struct round *r, const struct watch_key *k) {
	const struct condition *when = &r->w->conf.when;
	if (when->windows > 0)
		return r->number - k->seen >= when->windows;
	return k->held == condition_holds(when, 0, 0);
}

// The keys that are not in this window.
static void sweep(const struct round *r) {
	struct watch *w = r->w;
	for (uint32_t i = 0; i < w->keys.n;) {
		struct watch_key *k = &w->known[i];
		if (k->seen != r->number)
			judge_known(r, k, 0);
		if (is_forgotten(r, k))
			drop(w, i);
		else
			i++;
	}
	w->next = r->number + 1;
}

static int64_t end_of(const struct watch *w, int64_t number) {
	return number * w->conf.step_us + w->conf.size_us;
}

// Whether of a part of a window it cannot be told what it means.
static bool wants_all(const struct watch *w) {
	return w->conf.when.windows > 0 || !condition_wants_more(&w->conf.when);
}

void watch_pass(struct watch *w, int64_t until_us, watch_taker *give, void *ctx) {
	while (w->keys.n > 0 && end_of(w, w->next) <= until_us) {
		struct round r = {
			.w = w,
			.number = w->next,
			.start_us = w->next * w->conf.step_us,
			.end_us = end_of(w, w->next),
			.give = give,
			.ctx = ctx,
		};
		// Nothing was in it that anybody saw.
		if (wants_all(w)
		    && window_gap_cuts(&w->gap, w->live_start_us, r.start_us, r.end_us))
			forget_all(w);
		else
			sweep(&r);
	}
}

static const struct flow_back *back_of(const struct window_out *out, uint32_t i) {
	return out->back != NULL ? &out->back[i] : NULL;
}

// Each record is a window.
static void judge_each(const struct round *r, const struct window_out *out) {
	const struct condition *when = &r->w->conf.when;
	for (uint32_t i = 0; i < out->n; i++) {
		const struct flow_sum *sum = &out->sum[i];
		uint64_t value = value_of(r->w, sum, back_of(out, i), false);
		bool part = (r->partial || sum->partial) && !condition_wants_more(when);
		if (!part && !(sum->key.flags & KEY_REST) && condition_holds(when, value, 0))
			tell(r, sum, value, 0, false);
	}
}

void watch_judge(
	struct watch *w, const struct window_out *out, bool partial, watch_taker *give, void *ctx
) {
	struct round r = {
		.w = w,
		.start_us = out->start_us,
		.end_us = out->end_us,
		.tail_us = out->tail_us,
		.partial = partial,
		.give = give,
		.ctx = ctx,
	};
	if (w->conf.step_us == 0) {
		judge_each(&r, out);
		return;
	}
	r.number = out->start_us / w->conf.step_us;
	// What memory made leave early may come again.
	if (r.number < w->next)
		return;
	if (partial && wants_all(w)) {
		forget_all(w);
		w->next = r.number + 1;
		return;
	}
	watch_pass(w, out->end_us - w->conf.step_us, give, ctx);
	// Where no key was known there was nothing to pass; keys of this part must not be judged by it now.
	w->next = r.number;
	for (uint32_t i = 0; i < out->n; i++)
		if (!(out->sum[i].key.flags & KEY_REST))
			judge_sum(&r, &out->sum[i], back_of(out, i));
	if (!out->more)
		sweep(&r);
}
