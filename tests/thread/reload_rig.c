// Opens, offers, retires, as the control thread of the program does.

#include "reload_rig.h"

#include "base/field.h"

#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void reload_must(bool good, const char *what) {
	if (!good)
		tap_bail_out("%s", what);
}

void reload_rig_open(struct reload_rig *r, uint32_t n_workers, struct match_engine *engine) {
	*r = (struct reload_rig){.n_workers = n_workers, .engine = engine};
	r->workers = aligned_alloc(CACHE_LINE, n_workers * sizeof(*r->workers));
	reload_must(r->workers != NULL, "memory");
}

void reload_rig_add(
	struct reload_rig *r, uint32_t i, struct source *source, const struct worker_config *c
) {
	struct worker_config wc = *c;
	r->source[i] = source;
	wc.sources = &r->source[i];
	wc.n_sources = 1;
	wc.intake = (struct intake_config){.tunnels = TUNNEL_ALL};
	wc.match.engine = r->engine;
	wc.fields = FIELD_BIT(FIELD_PROTO);
	wc.alerts = 4096;
	hash_seed_fixed(&wc.intake.seed, 1);
	wc.seed = wc.match.inspect.seed = wc.intake.seed;
	reload_must(worker_init(&r->workers[i], &wc) == 0, "worker");
	r->ring[i] = &r->workers[i].alerts;
}

static void *work(void *arg) {
	struct reload_seat *seat = arg;
	while (worker_step(&seat->rig->workers[seat->index]) >= 0)
		;
	atomic_fetch_add(&seat->rig->finished, 1);
	return NULL;
}

void reload_rig_start(struct reload_rig *r) {
	struct alerting_config ac = {
		.rings = r->ring, .n_rings = r->n_workers, .waiting = ALERTS_WAITING};
	hash_seed_fixed(&ac.seed, 1);
	r->alerting = alerting_new(&ac);
	reload_must(r->alerting != NULL, "alerting");
	for (uint32_t i = 0; i < r->n_workers; i++) {
		r->seat[i] = (struct reload_seat){.rig = r, .index = i};
		reload_must(
			pthread_create(&r->seat[i].thread, NULL, work, &r->seat[i]) == 0, "thread"
		);
	}
}

void reload_rig_join(struct reload_rig *r, uint32_t i) {
	pthread_join(r->seat[i].thread, NULL);
}

void reload_rig_close(struct reload_rig *r) {
	alerting_free(r->alerting);
	for (uint32_t i = 0; i < r->n_workers; i++)
		worker_fini(&r->workers[i]);
	while (r->n_retired > 0)
		match_engine_free(r->retired[--r->n_retired].engine);
	free(r->workers);
	match_engine_free(r->engine);
}

int64_t reload_rig_horizon(const struct reload_rig *r) {
	int64_t least = INT64_MAX;
	for (uint32_t i = 0; i < r->n_workers; i++) {
		int64_t us = atomic_load_explicit(
			&r->workers[i].panes.horizon_us, memory_order_acquire
		);
		least = us < least ? us : least;
	}
	return least;
}

uint32_t reload_rig_offer(
	struct reload_rig *r, struct match_set set,
	void (*adopted)(struct reload_rig *r, struct worker *w)
) {
	bool took, pending[RELOAD_WORKERS_MAX];
	uint32_t n_adopted = 0, n_pending = r->n_workers;
	for (uint32_t i = 0; i < r->n_workers; i++) {
		pending[i] = true;
		set.work = match_work_new(set.engine);
		reload_must(set.work != NULL, "memory");
		worker_offer(&r->workers[i], set);
	}
	while (n_pending > 0) {
		for (uint32_t i = 0; i < r->n_workers; i++) {
			struct match_set back;
			if (!pending[i] || !worker_offer_done(&r->workers[i], &took, &back))
				continue;
			pending[i] = false;
			n_pending--;
			n_adopted += took;
			reload_must(
				back.engine == (took ? NULL : set.engine), "the set given back"
			);
			match_set_fini(&back);
			if (took && adopted != NULL)
				adopted(r, &r->workers[i]);
		}
		usleep(20);
	}
	return n_adopted;
}

void reload_rig_retire(struct reload_rig *r, struct match_engine *engine) {
	while (r->n_retired == RELOAD_RETIRED) {
		reload_rig_free_retired(r);
		usleep(20);
	}
	r->retired[r->n_retired].engine = engine;
	r->retired[r->n_retired++].ticket = alerting_retire(r->alerting);
}

void reload_rig_free_retired(struct reload_rig *r) {
	while (r->n_retired > 0 && alerting_retired(r->alerting, r->retired[0].ticket)) {
		match_engine_free(r->retired[0].engine);
		memmove(r->retired, r->retired + 1, --r->n_retired * sizeof(r->retired[0]));
	}
}
