// What checkpoints cost: the time that a worker takes for a burst while nothing else happens, while its rows
// are handed over, and while checkpoints of all flows are made; its processor time at a hand-over and at a
// mark; and the octets and seconds of a checkpoint. usage: bench_state [-f FLOWS] [-n LAPS] [-r REPEATS] [-c CPU]

#include "base/field.h"
#include "bench.h"
#include "export/exporter.h"
#include "export/sinks.h"
#include "generator.h"
#include "pipeline/worker.h"
#include "state/saver.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FIELDS                                                                          \
	(FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP) | FIELD_BIT(FIELD_SRC_PORT) \
	 | FIELD_BIT(FIELD_DEST_PORT) | FIELD_BIT(FIELD_PROTO))
// A window ends where rows are to be handed over, and nowhere else.
#define WIDTH_US 3600000000
#define PANES 6
// Nanoseconds that a burst may take, and are told apart.
#define SLOW_NS 1048576
// Times the laps while nothing else happens: about as long as a checkpoint goes on, so that what the machine itself
// disturbs is in both.
#define ALONE 6

enum mode {
	MODE_ALONE,
	MODE_HAND_OVER,
	MODE_CHECKPOINT,
	MODE_COUNT
};

static uint32_t laps = 4, flows = 1u << 20;
static struct generator gen;
static struct worker *worker;
static struct exporter *exporter;
static struct sink *sink;
static struct state_pool pool;
static struct state_pool *pools[] = {&pool};
static struct state_store *store;
static struct saver *saver;
static char folder[] = "/tmp/sluice-bench-XXXXXX";
static _Atomic(bool) over;
static _Atomic(uint32_t) asked, idle; // main → exporter, and back when there is nothing left to do
static uint32_t slow[SLOW_NS];

// A mark is timed where no packet comes with it.
static const struct source_ops *generates;
static bool paused;

static int receive(struct source *src, struct burst *b) {
	return paused ? 0 : generates->recv(src, b);
}

static uint64_t now_ns(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

// As the program's exporter thread does it.
static void *export_all(void *arg) {
	struct err err = {0};
	while (!atomic_load(&over)) {
		uint32_t wanted = atomic_load(&asked);
		bool busy = exporter_step(exporter);
		if (exporter_marked(exporter)) {
			struct state_buffer b;
			state_buffer_init(&b, 4ull << 30);
			if (exporter_save(exporter, &b.writer, &err) < 0)
				bench_wrong("%s", err.text);
			saver_deliver(saver, state_buffer_take(&b));
			exporter_pass(exporter);
		} else if (!busy) {
			atomic_store(&idle, wanted);
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		}
	}
	return NULL;
}

static void set_up(void) {
	static struct source *sources[] = {&gen.source};
	static const struct exporter_stream stream = {
		.name = "flows", .fields = FIELDS, .kind = WINDOW_TUMBLING, .size_us = WIDTH_US};
	struct err err = {0};
	generator_init(&gen, flows);
	gen.limit = UINT64_MAX;
	static struct source_ops ops;
	generates = gen.source.ops;
	ops = *generates;
	ops.recv = receive;
	gen.source.ops = &ops;
	worker = aligned_alloc(CACHE_LINE, sizeof(*worker));
	struct worker_config wc = {
		.sources = sources,
		.n_sources = 1,
		.intake = {.time = {.lateness_us = 1000000}, .tunnels = TUNNEL_ALL},
		.fields = FIELDS,
		.panes =
			{.width_us = WIDTH_US,
			 .active = 2,
			 .spares = PANES - 2,
			 .rows = 2 * flows,
			 .mem = mem_pages()},
		.pool = &pool,
	};
	hash_seed_init(&wc.intake.seed);
	wc.seed = wc.intake.seed;
	sink = sink_null_new(&err);
	if (worker == NULL || sink == NULL || state_pool_init(&pool, 64, false) < 0
	    || worker_init(worker, &wc) < 0)
		bench_wrong("out of memory");
	struct pane_store *stores[] = {&worker->panes};
	struct exporter_sink to = {.sink = sink, .streams = 1, .name = "null"};
	struct exporter_config ec = {
		.streams = &stream,
		.n_streams = 1,
		.sinks = &to,
		.n_sinks = 1,
		.stores = stores,
		.n_stores = 1,
		.memory = 4ull << 30,
		.live_start_us = INT64_MIN,
		.seed = wc.seed,
	};
	exporter = exporter_new(&ec);
	if (exporter == NULL || mkdtemp(folder) == NULL)
		bench_wrong("out of memory, or no %s", folder);
	store = state_store_open(folder, &err);
	saver = store != NULL ? saver_new(store, pools, 1, "", &err) : NULL;
	if (saver == NULL)
		bench_wrong("%s", err.text);
}

// Microseconds that so many of the bursts are not above.
static double quantile(uint64_t bursts, double part) {
	uint64_t below = 0, wanted = (uint64_t)((double)bursts * part);
	for (uint32_t ns = 0; ns < SLOW_NS; ns++) {
		below += slow[ns];
		if (below >= wanted)
			return ns / 1e3;
	}
	return SLOW_NS / 1e3;
}

// Bursts that are not at a mark: half of them, 99 % and 99.9 % take no longer.
static const double parts[] = {0.5, 0.99, 0.999};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

struct round {
	double part_us[PARTS];
	double own_us; // processor time of the step at a mark, or that hands rows over, the most
};

// Whether the exporter is at what was handed over.
static bool merging(void) {
	return atomic_load(&idle) != atomic_load(&asked);
}

static struct round run(enum mode mode) {
	uint64_t packets = 0, bursts = 0, all = (uint64_t)laps * flows, due = flows / 4;
	if (mode == MODE_ALONE)
		all *= ALONE;
	struct round r = {0};
	memset(slow, 0, sizeof(slow));
	// Hand-overs and checkpoints come to their end in the mode that they belong to.
	while (packets < all || saver_busy(saver) || merging()) {
		bool at = mode != MODE_ALONE && packets >= due && packets < all;
		if (at && mode == MODE_CHECKPOINT && !saver_begin(saver))
			at = false;
		if (at && mode == MODE_HAND_OVER && merging())
			at = false;
		due = at ? packets + flows : due;
		if (at && mode == MODE_HAND_OVER)
			gen.time_us += WIDTH_US;
		else if (at)
			atomic_fetch_add(&worker->checkpoint, 1);
		paused = at && mode == MODE_CHECKPOINT;
		uint64_t handed_over = worker->panes.handed_over;
		double cpu = at ? bench_seconds() : 0;
		uint64_t start = now_ns();
		packets += (uint64_t)worker_step(worker);
		uint64_t took = now_ns() - start;
		if (at) {
			double us = (bench_seconds() - cpu) * 1e6;
			r.own_us = us > r.own_us ? us : r.own_us;
			if (worker->panes.handed_over == handed_over)
				bench_wrong("nothing was handed over");
			atomic_fetch_add(&asked, 1);
		}
		if (paused) {
			paused = false;
			continue;
		}
		slow[took < SLOW_NS ? took : SLOW_NS - 1]++;
		bursts++;
	}
	for (uint32_t i = 0; i < PARTS; i++)
		r.part_us[i] = quantile(bursts, parts[i]);
	return r;
}

static void finish(pthread_t thread, struct saver_stats *s) {
	uint64_t out[STREAM_STAT_COUNT];
	struct err err = {0};
	char command[128];
	// What is tracked is saved beside bursts.
	while (saver_busy(saver))
		worker_step(worker);
	if (saver_wait(saver, &err) < 0)
		bench_wrong("%s", err.text);
	saver_stats(saver, s);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	pane_store_flush(&worker->panes);
	exporter_finish(exporter, false);
	exporter_stream_stats(exporter, 0, out);
	struct tally t;
	worker_tally(worker, &t);
	if (out[STREAM_PACKETS] != t.value[TALLY_REASON + REASON_NONE])
		bench_wrong("%lu packets in records, not what was counted", out[STREAM_PACKETS]);
	saver_free(saver);
	state_store_close(store);
	exporter_free(exporter);
	worker_fini(worker);
	free(worker);
	sink->ops->close(sink);
	state_pool_fini(&pool);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command) != 0)
		bench_wrong("%s stays", folder);
}

// As in the program, where other threads keep off a worker's processor: those that are made from now on.
static void keep_off(int cpu) {
	cpu_set_t set;
	if (cpu < 0 || sched_getaffinity(0, sizeof(set), &set) < 0)
		return;
	CPU_CLR(cpu, &set);
	if (CPU_COUNT(&set) > 0)
		sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv) {
	uint32_t repeats = 5;
	const struct bench_option options[] = {
		{'f', &flows, BURST_MAX, 1u << 22},
		{'n', &laps, 1, 1000},
		{'r', &repeats, 1, BENCH_REPEATS_MAX},
	};
	int cpu = bench_options(
		argc, argv, options, sizeof(options) / sizeof(options[0]),
		"usage: bench_state [-f FLOWS] [-n LAPS] [-r REPEATS] [-c CPU]"
	);
	if ((flows & (flows - 1)) != 0)
		bench_refuse("FLOWS must be a power of two");
	pthread_t thread;
	keep_off(cpu);
	set_up();
	if (pthread_create(&thread, NULL, export_all, NULL) != 0)
		bench_wrong("no thread");
	// Behind the others, which run elsewhere.
	bench_pin(cpu);
	struct bench_series part[MODE_COUNT][PARTS] = {
		{{.name = "alone_p50_us"}, {.name = "alone_p99_us"}, {.name = "alone_p999_us"}},
		{{.name = "hand_over_p50_us"},
		 {.name = "hand_over_p99_us"},
		 {.name = "hand_over_p999_us"}},
		{{.name = "checkpoint_p50_us"},
		 {.name = "checkpoint_p99_us"},
		 {.name = "checkpoint_p999_us"}},
	};
	struct bench_series own[MODE_COUNT] = {
		[MODE_HAND_OVER] = {.name = "hand_over_us"},
		[MODE_CHECKPOINT] = {.name = "mark_us"}};
	struct bench_series took = {.name = "seconds"};
	struct saver_stats s;
	// The memory of every table was used before, as it is some windows after the start.
	while (worker->panes.handed_over < 2 * PANES)
		run(MODE_HAND_OVER);
	for (uint32_t i = 0; i <= repeats; i++) {
		for (enum mode m = 0; m < MODE_COUNT; m++) {
			struct round r = run(m);
			if (i == 0) // warms up
				continue;
			for (uint32_t k = 0; k < PARTS; k++)
				bench_add(&part[m][k], r.part_us[k]);
			bench_add(&own[m], r.own_us);
		}
		saver_stats(saver, &s);
		if (i > 0)
			bench_add(&took, (double)s.last.took_us / 1e6);
	}
	finish(thread, &s);
	double alone = bench_median(&part[MODE_ALONE][PARTS - 1]);
	printf("{\"bench\":\"state\",\"flows\":%u,", flows);
	for (enum mode m = 0; m < MODE_COUNT; m++) {
		for (uint32_t k = 0; k < PARTS; k++) {
			bench_print(&part[m][k], stdout);
			printf(",");
		}
		if (own[m].name == NULL)
			continue;
		bench_print(&own[m], stdout);
		printf(",");
	}
	bench_print(&took, stdout);
	printf(",\"octets\":%lu,\"stored\":%lu,\"checkpoints\":%lu,\"failed\":%lu,\"ratio_hand_over\":%.3f,"
	       "\"ratio\":%.3f,\"goal\":1.2}\n",
	       s.last.octets, s.last.stored, s.checkpoints, s.failed,
	       bench_median(&part[MODE_HAND_OVER][PARTS - 1]) / alone,
	       bench_median(&part[MODE_CHECKPOINT][PARTS - 1]) / alone);
	return s.checkpoints > 0 ? 0 : 1;
}
