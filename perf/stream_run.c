// The configuration goes through a file, as a user's does: so the finest key and the panes are what the
// program would choose.

#include "stream_run.h"

#include "app/streams.h"
#include "bench.h"
#include "export/sinks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What an exporter may hold is no matter here.
#define MEMORY "16G"

// The address and port that the generator's packets go to.
static const uint8_t server[4] = {10, 255, 0, 2}, server_port[2] = {0, 53};

static const struct source_ops *generates(void) {
	static struct generator g;
	if (g.source.ops == NULL)
		generator_init(&g, BURST_MAX);
	return g.source.ops;
}

// Which way a packet goes.
static void turn(struct stream_run *r, uint64_t number) {
	uint8_t *f = r->gen.ring[number % GENERATOR_RING];
	bool back = number >> r->gen.bits & 1;
	memcpy(f + 30, back ? f + 26 : server, 4);
	memcpy(f + 36, back ? f + 34 : server_port, 2);
	if (back) {
		memcpy(f + 26, server, 4);
		memcpy(f + 34, server_port, 2);
	}
}

static int receive(struct source *src, struct burst *b) {
	struct stream_run *r = (struct stream_run *)src;
	uint64_t first = r->gen.next;
	r->gen.time_us = r->base_us + (int64_t)(first * 1000000 / r->second);
	int n = generates()->recv(src, b);
	for (int i = 0; r->both && i < n; i++)
		turn(r, first + (uint64_t)i);
	return n;
}

static struct conf *load(const struct stream_text *streams, uint32_t n, uint32_t rows) {
	char path[] = "/tmp/sluice-bench-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (f == NULL)
		bench_refuse("%s cannot be made", path);
	fprintf(f, "[input]\nbackend = pcap\ndevice = none.pcap\n");
	fprintf(f, "[flow]\nrows = %u\npanes = 2\nspares = 4\nmemory = " MEMORY "\n", rows);
	for (uint32_t i = 0; i < n; i++)
		fprintf(f, "[stream s%u]\nkey = %s\nwindow = %s\n%s", i, streams[i].key,
			streams[i].window, streams[i].more != NULL ? streams[i].more : "");
	fprintf(f, "[sink out]\ntype = null\n");
	fclose(f);
	struct conf_errors errors = {0};
	struct conf *conf = conf_load(path, NULL, 0, &errors);
	unlink(path);
	if (conf == NULL)
		bench_wrong("%s", errors.line[0]);
	return conf;
}

static void open_exporter(struct stream_run *r, struct hash_seed seed) {
	struct exporter_stream streams[CONF_MAX_STREAMS];
	struct err err = {0};
	struct pane_store *stores[] = {&r->worker->panes};
	r->sink = sink_null_new(&err);
	struct exporter_sink to = {.sink = r->sink, .streams = UINT64_MAX, .name = "out"};
	for (uint32_t i = 0; i < r->conf->n_streams; i++)
		streams[i] = streams_export(&r->conf->stream[i]);
	r->exporter = exporter_new(&(struct exporter_config){
		.streams = streams,
		.n_streams = r->conf->n_streams,
		.sinks = &to,
		.n_sinks = 1,
		.stores = stores,
		.n_stores = 1,
		.memory = r->conf->flow.memory,
		.live_start_us = INT64_MIN,
		.seed = seed,
	});
	if (r->sink == NULL || r->exporter == NULL)
		bench_wrong("out of memory");
}

void stream_run_init(
	struct stream_run *r, const struct stream_text *streams, uint32_t n, uint32_t flows,
	uint64_t second, int64_t lateness_us
) {
	static struct source_ops ops;
	*r = (struct stream_run){.second = second, .base_us = STREAM_RUN_START_US};
	ops = *generates();
	ops.recv = receive;
	generator_init(&r->gen, flows);
	r->gen.source.ops = &ops;
	r->conf = load(streams, n, 2 * flows + FLOW_TABLE_ROWS_MIN);
	struct source **source = malloc(sizeof(struct source *));
	r->worker = aligned_alloc(CACHE_LINE, sizeof(*r->worker));
	struct worker_config wc = {
		.sources = source,
		.n_sources = 1,
		.intake = {.time = {.lateness_us = lateness_us}, .tunnels = TUNNEL_ALL},
		.panes = streams_panes(r->conf, false),
	};
	if (source == NULL || r->worker == NULL)
		bench_wrong("out of memory");
	*source = &r->gen.source;
	wc.fields = streams_fields(r->conf, &wc.cut);
	wc.panes.mem = mem_pages();
	hash_seed_init(&wc.intake.seed);
	wc.seed = wc.intake.seed;
	if (worker_init(r->worker, &wc) < 0)
		bench_wrong("out of memory");
	open_exporter(r, wc.seed);
}

void stream_run_fini(struct stream_run *r) {
	exporter_free(r->exporter);
	r->sink->ops->close(r->sink);
	free(r->worker->sources);
	worker_fini(r->worker);
	free(r->worker);
	conf_free(r->conf);
	*r = (struct stream_run){};
}

void stream_run_packets(struct stream_run *r, uint64_t packets) {
	uint64_t taken = 0;
	r->gen.limit = r->gen.next + packets;
	while (taken < packets)
		taken += (uint64_t)worker_step(r->worker);
}

// Windows that a packet is in.
static uint64_t windows_of(const struct conf_window *w) {
	return w->kind == CONF_WINDOW_SLIDING ? (uint64_t)(w->size_us / w->step_us) : 1;
}

void stream_run_end(struct stream_run *r) {
	struct tally t;
	int ret = worker_step(r->worker);
	if (ret != -ENODATA)
		bench_wrong("the worker did not end but returned %d", ret);
	exporter_finish(r->exporter, false);
	worker_tally(r->worker, &t);
	if (t.value[TALLY_REASON + REASON_NONE] != r->gen.next)
		bench_wrong("the worker counted %lu packets", t.value[TALLY_REASON + REASON_NONE]);
	for (uint32_t i = 0; i < r->conf->n_streams; i++) {
		uint64_t got[STREAM_STAT_COUNT];
		uint64_t want = r->gen.next * windows_of(&r->conf->stream[i].window);
		exporter_stream_stats(r->exporter, i, got);
		if (got[STREAM_PACKETS] != want || got[STREAM_BYTES] != 46 * want)
			bench_wrong(
				"stream %u of %u: %lu packets, %lu octets in records; %lu packets "
				"came",
				i + 1, r->conf->n_streams, got[STREAM_PACKETS], got[STREAM_BYTES],
				want
			);
		if (got[STREAM_REST] != 0 || got[STREAM_FORCED] != 0 || got[STREAM_EVICTED] != 0)
			bench_wrong("stream %u of %u had no room", i + 1, r->conf->n_streams);
	}
	if (exporter_failed(r->exporter))
		bench_wrong("out of memory");
}
