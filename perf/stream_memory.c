// A pool of streams is given all that there is to scan, then event time without any.

#include "stream_memory.h"

#include "bench.h"
#include "match/match_work.h"
#include "match/stream/stream_pool.h"

#include <stdlib.h>

#define MEMORY (4ull << 30)
#define IDLE_US 1000000

static void on_found(void *ctx, uint32_t rule) {}

void stream_memory_measure(
	struct stream_memory *m, const struct match_engine *engine, const struct scans *scans
) {
	const struct stream_pool_config conf = {.memory = MEMORY, .idle_us = IDLE_US};
	const struct stream_report report = {.found = on_found};
	struct match_work *work = match_work_new(engine);
	struct stream_pool *pool = stream_pool_new(&conf);
	struct match_stream **stream = calloc(scans->streams + 1ull, sizeof(*stream));
	int64_t now_us = 0;
	if (work == NULL || pool == NULL || stream == NULL
	    || stream_pool_use(pool, match_engine_streams(engine), work->streams, NULL, false) < 0)
		bench_wrong("out of memory");
	for (uint32_t i = 0; i < scans->n; i++) {
		const struct scan_step *step = &scans->step[i];
		if (step->kind != SCAN_STREAM)
			continue;
		const struct scan_stream *of = &scans->stream[step->stream];
		const struct stream_where where = {.key = &of->key, .dir = of->dir};
		stream_pool_scan(
			pool, &stream[step->stream], &where, step->data, step->len, &report
		);
	}
	const struct stream_pool_stats *s = stream_pool_stats(pool);
	m->streams = s->live;
	m->live = s->octets;
	// Unused streams are given back some time after they were needed last.
	for (int i = 0; i < 8; i++) {
		now_us += 2 * IDLE_US;
		stream_pool_advance(pool, now_us, UINT32_MAX);
	}
	m->idle = s->octets;
	if (s->live + s->compressed != m->streams || s->over_budget != 0 || s->failed != 0)
		bench_wrong("streams got lost");
	stream_pool_free(pool);
	match_work_free(work);
	free(stream);
}
