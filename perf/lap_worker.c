// What the exporter would do is done between laps, beside the clock.

#include "lap_worker.h"

#include "base/field.h"
#include "bench.h"

#include <errno.h>
#include <stdlib.h>

void lap_worker_init(
	struct lap_worker *w, const struct match_engine *engine, bool streams, struct frames *frames
) {
	const struct rule_files *files = match_engine_files(engine);
	bool plain = !streams && files->rules.n_rules == 0;
	struct worker_config wc = {
		.sources = &w->source,
		.n_sources = 1,
		.intake = {.time = {.lateness_us = 1000000}, .tunnels = TUNNEL_ALL},
		.match =
			{.engine = engine,
			 .plain = plain,
			 .inspect =
				 {.streams = streams,
				  .midstream = true,
				  .memory = plain ? INSPECT_MEMORY_MIN : LAP_WORKER_MEMORY,
				  .tunnels = TUNNEL_ALL,
				  .mem = mem_pages()}},
		.fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP)
			| FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT)
			| FIELD_BIT(FIELD_PROTO),
		.panes =
			{.width_us = 10000000,
			 .active = 1,
			 .spares = 4,
			 .rows = 2 * frames->n + FLOW_TABLE_ROWS_MIN,
			 .mem = mem_pages()},
	};
	*w = (struct lap_worker){.frames = frames, .source = &frames->source};
	hash_seed_init(&wc.intake.seed);
	hash_seed_init(&wc.match.inspect.seed);
	wc.seed = wc.intake.seed;
	w->worker = aligned_alloc(CACHE_LINE, sizeof(*w->worker));
	if (w->worker == NULL || worker_init(w->worker, &wc) < 0)
		bench_wrong("out of memory");
}

void lap_worker_fini(struct lap_worker *w) {
	if (w->worker != NULL)
		worker_fini(w->worker);
	free(w->worker);
	*w = (struct lap_worker){};
}

static void take_panes(struct worker *w) {
	struct pane *p;
	while ((p = pane_store_take(&w->panes)) != NULL)
		pane_store_return(&w->panes, p);
}

double lap_worker_run(struct lap_worker *w, uint32_t laps) {
	double sum = 0;
	for (uint32_t i = 0; i < laps; i++) {
		uint64_t taken = 0;
		w->frames->left = w->frames->n;
		double start = bench_seconds();
		while (taken < w->frames->n)
			taken += (uint64_t)worker_step(w->worker);
		sum += bench_seconds() - start;
		take_panes(w->worker);
	}
	w->laps += laps;
	return sum;
}

static void check_streams(struct worker *w) {
	struct inspect_stats s;
	worker_match_stats(w, &s);
	if (s.streams.over_budget != 0 || s.streams.failed != 0 || s.tcp.octets[TCP_NO_ROOM] != 0)
		bench_wrong("streams did not fit their memory");
}

uint64_t lap_worker_end(struct lap_worker *w) {
	struct tally t;
	int ret = worker_step(w->worker);
	if (ret != -ENODATA)
		bench_wrong("the worker did not end but returned %d", ret);
	worker_tally(w->worker, &t);
	uint64_t counted = t.value[TALLY_REASON + REASON_NONE], all = w->laps * w->frames->n;
	if (counted != all || t.value[TALLY_RECEIVED] != all)
		bench_wrong("the worker counted %lu of %lu frames", counted, all);
	check_streams(w->worker);
	return t.value[TALLY_MATCH_EVENTS];
}
