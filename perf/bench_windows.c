// What one exporter core does a second, by kind of window: rows merged from handed-over panes, keys given
// out in records to a sink that throws them away, and rows all in all. usage: bench_windows [-f FLOWS] [-r REPEATS] [-c CPU]

#include "bench.h"
#include "stream_run.h"

#include <string.h>

#define FIVE "src_ip dest_ip src_port dest_port proto"
// Traffic, each flow once a second, and then silence, in which sessions and flows end. Both together
// are a multiple of every window.
#define ACTIVE 8
#define SILENT 4
#define TOP 100

static const struct subject {
	const char *name;
	struct stream_text stream;
	uint32_t given; // how often a flow is given out in a round
	bool top;
} subjects[] = {
	{"tumbling", {FIVE, "tumbling 4s", NULL}, 2, false},
	{"sliding", {FIVE, "sliding 4s 1s", NULL}, 11, false},
	{"session", {FIVE, "session 2s", NULL}, 1, false},
	// Cut when ACTIVE has passed, and the rest by silence.
	{"flow", {FIVE, "flow 4s 2s", NULL}, 2, false},
	{"biflow", {FIVE, "tumbling 4s", "biflow = yes\n"}, 2, false},
	{"top", {FIVE, "tumbling 4s", "top = 100\n"}, 2, true},
};
#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

struct round {
	double merge, give; // seconds
};

static struct stream_run run[SUBJECTS];

static double timed_steps(struct stream_run *r) {
	double start = bench_seconds();
	while (exporter_step(r->exporter))
		;
	return bench_seconds() - start;
}

// In each second the first burst moves the horizon, whereupon what is complete is given out; then the rest
// of it is handed over, and merged.
static struct round run_round(struct stream_run *r) {
	struct round took = {0};
	for (uint32_t s = 0; s < ACTIVE; s++) {
		stream_run_packets(r, BURST_MAX);
		took.give += timed_steps(r);
		stream_run_packets(r, r->second - BURST_MAX);
		pane_store_flush(&r->worker->panes);
		stage_track_forget(&r->worker->track);
		took.merge += timed_steps(r);
	}
	r->base_us += SILENT * 1000000;
	return took;
}

static void check(uint32_t i, uint32_t flows, uint32_t rounds) {
	uint64_t got[STREAM_STAT_COUNT], want = (uint64_t)subjects[i].given * rounds;
	stream_run_end(&run[i]);
	exporter_stream_stats(run[i].exporter, 0, got);
	// What a ranking leaves is a record too.
	want *= subjects[i].top ? TOP + 1 : run[i].both ? flows / 2 : flows;
	if (got[STREAM_RECORDS] != want)
		bench_wrong(
			"%s: %lu records instead of %lu", subjects[i].name, got[STREAM_RECORDS],
			want
		);
}

int main(int argc, char **argv) {
	uint32_t flows = 1u << 17, repeats = 7;
	const struct bench_option options[] = {
		{'f', &flows, 2 * BURST_MAX, 1u << 20},
		{'r', &repeats, 1, BENCH_REPEATS_MAX},
	};
	int cpu = bench_options(
		argc, argv, options, sizeof(options) / sizeof(options[0]),
		"usage: bench_windows [-f FLOWS] [-r REPEATS] [-c CPU]"
	);
	if ((flows & (flows - 1)) != 0)
		bench_refuse("FLOWS must be a power of two");
	bench_pin(cpu);
	struct bench_series merged[SUBJECTS], given[SUBJECTS], all[SUBJECTS];
	char name[SUBJECTS][3][32];
	for (uint32_t i = 0; i < SUBJECTS; i++) {
		// A flow of two directions is two rows.
		bool both = strcmp(subjects[i].name, "biflow") == 0;
		stream_run_init(
			&run[i], &subjects[i].stream, 1, both ? flows / 2 : flows, flows, 0
		);
		run[i].both = both;
		snprintf(name[i][0], sizeof(name[i][0]), "%s_merged", subjects[i].name);
		snprintf(name[i][1], sizeof(name[i][1]), "%s_given", subjects[i].name);
		snprintf(name[i][2], sizeof(name[i][2]), "%s_rows", subjects[i].name);
		merged[i] = (struct bench_series){.name = name[i][0]};
		given[i] = (struct bench_series){.name = name[i][1]};
		all[i] = (struct bench_series){.name = name[i][2]};
	}
	// Two warm up: the last windows of a round are given out in the next.
	for (uint32_t k = 0; k < repeats + 2; k++) {
		for (uint32_t i = 0; i < SUBJECTS; i++) {
			struct round r = run_round(&run[i]);
			double rows = run[i].both ? flows / 2 : flows;
			if (k < 2)
				continue;
			bench_add(&merged[i], (double)flows * ACTIVE / r.merge);
			bench_add(&all[i], (double)flows * ACTIVE / (r.merge + r.give));
			bench_add(&given[i], rows * subjects[i].given / r.give);
		}
	}
	printf("{\"bench\":\"windows\",\"rows\":%u,\"unit\":\"1/s\"", flows);
	for (uint32_t i = 0; i < SUBJECTS; i++) {
		check(i, flows, repeats + 2);
		stream_run_fini(&run[i]);
		printf(",");
		bench_print(&merged[i], stdout);
		printf(",");
		bench_print(&given[i], stdout);
		printf(",");
		bench_print(&all[i], stdout);
	}
	printf("}\n");
	return 0;
}
