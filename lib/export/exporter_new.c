// Making an exporter: memory is shared out first, then each stream gets its windows, and whoever else wants to
// know of windows or alerts is made beside them.

#include "base/mem.h"
#include "export/memory.h"
#include "exporter_priv.h"

#include <errno.h>
#include <stdlib.h>

static int compile_where(struct stream *s) {
	const struct exporter_stream *c = &s->conf;
	if (c->where == NULL || c->where[0] == '\0')
		return 0;
	s->where = where_new(c->where, c->fields, &c->cut, NULL);
	return s->where != NULL ? 0 : -ENOMEM;
}

// Where rows took all of it, each window that begins would make an older one leave early.
static struct budget budget_of(uint64_t memory) {
	return (struct budget){.max = memory, .kept = memory / 16};
}

static struct window_config windows_of(
	const struct exporter *e, const struct stream *s, const struct exporter_config *conf,
	uint64_t open
) {
	const struct exporter_stream *c = &s->conf;
	return (struct window_config){
		.fields = c->fields,
		.biflow = c->biflow,
		.ranking = c->ranking,
		.cut = c->cut,
		.where = s->where,
		.distinct = c->distinct,
		.distinct_cut = c->distinct_cut,
		.kind = c->kind,
		.size_us = c->size_us,
		.step_us = c->step_us,
		.pane_us = e->pane_us,
		.budget = s->budget,
		.memory = open,
		.keep_open = c->keep_open,
		.live_start_us = conf->live_start_us,
		.seed = conf->seed,
		.counts = c->counts,
		.n_counts = c->counts != NULL ? conf->n_stores : 0,
	};
}

// The next stream; what is there of one that fails is freed by exporter_free.
static int open_stream(
	struct exporter *e, const struct exporter_config *conf, const struct memory_share *share
) {
	uint32_t i = e->n_streams++;
	struct stream *s = &e->streams[i];
	s->conf = conf->streams[i];
	s->own = budget_of(share->windows);
	s->budget = share->windows > 0 ? &s->own : &e->budget;
	if (compile_where(s) < 0)
		return -ENOMEM;
	struct window_config windows = windows_of(e, s, conf, share->open);
	s->windows = window_set_new(&windows);
	return s->windows != NULL ? corrector_add(e->corrector, i, &windows) : -ENOMEM;
}

static int open_corrector(struct exporter *e, const struct exporter_config *conf, uint64_t memory) {
	if (conf->late == NULL)
		return 0;
	e->corrector = corrector_new(&(struct corrector_config){
		.stores = conf->late,
		.n_stores = conf->n_stores,
		.n_streams = conf->n_streams,
		.memory = memory,
		.emit = exporter_emit_correction,
		.ctx = e,
	});
	return e->corrector != NULL ? 0 : -ENOMEM;
}

static int open_alerting(struct exporter *e, const struct exporter_config *conf) {
	if (conf->alerts == NULL)
		return 0;
	e->alerting = alerting_new(&(struct alerting_config){
		.rings = conf->alerts,
		.n_rings = conf->n_alerts,
		.waiting = ALERTS_WAITING,
		.seed = conf->seed,
	});
	return e->alerting != NULL ? 0 : -ENOMEM;
}

static int open_parts(struct exporter *e, const struct exporter_config *conf) {
	struct memory_shares shares;
	memory_share(
		&shares, conf->streams, conf->n_streams, conf->memory, conf->late != NULL,
		conf->n_watches > 0
	);
	e->budget = budget_of(shares.windows);
	int ret = open_corrector(e, conf, shares.late);
	while (ret == 0 && e->n_streams < conf->n_streams)
		ret = open_stream(e, conf, &shares.stream[e->n_streams]);
	if (ret == 0)
		ret = open_alerting(e, conf);
	if (ret == 0)
		e->watches = watches_new(conf, shares.watches, exporter_write_change, e);
	return ret == 0 && e->watches == NULL ? -ENOMEM : ret;
}

struct exporter *exporter_new(const struct exporter_config *conf) {
	struct exporter *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return NULL;
	e->clock = conf->clock;
	e->live_start_us = conf->live_start_us;
	e->gap = (struct window_gap){.first_us = INT64_MIN, .from_us = INT64_MIN};
	e->pane_us = conf->n_stores > 0 ? conf->stores[0]->width_us : 1;
	e->streams = mem_lines(conf->n_streams * sizeof(*e->streams));
	e->sinks = mem_lines(conf->n_sinks * sizeof(*e->sinks));
	e->stores = calloc(conf->n_stores + 1, sizeof(struct pane_store *));
	if (e->streams == NULL || e->sinks == NULL || e->stores == NULL
	    || open_parts(e, conf) < 0) {
		exporter_free(e);
		return NULL;
	}
	for (; e->n_sinks < conf->n_sinks; e->n_sinks++)
		e->sinks[e->n_sinks].conf = conf->sinks[e->n_sinks];
	for (; e->n_stores < conf->n_stores; e->n_stores++)
		e->stores[e->n_stores] = conf->stores[e->n_stores];
	return e;
}

void exporter_free(struct exporter *e) {
	if (e == NULL)
		return;
	for (uint32_t i = 0; i < e->n_streams; i++) {
		window_set_free(e->streams[i].windows);
		where_free(e->streams[i].where);
	}
	corrector_free(e->corrector);
	alerting_free(e->alerting);
	watches_free(e->watches);
	free(e->streams);
	free(e->sinks);
	free(e->stores);
	free(e);
}
