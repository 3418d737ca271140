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

// What an exporter is made from.
struct parts {
	struct exporter_stream stream[CONF_MAX_STREAMS];
	struct exporter_sink sink[CONF_MAX_SINKS];
	struct exporter_watch watch[CONF_MAX_ALERTS];
	struct pane_store *panes[CONF_MAX_WORKERS], *late[CONF_MAX_WORKERS];
	struct alert_ring *alerts[CONF_MAX_WORKERS];
	struct count_table *counts[CONF_MAX_STREAMS][CONF_MAX_WORKERS];
};

// What the configuration asks for.
static void name_parts(const struct run *run, struct parts *p) {
	const struct conf *conf = run->conf;
	for (uint32_t i = 0; i < conf->n_streams; i++)
		p->stream[i] = streams_export(&conf->stream[i]);
	for (uint32_t i = 0; i < conf->n_alerts; i++)
		p->watch[i] = (struct exporter_watch){
			.name = conf->alert[i].name,
			.stream = conf->alert[i].stream,
			.when = conf->alert[i].when,
		};
	for (uint32_t i = 0; i < conf->n_sinks; i++)
		p->sink[i] = (struct exporter_sink){
			.sink = run->sink[i],
			.streams = conf->sink[i].type == CONF_SINK_EVE ? 0 : conf->sink[i].streams,
			.name = conf->sink[i].name,
		};
}

// And where it comes from: whoever counts.
static void join_parts(const struct run *run, struct parts *p) {
	for (uint32_t w = 0; w < run->n_workers; w++) {
		struct worker *worker = &run->workers[w];
		uint32_t table = 0;
		p->panes[w] = &worker->panes;
		p->late[w] = &worker->late;
		p->alerts[w] = &worker->alerts;
		for (uint32_t i = 0; i < run->conf->n_streams; i++)
			if (p->stream[i].kind == WINDOW_COUNT)
				p->counts[i][w] = &worker->windows.table[table++];
	}
	for (uint32_t i = 0; i < run->conf->n_streams; i++)
		if (p->stream[i].kind == WINDOW_COUNT)
			p->stream[i].counts = p->counts[i];
	if (run->collector != NULL)
		p->panes[0] = &run->collector->panes;
}

int run_exporter_open(struct run *run, struct err *err) {
	const struct conf *conf = run->conf;
	struct parts parts;
	int ret = open_ifaces(run, err);
	if (ret < 0)
		return ret;
	name_parts(run, &parts);
	join_parts(run, &parts);
	// What the kernel counts has times of its own clock: nothing is late.
	bool corrects = conf->input.late == CONF_LATE_EMIT && run->collector == NULL;
	struct exporter_config ec = {
		.streams = parts.stream,
		.n_streams = conf->n_streams,
		.sinks = parts.sink,
		.n_sinks = conf->n_sinks,
		.stores = parts.panes,
		.n_stores = run_feeders(run),
		.late = corrects ? parts.late : NULL,
		.alerts = alerts_wanted(conf) ? parts.alerts : NULL,
		.n_alerts = run->n_workers,
		.watches = parts.watch,
		.n_watches = conf->n_alerts,
		.memory = conf->flow.memory,
		.live_start_us = run->patient ? INT64_MIN : live_clock_us(&run->clock),
		.clock = run->patient ? NULL : &run->clock,
	};
	hash_seed_init(&ec.seed);
	run->exporter = exporter_new(&ec);
	return run->exporter == NULL ? err_set(err, -ENOMEM, "out of memory") : 0;
}
