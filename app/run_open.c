// Opening a run: each part in turn, what can be wrong without a device first, so that an unwritable
// output or a rule file is said before any device is touched.

#include "app/alerts.h"
#include "app/rule_load.h"
#include "app/run.h"
#include "app/run_rules.h"
#include "app/sizing.h"
#include "app/streams.h"
#include "app/threads.h"
#include "base/log.h"
#include "export/sinks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int open_filter(struct run *run, struct err *err) {
	const char *text = run->conf->input.filter;
	if (text == NULL || text[0] == '\0')
		return 0;
	run->filter = filter_new(text, err);
	return run->filter == NULL ? err_wrap(err, -EINVAL, "input.filter") : 0;
}

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

static int open_sinks(struct run *run, struct err *err) {
	for (uint32_t i = 0; i < run->conf->n_sinks; i++) {
		const struct conf_sink *c = &run->conf->sink[i];
		struct sink *s = open_sink(run, c, err);
		if (s == NULL)
			return err_wrap(err, -EIO, "sink %s", c->name);
		run->sink[run->n_sinks++] = s;
	}
	return 0;
}

static const char *backend_name(uint32_t backend) {
	static const char *const names[] = {"auto", "dpdk", "xdp", "pcap"};
	return names[backend];
}

// What the configuration was checked against.
static_assert(CONF_PANE_MAX_US == PANE_WIDTH_MAX_US);

void run_signals(sigset_t *set) {
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

static void block_signals(void) {
	sigset_t set;
	run_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

// One backend by name, or the first that can take the devices.
static int open_input(struct run *run, struct err *err) {
	const struct conf *conf = run->conf;
	const char *want = backend_name(conf->input.backend);
	bool any = conf->input.backend == CONF_BACKEND_AUTO;
	char tried[4096] = "";
	for (const struct input_ops *const *b = input_backends(); *b != NULL; b++) {
		if (!any && strcmp((*b)->name, want) != 0)
			continue;
		struct err why = {0};
		if (any && !(*b)->usable(conf, &why)) {
			log_info("input: %s passed over: %s", (*b)->name, why.text);
			size_t n = strlen(tried);
			snprintf(tried + n, sizeof(tried) - n, "; %s: %s", (*b)->name, why.text);
			continue;
		}
		// Before any thread is made, EAL's included, so that all inherit it.
		if (!(*b)->waits)
			block_signals();
		run->backend = *b;
		run->input = (*b)->open(conf, err);
		return run->input == NULL ? -EIO : 0;
	}
	if (any)
		return err_set(err, -ENODEV, "no backend can take these devices%s", tried);
	return err_set(
		err, -ENODEV,
		"input.backend: %s is not part of this build (sluice inputs tells "
		"what is)",
		want
	);
}

// What `auto` says for live traffic.
#define MAX_AHEAD_US (3600 * INT64_C(1000000))

static int64_t max_ahead(const struct run *run) {
	int64_t ahead_us = run->conf->input.max_ahead_us;
	if (ahead_us == CONF_AHEAD_AUTO)
		return run->patient ? CONF_AHEAD_OFF : MAX_AHEAD_US;
	return ahead_us;
}

static void seed_intake(const struct run *run, struct intake_config *c) {
	*c = (struct intake_config){
		.time =
			{
				.lateness_us = run->conf->input.lateness_us,
				.ahead_us = max_ahead(run),
				.live = !run->patient,
			},
		.tunnels = run->conf->input.tunnels,
		.filter = run->filter,
	};
	hash_seed_init(&c->seed);
}

// Those who save: the collector, or workers and the receiver behind them.
static int open_state(struct run *run, struct err *err) {
	bool counts = run->input->counts != NULL;
	uint32_t n = counts ? 1 : run->conf->input.workers + run->input->software;
	return state_pools(run->state, n, run->patient, err);
}

static int open_receiver(struct run *run, struct err *err) {
	struct input *in = run->input;
	struct count_config counts[CONF_MAX_STREAMS];
	// Rules look at more than single packets of single flows.
	bool related = run->engine != NULL && !rule_load_is_plain(run->conf);
	if (!in->software)
		return 0;
	run->receiver = aligned_alloc(CACHE_LINE, sizeof(*run->receiver));
	struct receiver_config rc = {
		.sources = in->sources,
		.n_sources = in->n_sources,
		.n_lanes = run->conf->input.workers,
		.by_host = related || streams_counts(run->conf, counts) > 0,
		.whole = related,
		.pool = state_pool_of(run->state, run->conf->input.workers),
	};
	seed_intake(run, &rc.intake);
	if (run->receiver != NULL && receiver_init(run->receiver, &rc) == 0)
		return 0;
	free(run->receiver);
	run->receiver = NULL;
	return err_set(err, -ENOMEM, "out of memory for the receiver");
}

// worker_sources[w]: the lane, or this worker's queues of every device.
static int share_sources(struct run *run) {
	struct input *in = run->input;
	uint32_t n = run->conf->input.workers;
	run->worker_sources = calloc(n, sizeof(struct source **));
	run->n_worker_sources = calloc(n, sizeof(uint32_t));
	if (run->worker_sources == NULL || run->n_worker_sources == NULL)
		return -ENOMEM;
	for (uint32_t w = 0; w < n; w++) {
		run->worker_sources[w] = calloc(in->n_sources + 1, sizeof(struct source *));
		if (run->worker_sources[w] == NULL)
			return -ENOMEM;
		if (run->receiver != NULL) {
			run->worker_sources[w][0] = &run->receiver->lanes[w].source;
			run->n_worker_sources[w] = 1;
			continue;
		}
		for (uint32_t i = 0; i < in->n_sources; i++)
			if (in->worker[i] == w)
				run->worker_sources[w][run->n_worker_sources[w]++] = in->sources[i];
	}
	return 0;
}

static int open_collector(struct run *run, struct err *err) {
	struct collector_config cc = {
		.source = run->input->counts,
		.panes = streams_panes(run->conf, run->patient),
		.pool = state_pool_of(run->state, 0),
	};
	cc.fields = streams_fields(run->conf, &cc.cut);
	cc.panes.mem = mem_pages();
	hash_seed_init(&cc.seed);
	run->collector = aligned_alloc(CACHE_LINE, sizeof(*run->collector));
	if (run->collector != NULL && collector_init(run->collector, &cc) == 0)
		return 0;
	free(run->collector);
	run->collector = NULL;
	return err_set(
		err, -ENOMEM, "out of memory for tables of flow.rows = %u", run->conf->flow.rows
	);
}

static_assert(
	(int)CONF_CHECKSUMS_AUTO == CHECKSUM_MODE_AUTO
	&& (int)CONF_CHECKSUMS_CHECK == CHECKSUM_MODE_CHECK
	&& (int)CONF_CHECKSUMS_IGNORE == CHECKSUM_MODE_IGNORE
);

// Nothing but fragments to be put together.
#define PLAIN_MEMORY (64u << 20)

// Tables for connections are touched as they are used: not in huge pages.
static struct stage_match_config match_of(const struct run *run) {
	const struct conf *conf = run->conf;
	bool plain = rule_load_is_plain(conf);
	uint64_t memory = conf->match.stream_memory / conf->input.workers;
	memory = memory > INSPECT_MEMORY_MIN ? memory : INSPECT_MEMORY_MIN;
	return (struct stage_match_config){
		.engine = run->engine,
		.plain = plain,
		.inspect =
			{
				.streams = conf->match.mode == CONF_MATCH_STREAM,
				.midstream = conf->match.midstream,
				.checksums = (enum checksum_mode)conf->match.checksums,
				.memory = plain ? PLAIN_MEMORY : memory,
				.tunnels = conf->input.tunnels,
				.mem = mem_pages(),
			},
	};
}

static int open_workers(struct run *run, struct err *err) {
	const struct conf *conf = run->conf;
	if (share_sources(run) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	struct worker_config wc = {.match = match_of(run)};
	wc.fields = streams_fields(conf, &wc.cut);
	struct count_config counts[CONF_MAX_STREAMS];
	wc.counts = counts;
	wc.n_counts = streams_counts(conf, counts);
	seed_intake(run, &wc.intake);
	wc.seed = wc.intake.seed;
	wc.panes = streams_panes(conf, run->patient);
	wc.late = streams_late_panes(conf, run->patient);
	wc.late.mem = mem_pages();
	wc.alerts = alerts_wanted(conf) ? ALERT_RING_DEPTH : 0;
	// One for all: what is saved under a fingerprint may be another worker's later.
	hash_seed_init(&wc.match.inspect.seed);
	run->workers = aligned_alloc(CACHE_LINE, conf->input.workers * sizeof(*run->workers));
	if (run->workers == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	for (; run->n_workers < conf->input.workers; run->n_workers++) {
		uint32_t w = run->n_workers;
		wc.pool = state_pool_of(run->state, w);
		wc.number = w;
		wc.sources = run->worker_sources[w];
		wc.n_sources = run->n_worker_sources[w];
		wc.panes.mem = run->input->mem != NULL ? run->input->mem(run->input, w)
						       : mem_pages();
		if (worker_init(&run->workers[w], &wc) < 0)
			return err_set(
				err, -ENOMEM,
				"out of memory for worker %u of %u: tables of "
				"flow.rows = %u, flow.panes = %u, flow.spares = %u",
				w + 1, conf->input.workers, conf->flow.rows, conf->flow.panes,
				conf->flow.spares
			);
	}
	return 0;
}

// A capture's records do not tell by which way it was read.
static int open_ifaces(struct run *run, struct err *err) {
	if (run->patient || alerts_ifaces_init(&run->ifaces, run->conf) == 0)
		return 0;
	return err_set(err, -ENOMEM, "out of memory");
}

static int open_exporter(struct run *run, struct err *err) {
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
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
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
		.live_start_us = run->patient ? INT64_MIN : ts.tv_sec * 1000000 + ts.tv_nsec / 1000,
	};
	hash_seed_init(&ec.seed);
	run->exporter = exporter_new(&ec);
	return run->exporter == NULL ? err_set(err, -ENOMEM, "out of memory") : 0;
}

static void tell_sizing(const struct run *run) {
	char text[SIZING_MAX];
	log_info("%s", sizing_text(run->conf, run->collector != NULL, text));
}

int run_open(struct run *run, const struct conf *conf, struct run_state *state, struct err *err) {
	memset(run, 0, sizeof(*run));
	run->conf = conf;
	run->state = state;
	run->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int ret = run->done_fd < 0 ? err_set(err, -errno, "eventfd: %s", strerror(errno)) : 0;
	if (ret == 0)
		ret = open_filter(run, err);
	if (ret == 0)
		ret = run_rules_open(run, err);
	run->misconfigured = ret == -EINVAL;
	if (ret == 0)
		ret = open_sinks(run, err);
	if (ret < 0)
		return ret;
	// Compiling rules may take minutes, and a pipe wait for its other end: until now a signal
	// ended the program.
	ret = open_input(run, err);
	block_signals();
	if (ret < 0)
		return ret;
	run->patient = run->input->counts == NULL;
	for (uint32_t i = 0; i < run->input->n_sources; i++)
		run->patient &= run->input->sources[i]->patient;
	ret = open_state(run, err);
	if (ret < 0)
		return ret;
	if (run->input->counts != NULL)
		ret = open_collector(run, err);
	else
		ret = open_receiver(run, err);
	if (ret == 0 && run->input->counts == NULL)
		ret = open_workers(run, err);
	if (ret == 0)
		ret = open_ifaces(run, err);
	if (ret == 0)
		ret = open_exporter(run, err);
	if (ret == 0)
		ret = state_resume(run, err);
	if (ret == 0) {
		tell_sizing(run);
		threads_place(run);
	}
	return ret;
}
