// The pipeline with real threads, for the thread sanitizer: a receiver, workers and the exporter over
// packets in memory. Whatever the number of workers, the sums are those of the input, the ledger read
// from another thread balances at every moment, and every packet is given back once.

#include "base/field.h"
#include "export/exporter.h"
#include "export/sinks.h"
#include "frame.h"
#include "memory_source.h"
#include "pipeline/receiver.h"
#include "pipeline/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PACKETS 60000
#define FRAMES 97
#define WORKERS_MAX 4
#define SECOND 1000000ll

static struct frame *frames;
static struct packet *packets;

struct rig {
	struct memory_source source;
	struct source *sources[1];
	struct receiver *receiver;
	struct worker *workers;
	struct source *worker_source[WORKERS_MAX];
	uint32_t n_workers;
	struct exporter *exporter;
	struct sink *sink;
	_Atomic(uint32_t) finished;
	_Atomic(bool) done;
	_Atomic(uint32_t) unbalanced;
};

struct seat {
	struct rig *rig;
	uint32_t index;
};

static void *work(void *arg) {
	struct seat *seat = arg;
	while (worker_step(&seat->rig->workers[seat->index]) >= 0)
		;
	atomic_fetch_add(&seat->rig->finished, 1);
	return NULL;
}

static void *receive(void *arg) {
	struct rig *rig = arg;
	while (receiver_step(rig->receiver) >= 0)
		;
	while (atomic_load(&rig->finished) < rig->n_workers)
		usleep(100);
	receiver_drain(rig->receiver);
	return NULL;
}

static void *export(void *arg) {
	struct rig *rig = arg;
	while (atomic_load(&rig->finished) < rig->n_workers)
		if (!exporter_step(rig->exporter))
			usleep(50);
	exporter_finish(rig->exporter, false);
	return NULL;
}

// Reads the ledger all the time, as a screen would.
static void *watch(void *arg) {
	struct rig *rig = arg;
	while (!atomic_load(&rig->done)) {
		for (uint32_t i = 0; i < rig->n_workers; i++) {
			struct tally t;
			worker_tally(&rig->workers[i], &t);
			uint64_t sum = 0;
			for (int r = 0; r < REASON_COUNT; r++)
				sum += t.value[TALLY_REASON + r];
			if (sum != t.value[TALLY_RECEIVED])
				atomic_fetch_add(&rig->unbalanced, 1);
		}
		usleep(20);
	}
	return NULL;
}

static void *lines(size_t octets) {
	octets = (octets + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	void *p = aligned_alloc(CACHE_LINE, octets);
	if (p == NULL)
		abort();
	return p;
}

static void must(int ret, const char *what) {
	if (ret == 0)
		return;
	printf("Bail out! %s: %d\n", what, ret);
	exit(1);
}

static void rig_open(struct rig *rig, uint32_t n_workers, bool software, uint32_t rows) {
	*rig = (struct rig){.n_workers = n_workers};
	memory_source_init(&rig->source, packets, PACKETS, 61);
	rig->sources[0] = &rig->source.source;
	struct intake_config intake = {.time = {.lateness_us = SECOND / 2}, .tunnels = TUNNEL_ALL};
	hash_seed_fixed(&intake.seed, n_workers);
	if (software) {
		rig->receiver = lines(sizeof(*rig->receiver));
		struct receiver_config rc = {
			.sources = rig->sources,
			.n_sources = 1,
			.n_lanes = n_workers,
			.intake = intake};
		must(receiver_init(rig->receiver, &rc), "receiver");
	}
	rig->workers = lines(n_workers * sizeof(*rig->workers));
	struct pane_store *stores[WORKERS_MAX];
	for (uint32_t i = 0; i < n_workers; i++) {
		rig->worker_source[i] = software ? &rig->receiver->lanes[i].source
						 : rig->sources[0];
		struct worker_config wc = {
			.sources = &rig->worker_source[i],
			.n_sources = 1,
			.intake = intake,
			.fields = FIELD_BIT(FIELD_SRC_PORT),
			.panes =
				{.width_us = SECOND,
				 .active = 2,
				 .spares = 2,
				 .rows = rows,
				 .patient = true,
				 .mem = mem_pages()},
			.seed = intake.seed,
		};
		must(worker_init(&rig->workers[i], &wc), "worker");
		stores[i] = &rig->workers[i].panes;
	}
	rig->sink = sink_null_new(NULL);
	struct exporter_stream streams[] = {
		{"ports", FIELD_BIT(FIELD_SRC_PORT), SECOND}, {"all", 0, 5 * SECOND}};
	struct exporter_sink sinks[] = {{rig->sink, 3, "null"}};
	struct exporter_config ec = {
		.streams = streams,
		.n_streams = 2,
		.sinks = sinks,
		.n_sinks = 1,
		.stores = stores,
		.n_stores = n_workers,
		.memory = 1 << 24,
		.live_start_us = INT64_MIN,
		.seed = intake.seed};
	rig->exporter = exporter_new(&ec);
	must(rig->exporter == NULL, "exporter");
}

static void rig_close(struct rig *rig) {
	exporter_free(rig->exporter);
	for (uint32_t i = 0; i < rig->n_workers; i++)
		worker_fini(&rig->workers[i]);
	free(rig->workers);
	if (rig->receiver != NULL)
		receiver_fini(rig->receiver);
	free(rig->receiver);
	rig->sink->ops->close(rig->sink);
	memory_source_fini(&rig->source);
}

static int run(int number, uint32_t n_workers, bool software, uint32_t rows) {
	struct rig rig;
	struct seat seats[WORKERS_MAX];
	pthread_t worker[WORKERS_MAX], receiver, exporter, watcher;
	rig_open(&rig, n_workers, software, rows);
	for (uint32_t i = 0; i < n_workers; i++) {
		seats[i] = (struct seat){&rig, i};
		must(pthread_create(&worker[i], NULL, work, &seats[i]), "thread");
	}
	must(pthread_create(&exporter, NULL, export, &rig), "thread");
	must(pthread_create(&watcher, NULL, watch, &rig), "thread");
	if (software)
		must(pthread_create(&receiver, NULL, receive, &rig), "thread");
	for (uint32_t i = 0; i < n_workers; i++)
		pthread_join(worker[i], NULL);
	if (software)
		pthread_join(receiver, NULL);
	pthread_join(exporter, NULL);
	atomic_store(&rig.done, true);
	pthread_join(watcher, NULL);

	uint64_t st[2][STREAM_STAT_COUNT], counted = 0, late = 0;
	for (uint32_t i = 0; i < n_workers; i++) {
		struct tally t;
		worker_tally(&rig.workers[i], &t);
		counted += t.value[TALLY_REASON + REASON_NONE];
		late += t.value[TALLY_REASON + REASON_LATE];
	}
	exporter_stream_stats(rig.exporter, 0, st[0]);
	exporter_stream_stats(rig.exporter, 1, st[1]);
	bool good = counted + late == PACKETS && late > 0 && st[0][STREAM_PACKETS] == counted
		&& st[1][STREAM_PACKETS] == counted && rig.source.released == PACKETS
		&& !rig.source.release_broken && atomic_load(&rig.unbalanced) == 0
		&& st[0][STREAM_WINDOWS] == PACKETS * 1000ull / SECOND;
	printf("%s %d - %u workers, %s, %u rows: sums hold and nothing is lost\n",
	       good ? "ok" : "not ok", number, n_workers, software ? "software" : "direct", rows);
	if (!good)
		printf("# counted %lu late %lu ports %lu all %lu windows %lu released %u unbalanced %u\n",
		       counted, late, st[0][STREAM_PACKETS], st[1][STREAM_PACKETS],
		       st[0][STREAM_WINDOWS], rig.source.released, atomic_load(&rig.unbalanced));
	rig_close(&rig);
	return good ? 0 : 1;
}

int main(void) {
	frames = calloc(FRAMES, sizeof(*frames));
	packets = calloc(PACKETS, sizeof(*packets));
	for (uint32_t i = 0; i < FRAMES; i++)
		frame_ipv4_udp(
			&frames[i], "10.0.0.1", (uint16_t)(1000 + i), "10.0.0.2", 53, "q", 1
		);
	for (uint32_t i = 0; i < PACKETS; i++) {
		frame_packet(&frames[i % FRAMES], &packets[i], i * 1000ll);
		// Some arrive out of order, some too late.
		if (i % 50 == 0 && i > 1000)
			packets[i].time_us -= i % 100 == 0 ? 300000 : 700000;
	}
	int failed = 0, number = 0;
	printf("1..6\n");
	failed += run(++number, 1, false, 1024);
	failed += run(++number, 1, true, 1024);
	failed += run(++number, 2, true, 1024);
	failed += run(++number, 4, true, 1024);
	failed += run(++number, 1, false, 16);
	failed += run(++number, 3, true, 16);
	free(frames);
	free(packets);
	return failed > 0;
}
