// Gbit/s of payload that the whole worker matches with rules in Snort's and Suricata's syntax, grouped
// by ports and not, in block or stream mode; both must find the same. And what compiling them takes,
// with and without the cache. usage: bench_rules [-m block|stream] [-t MILLISECONDS] [-r REPEATS]
// [-c CPU] -R FILE.rules... CAPTURE...

#include "bench.h"
#include "lap_worker.h"
#include "stream_memory.h"

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: bench_rules [-m block|stream] [-t MILLISECONDS] [-r REPEATS] "
			    "[-c CPU] [-R FILE.rules]... CAPTURE...";

#define FILES_MAX 256

struct options {
	const char *rules[FILES_MAX];
	uint32_t n_rules;
	bool stream;
	uint32_t ms, repeats;
	int cpu;
};

// A set, compiled in one way, and the worker that matches with it.
struct contender {
	uint32_t groups; // of match_engine_config
	struct match_engine *engine;
	double cold_s, cached_s; // until it was there, of wall-clock time
	uint64_t db_octets;
	uint32_t n_groups;
	struct frames frames;
	struct lap_worker worker;
	struct bench_series series;
};

static void read_options(struct options *o, int argc, char **argv) {
	int opt;
	*o = (struct options){.ms = 300, .repeats = 7, .cpu = -1};
	while ((opt = getopt(argc, argv, "m:R:t:r:c:")) != -1) {
		if (opt == 'm' && (strcmp(optarg, "block") == 0 || strcmp(optarg, "stream") == 0))
			o->stream = *optarg == 's';
		else if (opt == 'R' && o->n_rules < FILES_MAX)
			o->rules[o->n_rules++] = optarg;
		else if (opt == 't')
			o->ms = bench_number("-t", optarg, 1, 60000);
		else if (opt == 'r')
			o->repeats = bench_number("-r", optarg, 1, BENCH_REPEATS_MAX);
		else if (opt == 'c')
			o->cpu = (int)bench_number("-c", optarg, 0, CPU_SETSIZE - 1);
		else
			bench_refuse("%s", usage);
	}
	if (optind >= argc || o->n_rules == 0)
		bench_refuse("%s", usage);
}

static double wall_seconds(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

// Returns the seconds that it took.
static double
compile(struct match_engine **to, const struct options *o, uint32_t groups, const char *cache) {
	const struct match_engine_config conf = {
		.cache_dir = cache,
		.streams = o->stream,
		.groups = groups,
	};
	struct rule_files files = {};
	struct err err = {};
	if (rule_files_init(&files) < 0)
		bench_wrong("out of memory");
	for (uint32_t i = 0; i < o->n_rules; i++) {
		if (rule_files_add(&files, o->rules[i], NULL, &err) < 0)
			bench_refuse("%s: %s", o->rules[i], err.text);
	}
	double start = wall_seconds();
	*to = match_engine_new(&files, &conf, &err);
	double took = wall_seconds() - start;
	if (*to == NULL)
		bench_refuse("the rules: %s", err.text);
	rule_files_fini(&files);
	return took;
}

static void empty_folder(const char *folder) {
	DIR *dir = opendir(folder);
	struct dirent *d;
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] != '.')
			unlinkat(dirfd(dir), d->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
}

static void take_sizes(struct contender *c) {
	if (match_engine_detect(c->engine) != NULL) {
		struct detect_stats d;
		detect_stats(match_engine_detect(c->engine), &d);
		c->db_octets += d.database_octets;
		c->n_groups += d.groups;
	}
	if (match_engine_streams(c->engine) != NULL) {
		struct stream_set_stats s;
		stream_set_stats(match_engine_streams(c->engine), &s);
		c->db_octets += s.database_octets;
		c->n_groups += s.groups;
	}
}

// Without the cache, which it leaves behind, and with it.
static void
make(struct contender *c, const struct options *o, const char *const *captures, uint32_t n) {
	char folder[] = "/tmp/sluice-bench-XXXXXX";
	struct match_engine *first;
	struct err err = {};
	if (mkdtemp(folder) == NULL)
		bench_refuse("%s cannot be made", folder);
	c->cold_s = compile(&first, o, c->groups, folder);
	uint32_t accepted = match_engine_rules(first);
	match_engine_free(first);
	c->cached_s = compile(&c->engine, o, c->groups, folder);
	empty_folder(folder);
	rmdir(folder);
	if (match_engine_rules(c->engine) != accepted)
		bench_wrong("the cache did not give what was compiled");
	take_sizes(c);
	// Each has frames of its own: the laps of one are no laps of the other.
	if (frames_init(&c->frames, FRAMES_CONNECTIONS, captures, n, &err) < 0)
		bench_refuse("%s", err.text);
	lap_worker_init(&c->worker, c->engine, o->stream, &c->frames);
}

static void print(struct contender *c) {
	bench_print(&c->series, stdout);
	printf(",\"%s_compile\":{\"cold_s\":%.2f,\"cached_s\":%.3f,\"db_bytes\":%lu,\"groups\":%u},",
	       c->series.name, c->cold_s, c->cached_s, c->db_octets, c->n_groups);
}

static void print_streams(const struct match_engine *engine, const struct frames *frames) {
	struct scans scans;
	struct stream_memory m;
	struct stream_set_stats set;
	scans_of_connections(&scans, frames, LAP_WORKER_MEMORY);
	stream_set_stats(match_engine_streams(engine), &set);
	stream_memory_measure(&m, engine, &scans);
	printf("\"state_bytes\":%u,\"streams\":%lu,\"live_bytes\":%lu,\"idle_bytes\":%lu,",
	       set.stream_octets_max, m.streams, m.live, m.idle);
	scans_fini(&scans);
}

static void fini(struct contender *c) {
	lap_worker_fini(&c->worker);
	match_engine_free(c->engine);
	frames_fini(&c->frames);
}

int main(int argc, char **argv) {
	static struct contender grouped = {.groups = 0, .series = {.name = "grouped"}};
	static struct contender single = {.groups = 1, .series = {.name = "single"}};
	struct options o;
	read_options(&o, argc, argv);
	bench_pin(o.cpu);
	const char *const *captures = (const char *const *)argv + optind;
	make(&grouped, &o, captures, (uint32_t)(argc - optind));
	make(&single, &o, captures, (uint32_t)(argc - optind));
	const struct frames *f = &grouped.frames;

	double lap = lap_worker_run(&grouped.worker, 1);
	lap_worker_run(&single.worker, 1);
	uint32_t laps = (uint32_t)(o.ms / 1000.0 / (lap > 1e-6 ? lap : 1e-6)) + 1;
	double gbit = (double)f->payload_octets * 8 * laps / 1e9;
	for (uint32_t i = 0; i <= o.repeats; i++) {
		double g = lap_worker_run(&grouped.worker, laps);
		double s = lap_worker_run(&single.worker, laps);
		if (i == 0)
			continue;
		bench_add(&grouped.series, gbit / g);
		bench_add(&single.series, gbit / s);
	}
	uint64_t all = grouped.worker.laps;
	uint64_t events = lap_worker_end(&grouped.worker), others = lap_worker_end(&single.worker);
	if (match_engine_rules(grouped.engine) != match_engine_rules(single.engine))
		bench_wrong("grouping decides which rules are accepted");
	if (events != others)
		bench_wrong("%lu match events with groups, %lu without", events, others);

	printf("{\"bench\":\"rules\",\"mode\":\"%s\",\"accepted\":%u,\"frames\":%u,\"payloads\":%u,"
	       "\"payload_bytes\":%lu,\"events\":%.1f,",
	       o.stream ? "stream" : "block", match_engine_rules(grouped.engine), f->n, f->payloads,
	       f->payload_octets, (double)events / (double)all);
	if (o.stream)
		print_streams(grouped.engine, f);
	print(&grouped);
	print(&single);
	printf("\"unit\":\"Gbit/s\"}\n");
	fini(&grouped);
	fini(&single);
	return 0;
}
