// The worker loop's body.

#include "worker.h"

#include "packet/source_skip.h"
#include "pipeline/stage_count.h"
#include "pipeline/worker_save.h"

#include <errno.h>
#include <stdlib.h>

int worker_init(struct worker *w, const struct worker_config *conf) {
	memset(w, 0, sizeof(*w));
	w->sources = conf->sources;
	w->n_sources = conf->n_sources;
	w->n_live = conf->n_sources;
	w->lateness_us = conf->intake.time.lateness_us;
	w->pool = conf->pool;
	w->number = conf->number;
	w->ended = calloc(conf->n_sources, sizeof(*w->ended));
	int ret = w->ended == NULL ? -ENOMEM : 0;
	w->patient = true;
	for (uint32_t i = 0; i < w->n_sources; i++) {
		w->has_intake |= !w->sources[i]->parsed;
		w->patient &= w->sources[i]->patient;
	}
	if (ret == 0 && w->has_intake)
		ret = intake_init(&w->intake, &conf->intake);
	struct stage_match_config match = conf->match;
	match.lateness_us = conf->intake.time.lateness_us;
	if (ret == 0)
		ret = stage_match_init(&w->match, &match, &w->track);
	if (ret == 0)
		ret = spsc_init(&w->left_sets, MATCH_SETS_MAX, sizeof(struct match_set));
	if (ret == 0 && conf->alerts > 0)
		ret = alert_ring_init(&w->alerts, conf->alerts, w->patient);
	if (ret == 0 && conf->alerts > 0)
		stage_match_alert(&w->match, &w->alerts);
	if (ret == 0)
		ret = pane_store_init(&w->panes, &conf->panes);
	bool corrects = conf->late.turn_us > 0;
	if (ret == 0 && corrects)
		ret = pane_store_init(&w->late, &conf->late);
	if (ret == 0)
		ret = stage_windows_init(
			&w->windows, conf->counts, conf->n_counts, w->patient, conf->panes.mem
		);
	if (ret < 0) {
		worker_fini(w);
		return ret;
	}
	stage_track_init(
		&w->track, &w->panes, corrects ? &w->late : NULL, conf->fields, &conf->cut,
		&conf->seed, conf->match.engine == NULL
	);
	return 0;
}

void worker_fini(struct worker *w) {
	pane_store_fini(&w->panes);
	pane_store_fini(&w->late);
	stage_windows_fini(&w->windows);
	stage_match_fini(&w->match);
	match_set_fini(&w->offer);
	struct match_set set;
	while (w->left_sets.mask > 0 && worker_give_back(w, &set))
		match_set_fini(&set);
	spsc_fini(&w->left_sets);
	alert_ring_fini(&w->alerts);
	if (w->has_intake)
		intake_fini(&w->intake);
	free(w->ended);
	w->ended = NULL;
}

// Each packet adds to exactly one reason, REASON_NONE being "counted". `counted` packets found a row:
// where that is all of them, none needs to be asked.
static void tally_burst(struct worker *w, const struct burst *b, uint32_t counted) {
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < b->n; i++)
		bytes += b->pkt[i].wire_len;
	for (uint32_t i = 0; counted < b->n && i < b->n; i++)
		if (b->pkt[i].reason != REASON_NONE)
			w->tally.value[TALLY_REASON + b->pkt[i].reason]++;
	w->tally.value[TALLY_REASON + REASON_NONE] += counted;
	w->tally.value[TALLY_RECEIVED] += b->n;
	w->tally.value[TALLY_BYTES] += bytes;
}

static void run_burst(struct worker *w, struct source *src, struct burst *b) {
	uint32_t counted = 0;
	if (!src->parsed)
		intake_run(&w->intake, src, b);
	stage_match_begin(&w->match, b);
	for (b->begin = 0; b->begin < b->n; b->begin = b->end) {
		stage_track_run(&w->track, b);
		stage_match_run(&w->match, src, b);
		if (!w->track.counts) {
			stage_count_run(b);
			stage_match_end(&w->match);
		}
		if (UNLIKELY(w->windows.n > 0) && !b->late)
			stage_windows_run(&w->windows, b);
		counted += b->late ? 0 : b->n_count;
	}
	tally_burst(w, b, counted);
	src->ops->release(src, b);
}

// Sets that no stream needs any more go back; there is room for all there are.
static void give_back(struct worker *w) {
	struct match_set set;
	while (stage_match_left(&w->match, &set)) {
		int pushed = spsc_push(&w->left_sets, &set);
		assert(pushed);
		(void)pushed;
	}
}

// The slowest live source decides how far this worker's time has come.
static void advance(struct worker *w) {
	int64_t newest = INT64_MAX, last = INT64_MIN;
	for (uint32_t i = 0; i < w->n_sources; i++) {
		int64_t us = w->sources[i]->newest_us;
		last = us > last ? us : last;
		if (!w->ended[i] && us < newest)
			newest = us;
	}
	// All have ended: windows stay open until what connections hold has come out.
	if (newest == INT64_MAX)
		newest = last;
	int64_t horizon_us = intake_horizon(newest, w->lateness_us);
	uint64_t handed_over = w->panes.handed_over;
	stage_match_advance(&w->match, horizon_us);
	// The horizon speaks of both.
	if (w->track.late != NULL)
		pane_store_advance(&w->late, horizon_us);
	pane_store_advance(&w->panes, horizon_us);
	if (w->panes.handed_over != handed_over)
		stage_track_forget(&w->track);
	if (UNLIKELY(w->match.n_before > 0))
		give_back(w);
}

static_assert(INSPECT_STATS_WORDS <= COUNTERS_MAX);

static void publish_match(struct worker *w) {
	union {
		struct inspect_stats stats;
		uint64_t word[INSPECT_STATS_WORDS];
	} u;
	inspect_stats(w->match.inspect, &u.stats);
	counters_publish(&w->published_match, u.word, INSPECT_STATS_WORDS);
}

static void publish(struct worker *w) {
	w->tally.value[TALLY_MATCH_EVENTS] = w->match.events;
	w->tally.value[TALLY_UNCOUNTED] = w->match.uncounted;
	w->tally.value[TALLY_ALERTS_DROPPED] = w->match.alerts_dropped;
	w->tally.value[TALLY_REST] = w->track.rest;
	w->tally.value[TALLY_UNCORRECTED] = w->track.uncorrected;
	w->tally.value[TALLY_HANDED_OVER] = w->panes.handed_over;
	if (w->has_intake) {
		struct fragment_stats fragments = fragment_table_stats(w->intake.fragments);
		w->tally.value[TALLY_FRAGMENTS_EVICTED] = fragments.evicted;
	}
	counters_publish(&w->published, w->tally.value, TALLY_COUNT);
	if (w->match.inspect != NULL)
		publish_match(w);
}

// Nearly all it needs comes with the set; where the rest cannot be had it is tried again at the next burst.
static void adopt(struct worker *w, uint32_t offered) {
	if (stage_match_use(&w->match, w->offer) < 0)
		return;
	w->offer = (struct match_set){};
	give_back(w);
	atomic_store_explicit(&w->adopted, offered, memory_order_release);
}

// Behind recv, which may have waited: what it brought is not scanned with rules that were replaced
// meanwhile.
static void look_for_offer(struct worker *w) {
	uint32_t offered = atomic_load_explicit(&w->offered, memory_order_acquire);
	// What is being saved speaks of the rules in force.
	if (UNLIKELY(offered != atomic_load_explicit(&w->adopted, memory_order_relaxed))
	    && !w->saving)
		adopt(w, offered);
}

// A checkpoint: what came so far is the exporter's, and all that is known of it is saved.
static void take_mark(struct worker *w) {
	pane_store_mark(&w->panes);
	if (w->track.late != NULL)
		pane_store_mark(&w->late);
	stage_track_forget(&w->track);
	if (w->match.alerts != NULL)
		alert_ring_mark(&w->alerts);
	stage_windows_mark(&w->windows);
	publish(w);
	// Whoever stores could not tell the records of two moments apart.
	if (UNLIKELY(w->saving))
		worker_save_end(w, STATE_POOL_CROSSED);
	else
		worker_save_begin(w);
}

static void look_for_mark(struct worker *w) {
	// With it comes that the marks of the one before were passed.
	uint32_t asked = atomic_load_explicit(&w->checkpoint, memory_order_acquire);
	// What follows a mark waits for the next burst: each takes its own time.
	if (UNLIKELY(asked != w->marked)) {
		w->marked = asked;
		take_mark(w);
	} else if (UNLIKELY(w->saving)) {
		worker_save_step(w);
	}
}

// The run is to go on from here another time: nothing that is open is closed.
static int leave(struct worker *w) {
	pane_store_flush(&w->panes);
	pane_store_flush(&w->late);
	publish(w);
	state_pool_wait(w->pool);
	worker_save_begin(w);
	while (w->saving)
		worker_save_step(w);
	atomic_store_explicit(&w->left, true, memory_order_release);
	return -ECANCELED;
}

static int finish(struct worker *w, int ret) {
	if (w->saving)
		worker_save_end(w, STATE_POOL_LEFT);
	if (ret == -ECANCELED && w->pool != NULL
	    && atomic_load_explicit(&w->keep, memory_order_acquire))
		return leave(w);
	stage_match_finish(&w->match);
	stage_windows_finish(&w->windows);
	// Others may go on for long: sets must not wait here for the end of the run.
	give_back(w);
	pane_store_flush(&w->late);
	if (ret == -ECANCELED)
		pane_store_flush(&w->panes);
	else
		pane_store_advance(&w->panes, INT64_MAX);
	publish(w);
	atomic_store_explicit(&w->left, true, memory_order_release);
	return ret;
}

int worker_step(struct worker *w) {
	if (UNLIKELY(atomic_load_explicit(&w->stop, memory_order_relaxed))
	    && (w->patient || !drain_goes_on(&w->drain, w->taken)))
		return finish(w, -ECANCELED);
	int taken = 0;
	look_for_mark(w);
	for (uint32_t i = 0; i < w->n_sources; i++) {
		struct source *src = w->sources[i];
		if (w->ended[i])
			continue;
		int n = src->ops->recv(src, &w->burst);
		look_for_offer(w);
		if (n > 0) {
			taken += n;
			if (LIKELY(source_taken(src, &w->burst, n) > 0))
				run_burst(w, src, &w->burst);
		} else if (UNLIKELY(src->at_mark)) {
			src->ops->pass(src);
			src->at_mark = false;
			take_mark(w);
		} else if (n == -ENODATA) {
			w->ended[i] = true;
			w->n_live--;
		} else if (n < 0) {
			return finish(w, n);
		}
	}
	advance(w);
	if (taken > 0)
		publish(w);
	w->taken = taken;
	return w->n_live == 0 ? finish(w, -ENODATA) : taken;
}

void worker_offer(struct worker *w, struct match_set set) {
	uint32_t offered = atomic_load_explicit(&w->offered, memory_order_relaxed);
	w->offer = set;
	atomic_store_explicit(&w->offered, offered + 1, memory_order_release);
}

bool worker_offer_done(struct worker *w, bool *adopted, struct match_set *back) {
	uint32_t offered = atomic_load_explicit(&w->offered, memory_order_relaxed);
	// In this order: a worker that has left adopts no more.
	bool left = atomic_load_explicit(&w->left, memory_order_acquire);
	*adopted = atomic_load_explicit(&w->adopted, memory_order_acquire) == offered;
	*back = (struct match_set){};
	if (*adopted || !left)
		return *adopted;
	// An offer that nobody takes is none.
	*back = w->offer;
	w->offer = (struct match_set){};
	atomic_store_explicit(&w->offered, offered - 1, memory_order_relaxed);
	return true;
}

bool worker_give_back(struct worker *w, struct match_set *set) {
	return spsc_pop(&w->left_sets, set);
}

bool worker_matches(const struct worker *w) {
	return w->match.inspect != NULL;
}

void worker_match_stats(struct worker *w, struct inspect_stats *out) {
	union {
		struct inspect_stats stats;
		uint64_t word[INSPECT_STATS_WORDS];
	} u;
	counters_read(&w->published_match, u.word, INSPECT_STATS_WORDS);
	*out = u.stats;
}

void worker_tally(struct worker *w, struct tally *out) {
	counters_read(&w->published, out->value, TALLY_COUNT);
}

int worker_loaded(struct worker *w, struct err *err) {
	int ret = 0;
	if (w->match.inspect != NULL)
		ret = inspect_load_end(w->match.inspect, err);
	if (ret == 0)
		advance(w);
	return ret;
}
