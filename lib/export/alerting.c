// Alerting. As with panes the order is what makes it exact: the horizon was read first, rings are
// emptied second, and only then turns are given.

#include "alerting.h"

#include "alert_queue.h"
#include "base/log.h"
#include "base/mem.h"
#include "threshold.h"

#include <errno.h>
#include <stdlib.h>

struct alerting {
	struct alert_ring **rings;
	uint32_t n_rings;
	struct alert_queue queue;
	struct threshold *threshold;
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
	CACHE_ALIGNED uint32_t gid;
	uint32_t sid;
};

bool alerting_save(const struct alerting *al, struct state_writer *w) {
	bool ok = state_writer_put(w, STATE_ALERTING, VERSION, al->stat, sizeof(al->stat));
	for (uint32_t i = 0; ok && i < al->queue.n; i++) {
		struct saved_alert to = {.alert = al->queue.alerts[al->queue.heap[i].slot]};
		to.gid = to.alert.rule->gid;
		to.sid = to.alert.rule->sid;
		to.alert.rule = NULL;
		ok = state_writer_put(w, STATE_ALERTS, VERSION, &to, sizeof(to));
	}
	return ok && threshold_save(al->threshold, w, STATE_THRESHOLDS, VERSION);
}

static int load_alert(
	struct alerting *al, const struct state_record *r, const struct rule_finder *rules,
	struct err *err
) {
	struct saved_alert from;
	if (r->len != sizeof(from))
		return err_set(err, -EBADMSG, "not an alert in the state");
	memcpy(&from, r->octets, sizeof(from));
	from.alert.rule = rules->find(rules->ctx, from.gid, from.sid);
	if (from.alert.rule == NULL)
		return 0;
	if (!alert_queue_push(&al->queue, &from.alert, 0))
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

int alerting_load(
	struct alerting *al, const struct state_record *r, const struct rule_finder *rules,
	struct err *err
) {
	if (r->version != VERSION)
		return err_set(err, -EBADMSG, "alerts in the state are of another version");
	if (r->kind == STATE_ALERTS)
		return load_alert(al, r, rules, err);
	if (r->kind == STATE_THRESHOLDS)
		return threshold_load(al->threshold, r, err);
	if (r->len != sizeof(al->stat))
		return err_set(err, -EBADMSG, "not the counters of alerts in the state");
	memcpy(al->stat, r->octets, sizeof(al->stat));
	counters_publish(&al->published, al->stat, ALERTS_STAT_COUNT);
	return 0;
}
