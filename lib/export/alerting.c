// Alerting. As with panes the order is what makes it exact: the horizon was read first, rings are
// emptied second, and only then turns are given.

#include "alerting.h"

#include "alert_queue.h"
#include "alert_rules.h"
#include "base/log.h"
#include "base/mem.h"
#include "export_state.h"
#include "threshold.h"

#include <errno.h>
#include <stdlib.h>

struct alerting {
	struct alert_ring **rings;
	uint32_t n_rings;
	struct alert_queue queue;
	struct threshold *threshold;
	struct alert_rules loaded; // what alerts of a checkpoint are of
	bool early; // said that alerts went out early
	uint32_t mark; // of alerts that are taken now: tickets known when the step began
	uint64_t stat[ALERTS_STAT_COUNT];
	struct counters published;
	CACHE_ALIGNED _Atomic(uint32_t) asked; // control → exporter: tickets given
	_Atomic(uint32_t) retired; // exporter → control: tickets done with
};

struct alerting *alerting_new(const struct alerting_config *conf) {
	struct alerting *al = mem_lines(sizeof(*al));
	if (al == NULL)
		return NULL;
	al->queue.max = conf->waiting;
	al->threshold = threshold_new(THRESHOLD_ENTRIES, &conf->seed);
	al->rings = calloc(conf->n_rings + 1, sizeof(struct alert_ring *));
	if (al->threshold == NULL || al->rings == NULL) {
		alerting_free(al);
		return NULL;
	}
	for (; al->n_rings < conf->n_rings; al->n_rings++)
		al->rings[al->n_rings] = conf->rings[al->n_rings];
	return al;
}

void alerting_free(struct alerting *al) {
	if (al == NULL)
		return;
	alert_queue_fini(&al->queue);
	threshold_free(al->threshold);
	alert_rules_fini(&al->loaded);
	free(al->rings);
	free(al);
}

static void give_first(struct alerting *al, alert_taker *give, void *ctx) {
	struct alert a = *alert_queue_first(&al->queue);
	alert_queue_pop(&al->queue);
	bool out = threshold_pass(al->threshold, &a);
	al->stat[out ? ALERTS_OUT : ALERTS_SUPPRESSED]++;
	if (out)
		give(ctx, &a);
}

static void take(struct alerting *al, const struct alert *a, alert_taker *give, void *ctx) {
	while (!alert_queue_push(&al->queue, a, al->mark)) {
		if (!al->early)
			log_warn(
				"%u alerts wait for their turn and no more fit: the first go out "
				"early, and not all are in order of time",
				al->queue.n
			);
		al->early = true;
		if (alert_queue_first(&al->queue) == NULL) {
			// No memory for even one: the alert need not wait.
			al->stat[ALERTS_OUT]++;
			give(ctx, a);
			return;
		}
		give_first(al, give, ctx);
	}
}

// At most a ring's worth of each: a worker that is faster than this thread does not hold the others up.
static uint32_t take_all(struct alerting *al, alert_taker *give, void *ctx) {
	uint32_t taken = 0, first;
	for (uint32_t i = 0; i < al->n_rings; i++) {
		struct alert_ring *ring = al->rings[i];
		uint32_t n = alert_ring_peek(ring, UINT32_MAX, &first);
		for (uint32_t k = 0; k < n; k++)
			take(al, alert_ring_slot(ring, first + k), give, ctx);
		alert_ring_drop(ring, n);
		taken += n;
	}
	return taken;
}

uint32_t alerting_step(struct alerting *al, int64_t horizon_us, alert_taker *give, void *ctx) {
	// Ahead of the rings: what was pushed before a ticket was given is in them.
	uint32_t asked = atomic_load_explicit(&al->asked, memory_order_acquire);
	uint32_t moved = take_all(al, give, ctx);
	al->mark = asked;
	const struct alert *a;
	while ((a = alert_queue_first(&al->queue)) != NULL && a->turn_us < horizon_us) {
		give_first(al, give, ctx);
		moved++;
	}
	uint32_t oldest = alert_queue_oldest_mark(&al->queue);
	atomic_store_explicit(&al->retired, oldest < asked ? oldest : asked, memory_order_release);
	if (moved > 0)
		counters_publish(&al->published, al->stat, ALERTS_STAT_COUNT);
	return moved;
}

uint32_t alerting_retire(struct alerting *al) {
	return atomic_fetch_add_explicit(&al->asked, 1, memory_order_acq_rel) + 1;
}

bool alerting_retired(struct alerting *al, uint32_t ticket) {
	return atomic_load_explicit(&al->retired, memory_order_acquire) >= ticket;
}

void alerting_stats(struct alerting *al, uint64_t out[ALERTS_STAT_COUNT]) {
	counters_read(&al->published, out, ALERTS_STAT_COUNT);
}

bool alerting_marked(const struct alerting *al) {
	for (uint32_t i = 0; i < al->n_rings; i++)
		if (!alert_ring_marked(al->rings[i]))
			return false;
	return true;
}

void alerting_pass(struct alerting *al) {
	for (uint32_t i = 0; i < al->n_rings; i++)
		alert_ring_pass(al->rings[i]);
}

#define VERSION 1

// A rule is another object in another run.
struct saved_alert {
	struct alert alert;
	CACHE_ALIGNED uint64_t rule; // its place among those that were saved
};

static int compare_rules(const void *a, const void *b) {
	const struct rule_info *x = *(const struct rule_info *const *)a;
	const struct rule_info *y = *(const struct rule_info *const *)b;
	return (x > y) - (x < y);
}

static const struct alert *waiting(const struct alerting *al, uint32_t i) {
	return &al->queue.alerts[al->queue.heap[i].slot];
}

// The rules of all that wait, each once, sorted. Returns how many; `rule` has room for all.
static uint32_t find_rules(const struct alerting *al, const struct rule_info **rule) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < al->queue.n; i++)
		rule[i] = waiting(al, i)->rule;
	qsort(rule, al->queue.n, sizeof(*rule), compare_rules);
	for (uint32_t i = 0; i < al->queue.n; i++)
		if (n == 0 || rule[i] != rule[n - 1])
			rule[n++] = rule[i];
	return n;
}

static bool save_waiting(const struct alerting *al, struct state_writer *w) {
	const struct rule_info **rule = calloc(al->queue.n + 1ull, sizeof(*rule));
	if (rule == NULL)
		return false;
	uint32_t n = find_rules(al, rule);
	bool ok = true;
	for (uint32_t i = 0; ok && i < n; i++)
		ok = alert_rules_save(rule[i], w);
	for (uint32_t i = 0; ok && i < al->queue.n; i++) {
		struct saved_alert to = {.alert = *waiting(al, i)};
		const struct rule_info **own = bsearch(
			&to.alert.rule, rule, n, sizeof(*rule), compare_rules
		);
		to.rule = (uint64_t)(own - rule);
		to.alert.rule = NULL;
		ok = state_writer_put(w, STATE_ALERTS, VERSION, &to, sizeof(to));
	}
	free(rule);
	return ok;
}

bool alerting_save(const struct alerting *al, struct state_writer *w) {
	return state_writer_put(w, STATE_ALERTING, VERSION, al->stat, sizeof(al->stat))
		&& save_waiting(al, w)
		&& threshold_save(al->threshold, w, STATE_THRESHOLDS, VERSION);
}

static int load_alert(struct alerting *al, const struct state_record *r, struct err *err) {
	struct saved_alert from;
	if (r->len == sizeof(from))
		memcpy(&from, r->octets, sizeof(from));
	if (r->len != sizeof(from) || from.rule >= al->loaded.n)
		return err_set(err, -EBADMSG, "not an alert in the state");
	from.alert.rule = al->loaded.rule[from.rule];
	if (!alert_queue_push(&al->queue, &from.alert, 0))
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

int alerting_load(struct alerting *al, const struct state_record *r, struct err *err) {
	if (r->kind == STATE_ALERT_RULE)
		return alert_rules_load(&al->loaded, r, err);
	if (r->version != VERSION)
		return err_set(err, -EBADMSG, "alerts in the state are of another version");
	if (r->kind == STATE_ALERTS)
		return load_alert(al, r, err);
	if (r->kind == STATE_THRESHOLDS)
		return threshold_load(al->threshold, r, err);
	if (r->len != sizeof(al->stat))
		return err_set(err, -EBADMSG, "not the counters of alerts in the state");
	memcpy(al->stat, r->octets, sizeof(al->stat));
	counters_publish(&al->published, al->stat, ALERTS_STAT_COUNT);
	return 0;
}
