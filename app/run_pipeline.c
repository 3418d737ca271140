// What packets pass on their way to the exporter: workers, a receiver ahead of them where they share
// sources, or a collector where packets are counted before they reach us.

#include "run_pipeline.h"

#include "app/alerts.h"
#include "app/rule_load.h"
#include "app/run.h"
#include "app/streams.h"

#include <errno.h>
#include <stdlib.h>

// What the configuration was checked against.
static_assert(CONF_PANE_MAX_US == PANE_WIDTH_MAX_US);

// What `auto` says for live traffic.
#define MAX_AHEAD_US (3600 * INT64_C(1000000))

static int64_t max_ahead(const struct run *run) {
	int64_t ahead_us = run->conf->input.max_ahead_us;
	if (ahead_us == CONF_AHEAD_AUTO)
		return run->patient ? CONF_AHEAD_OFF : MAX_AHEAD_US;
	return ahead_us;
}

static void seed_intake(struct run *run, struct intake_config *c) {
	*c = (struct intake_config){
		.time =
			{
				.lateness_us = run->conf->input.lateness_us,
				.ahead_us = max_ahead(run),
				.clock = run->patient ? NULL : &run->clock,
			},
		.tunnels = run->conf->input.tunnels,
		.filter = run->filter,
	};
	hash_seed_init(&c->seed);
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

int run_pipeline_open(struct run *run, struct err *err) {
	if (run->input->counts != NULL)
		return open_collector(run, err);
	int ret = open_receiver(run, err);
	return ret == 0 ? open_workers(run, err) : ret;
}
