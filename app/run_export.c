// Sinks as they are configured, and an exporter between them and whoever counts.

#include "run_export.h"

#include "app/alerts.h"
#include "app/run.h"
#include "app/streams.h"
#include "export/sinks.h"

#include <errno.h>

static struct sink *open_sink(struct run *run, const struct conf_sink *c, struct err *err) {
	struct out_file_config file = {
		.path = c->path,
		.rotate_size = c->rotate_size,
		.rotate_every_us = c->rotate_every_us,
		.marked = run->state != NULL,
	};
	switch ((enum conf_sink_type)c->type) {
	case CONF_SINK_JSON:
		return sink_json_new(&file, err);
	case CONF_SINK_EVE:
		return sink_eve_new(&file, &run->ifaces, err);
	case CONF_SINK_NULL:
		return sink_null_new(err);
	}
	return NULL;
}

int run_sinks_open(struct run *run, struct err *err) {
	for (uint32_t i = 0; i < run->conf->n_sinks; i++) {
		const struct conf_sink *c = &run->conf->sink[i];
		struct sink *s = open_sink(run, c, err);
		if (s == NULL)
			return err_wrap(err, -EIO, "sink %s", c->name);
		run->sink[run->n_sinks++] = s;
	}
	return 0;
}

// A capture's records do not tell by which way it was read.
static int open_ifaces(struct run *run, struct err *err) {
	if (run->patient || alerts_ifaces_init(&run->ifaces, run->conf) == 0)
		return 0;
	return err_set(err, -ENOMEM, "out of memory");
}

int run_exporter_open(struct run *run, struct err *err) {
	int ret = open_ifaces(run, err);
	if (ret < 0)
		return ret;
	const struct conf *conf = run->conf;
	struct exporter_stream streams[CONF_MAX_STREAMS];
	struct exporter_sink sinks[CONF_MAX_SINKS];
	struct exporter_watch watches[CONF_MAX_ALERTS];
	struct pane_store *stores[CONF_MAX_WORKERS], *late[CONF_MAX_WORKERS];
	struct alert_ring *alerts[CONF_MAX_WORKERS];
	struct count_table *counts[CONF_MAX_STREAMS][CONF_MAX_WORKERS];
	for (uint32_t i = 0, at = 0; i < conf->n_streams; i++) {
		streams[i] = streams_export(&conf->stream[i]);
		if (conf->stream[i].window.kind != CONF_WINDOW_COUNT)
			continue;
		for (uint32_t w = 0; w < run->n_workers; w++)
			counts[i][w] = &run->workers[w].windows.table[at];
		streams[i].counts = counts[i];
		at++;
	}
	for (uint32_t i = 0; i < conf->n_alerts; i++)
		watches[i] = (struct exporter_watch){
			.name = conf->alert[i].name,
			.stream = conf->alert[i].stream,
			.when = conf->alert[i].when,
		};
	for (uint32_t i = 0; i < conf->n_sinks; i++)
		sinks[i] = (struct exporter_sink){
			.sink = run->sink[i],
			.streams = conf->sink[i].type == CONF_SINK_EVE ? 0 : conf->sink[i].streams,
			.name = conf->sink[i].name,
		};
	for (uint32_t i = 0; i < run->n_workers; i++) {
		stores[i] = &run->workers[i].panes;
		late[i] = &run->workers[i].late;
		alerts[i] = &run->workers[i].alerts;
	}
	if (run->collector != NULL)
		stores[0] = &run->collector->panes;
	// What the kernel counts has times of its own clock: nothing is late.
	bool corrects = conf->input.late == CONF_LATE_EMIT && run->collector == NULL;
	struct exporter_config ec = {
		.streams = streams,
		.n_streams = conf->n_streams,
		.sinks = sinks,
		.n_sinks = conf->n_sinks,
		.stores = stores,
		.n_stores = run_feeders(run),
		.late = corrects ? late : NULL,
		.alerts = alerts_wanted(conf) ? alerts : NULL,
		.n_alerts = run->n_workers,
		.watches = watches,
		.n_watches = conf->n_alerts,
		.memory = conf->flow.memory,
		.live_start_us = run->patient ? INT64_MIN : live_clock_us(&run->clock),
		.clock = run->patient ? NULL : &run->clock,
	};
	hash_seed_init(&ec.seed);
	run->exporter = exporter_new(&ec);
	return run->exporter == NULL ? err_set(err, -ENOMEM, "out of memory") : 0;
}
