// Gbit/s of payload that the whole worker matches with hsbench patterns, beside a bare loop of
// Hyperscan's calls over the same octets in the same mode; both must find the same. usage: bench_match
// [-m block|stream] [-p PATTERNS] [-t MILLISECONDS] [-r REPEATS] [-c CPU] CAPTURE...

#include "bare.h"
#include "bench.h"
#include "lap_worker.h"
#include "stream_memory.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "usage: bench_match [-m block|stream] [-p PATTERNS] [-t MILLISECONDS] "
			    "[-r REPEATS] [-c CPU] CAPTURE...";

struct options {
	const char *patterns;
	bool stream;
	uint32_t ms, repeats;
	int cpu;
};

static void read_options(struct options *o, int argc, char **argv) {
	int opt;
	*o = (struct options
	){.patterns = "conf/rules/example.hs", .ms = 300, .repeats = 7, .cpu = -1};
	while ((opt = getopt(argc, argv, "m:p:t:r:c:")) != -1) {
		if (opt == 'm' && (strcmp(optarg, "block") == 0 || strcmp(optarg, "stream") == 0))
			o->stream = *optarg == 's';
		else if (opt == 'p')
			o->patterns = optarg;
		else if (opt == 't')
			o->ms = bench_number("-t", optarg, 1, 60000);
		else if (opt == 'r')
			o->repeats = bench_number("-r", optarg, 1, BENCH_REPEATS_MAX);
		else if (opt == 'c')
			o->cpu = (int)bench_number("-c", optarg, 0, CPU_SETSIZE - 1);
		else
			bench_refuse("%s", usage);
	}
	if (optind >= argc)
		bench_refuse("%s", usage);
}

// Combinations are decided beside Hyperscan: they are nothing to compare with.
static int leave_out_combinations(struct ruleset *rs) {
	int ret = 0;
	for (uint32_t i = rs->n_patterns; i > 0 && ret == 0; i--) {
		if (rs->patterns[i - 1].flags & (PATTERN_COMBINATION | PATTERN_QUIET))
			ret = ruleset_refuse(rs, i - 1, "combination", "left out");
	}
	return ret;
}

static struct match_engine *make_engine(const struct options *o) {
	const struct match_engine_config conf = {.streams = o->stream};
	struct rule_files files = {};
	struct err err = {};
	struct match_engine *engine = NULL;
	if (rule_files_init(&files) == 0 && rule_files_add(&files, o->patterns, NULL, &err) == 0
	    && leave_out_combinations(files.patterns) == 0)
		engine = match_engine_new(&files, &conf, &err);
	if (engine == NULL)
		bench_refuse("%s: %s", o->patterns, err.text);
	rule_files_fini(&files);
	return engine;
}

static double run_bare(struct bare *b, uint32_t laps) {
	double start = bench_seconds();
	for (uint32_t i = 0; i < laps; i++)
		bare_run(b);
	return bench_seconds() - start;
}

static void print_streams(const struct match_engine *engine, const struct scans *scans) {
	struct stream_set_stats set;
	struct stream_memory m;
	stream_set_stats(match_engine_streams(engine), &set);
	stream_memory_measure(&m, engine, scans);
	printf("\"stream_db_bytes\":%lu,\"state_bytes\":%u,\"streams\":%lu,\"live_bytes\":%lu,"
	       "\"idle_bytes\":%lu,\"stream_octets\":%lu,",
	       set.database_octets, set.stream_octets_max, m.streams, m.live, m.idle,
	       scans->octets_streams);
}

int main(int argc, char **argv) {
	static struct frames frames;
	struct scans scans;
	struct bare bare;
	struct lap_worker worker;
	struct options o;
	struct err err = {};
	read_options(&o, argc, argv);
	bench_pin(o.cpu);
	enum frames_kind kind = o.stream ? FRAMES_CONNECTIONS : FRAMES_PAYLOADS;
	const char *const *captures = (const char *const *)argv + optind;
	if (frames_init(&frames, kind, captures, (uint32_t)(argc - optind), &err) < 0)
		bench_refuse("%s", err.text);
	if (o.stream)
		scans_of_connections(&scans, &frames, LAP_WORKER_MEMORY);
	else
		scans_of_payloads(&scans, &frames);
	struct match_engine *engine = make_engine(&o);
	bare_init(&bare, engine, &scans);
	lap_worker_init(&worker, engine, o.stream, &frames);
	uint64_t events = bare_events(&bare);

	// As many laps as take the time asked for; the first measurement warms up.
	double lap = run_bare(&bare, 1);
	uint32_t laps = (uint32_t)(o.ms / 1000.0 / (lap > 1e-6 ? lap : 1e-6)) + 1;
	double gbit = (double)scans.octets * 8 * laps / 1e9;
	struct bench_series loop = {.name = "bare"}, full = {.name = "worker"};
	for (uint32_t i = 0; i <= o.repeats; i++) {
		double b = run_bare(&bare, laps), w = lap_worker_run(&worker, laps);
		if (i == 0)
			continue;
		bench_add(&loop, gbit / b);
		bench_add(&full, gbit / w);
	}
	uint64_t all = worker.laps, found = lap_worker_end(&worker);
	if (found != events * all)
		bench_wrong(
			"the worker found %lu match events, the bare loop %lu", found, events * all
		);

	printf("{\"bench\":\"match\",\"mode\":\"%s\",\"patterns\":\"%s\",\"accepted\":%u,"
	       "\"db_bytes\":%lu,\"frames\":%u,\"payloads\":%u,\"payload_bytes\":%lu,"
	       "\"events\":%lu,",
	       o.stream ? "stream" : "block", o.patterns, match_engine_rules(engine),
	       matcher_bytes(match_engine_patterns(engine)), frames.n, frames.payloads,
	       frames.payload_octets, events);
	if (o.stream)
		print_streams(engine, &scans);
	printf("\"unit\":\"Gbit/s\",");
	bench_print(&loop, stdout);
	printf(",");
	bench_print(&full, stdout);
	printf(",\"ratio\":%.3f,\"goal\":%g}\n", bench_median(&full) / bench_median(&loop),
	       o.stream ? 0.85 : 0.9);
	lap_worker_fini(&worker);
	bare_fini(&bare);
	match_engine_free(engine);
	scans_fini(&scans);
	frames_fini(&frames);
	return 0;
}
