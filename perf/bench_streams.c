// Cycles a packet of the worker with one stream, five and twenty, of every kind and with other keys within
// one finest key; and with sliding 60s 1s beside tumbling 60s. The exporter works beside it, on another
// processor. usage: bench_streams [-f FLOWS] [-n PACKETS] [-r REPEATS] [-c CPU]

#include "bench.h"
#include "stream_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define FIVE "src_ip dest_ip src_port dest_port proto"

static const struct stream_text various[] = {
	{FIVE, "tumbling 10s", NULL},
	{"src_ip", "sliding 60s 10s", NULL},
	{FIVE, "session 30s", NULL},
	{FIVE, "flow 60s 15s", NULL},
	{FIVE, "tumbling 60s", "biflow = yes\n"},
	{"src_ip", "tumbling 10s", "top = 100\n"},
	{"dest_ip dest_port proto", "tumbling 1s", NULL},
	{"src_ip/24", "tumbling 10s", NULL},
	{"src_ip dest_ip", "sliding 10s 1s", NULL},
	{"proto", "tumbling 1m", NULL},
	{"dest_port", "session 10s", NULL},
	{"dest_ip", "tumbling 10s", "distinct = src_ip\n"},
	{"src_ip/16 dest_ip/16", "sliding 60s 10s", NULL},
	{"src_ip proto", "flow 30s 10s", NULL},
	{FIVE, "tumbling 10s", "where = proto = 17 and dest_port = 53\n"},
	{"src_ip dest_ip", "tumbling 5m", "biflow = yes\n"},
	{"src_ip dest_ip", "session 1m", "biflow = yes\n"},
	{"dest_ip proto", "sliding 30s 5s", "top = 10\n"},
	{"src_port", "tumbling 10s", NULL},
	{"src_ip dest_port", "flow 2m 30s", NULL},
};
static const struct stream_text tumbling[] = {{FIVE, "tumbling 60s", NULL}};
static const struct stream_text sliding[] = {{FIVE, "sliding 60s 1s", NULL}};

static const struct subject {
	const char *name;
	const struct stream_text *streams;
	uint32_t n;
} subjects[] = {
	{"streams_1", various, 1}, {"streams_5", various, 5}, {"streams_20", various, 20},
	{"tumbling", tumbling, 1}, {"sliding", sliding, 1},
};
#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))
static_assert(sizeof(various) / sizeof(various[0]) == 20);

static struct stream_run run[SUBJECTS];
static _Atomic(uint32_t) asked; // rounds in which nothing was found: main → exporter, and back
static _Atomic(uint32_t) idle;
static _Atomic(bool) over;

static void nap(void) {
	nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void *export_all(void *arg) {
	while (!atomic_load(&over)) {
		uint32_t wanted = atomic_load(&asked);
		bool busy = false;
		for (uint32_t i = 0; i < SUBJECTS; i++)
			busy |= exporter_step(run[i].exporter);
		if (busy)
			continue;
		atomic_store(&idle, wanted);
		nap();
	}
	return NULL;
}

// Until all that was handed over is in windows, so that nobody pays for another's.
static void wait_exporter(void) {
	uint32_t wanted = atomic_fetch_add(&asked, 1) + 1;
	while (atomic_load(&idle) != wanted)
		nap();
}

// The generator alone, with its times.
static double run_empty(struct stream_run *r, uint64_t packets) {
	static struct burst burst;
	uint64_t sum = 0;
	r->gen.limit = r->gen.next + packets;
	double start = bench_seconds();
	int n;
	while ((n = r->gen.source.ops->recv(&r->gen.source, &burst)) > 0) {
		sum += (uint64_t)n;
		r->gen.source.ops->release(&r->gen.source, &burst);
	}
	double took = bench_seconds() - start;
	if (sum != packets)
		bench_wrong("the empty source gave %lu packets", sum);
	return took;
}

static double run_worker(struct stream_run *r, uint64_t packets) {
	wait_exporter();
	double start = bench_seconds();
	stream_run_packets(r, packets);
	return bench_seconds() - start;
}

static void check_hand_overs(uint32_t i, uint32_t seconds) {
	const struct pane_store *ps = &run[i].worker->panes;
	// The last second and what is not late yet stay.
	uint64_t least = (uint64_t)(seconds - 2) * 1000000 / (uint64_t)ps->width_us;
	if (ps->handed_over < least)
		bench_wrong("%s: %lu panes handed over", subjects[i].name, ps->handed_over);
}

int main(int argc, char **argv) {
	uint32_t flows = 16384, packets = 8u << 20, repeats = 21;
	const struct bench_option options[] = {
		{'f', &flows, BURST_MAX, 1u << 20},
		{'n', &packets, BURST_MAX, 1u << 24},
		{'r', &repeats, 1, BENCH_REPEATS_MAX},
	};
	int cpu = bench_options(
		argc, argv, options, sizeof(options) / sizeof(options[0]),
		"usage: bench_streams [-f FLOWS] [-n PACKETS] [-r REPEATS] [-c CPU]"
	);
	if ((flows & (flows - 1)) != 0 || (packets & (packets - 1)) != 0 || packets < flows)
		bench_refuse("FLOWS and PACKETS must be powers of two, PACKETS not below FLOWS");
	static struct stream_run alone;
	pthread_t thread;
	struct bench_series empty = {.name = "empty"}, series[SUBJECTS];
	stream_run_init(&alone, various, 1, flows, packets, 1000000);
	for (uint32_t i = 0; i < SUBJECTS; i++) {
		stream_run_init(
			&run[i], subjects[i].streams, subjects[i].n, flows, packets, 1000000
		);
		// Panes are handed over in the middle of a measurement.
		run[i].base_us += 500000;
		series[i] = (struct bench_series){.name = subjects[i].name};
	}
	if (pthread_create(&thread, NULL, export_all, NULL) != 0)
		bench_wrong("no thread");
	bench_pin(cpu);
	double scale = bench_cycles_per_second() / packets;
	// Two rounds warm up: the first pane learns the number of flows, the second has it.
	for (uint32_t k = 0; k < repeats + 2; k++) {
		double e = run_empty(&alone, packets) * scale;
		if (k >= 2)
			bench_add(&empty, e);
		for (uint32_t i = 0; i < SUBJECTS; i++) {
			double w = run_worker(&run[i], packets) * scale;
			if (k >= 2)
				bench_add(&series[i], w);
		}
	}
	wait_exporter();
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	double own[SUBJECTS];
	printf("{\"bench\":\"streams\",\"flows\":%u,\"unit\":\"cycles/packet\",", flows);
	bench_print(&empty, stdout);
	for (uint32_t i = 0; i < SUBJECTS; i++) {
		check_hand_overs(i, repeats + 2);
		stream_run_end(&run[i]);
		stream_run_fini(&run[i]);
		own[i] = bench_median(&series[i]) - bench_median(&empty);
		printf(",");
		bench_print(&series[i], stdout);
	}
	stream_run_fini(&alone);
	printf(",\"ratio_5\":%.3f,\"ratio_20\":%.3f,\"ratio_sliding\":%.3f,\"goal\":1.05}\n",
	       own[1] / own[0], own[2] / own[0], own[4] / own[3]);
	return 0;
}
