// Gbit/s of payload that the whole worker matches, beside a bare hs_scan loop over the same payloads
// with the same database and a scratch of its own; both must find the same. usage: bench_match
// [-p PATTERNS] [-t MILLISECONDS] [-r REPEATS] [-c CPU] CAPTURE...

#include "base/field.h"
#include "bench.h"
#include "frames.h"
#include "match/matcher_cache.h"
#include "pipeline/worker.h"

#include <dirent.h>
#include <hs.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct frames frames;
static struct match_engine *engine;
static struct worker *worker;

// The bare loop's own.
static struct {
	hs_database_t *db;
	hs_scratch_t *scratch;
	uint32_t patterns;
	uint64_t reports; // by Hyperscan, in the timed loop
	// of the untimed pass
	uint32_t *stamp; // by pattern: the last payload it matched
	uint32_t payload;
	uint64_t pairs; // distinct (pattern, payload)
} bare;

static struct ruleset *read_patterns(const char *path) {
	struct err err = {0};
	struct ruleset *rs = ruleset_new();
	if (rs == NULL || ruleset_add_file(rs, path, &err) < 0)
		bench_refuse("%s: %s", path, err.text);
	return rs;
}

static void remove_folder(const char *folder) {
	DIR *dir = opendir(folder);
	struct dirent *d;
	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			unlinkat(dirfd(dir), d->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	rmdir(folder);
}

// One compilation: the matcher leaves its database in a cache, from where the bare loop takes it.
static void make_databases(const char *path) {
	char folder[] = "/tmp/sluice-bench-XXXXXX";
	struct err err = {0};
	struct matcher_key key;
	struct rule_files files = {};
	struct ruleset *again = read_patterns(path);
	struct compile_verdict *v = calloc(again->n_patterns + 1ull, sizeof(*v));
	if (v == NULL || mkdtemp(folder) == NULL)
		bench_refuse("%s cannot be made", folder);
	const struct match_engine_config conf = {.cache_dir = folder};
	if (rule_files_init(&files) < 0 || rule_files_add(&files, path, NULL, &err) < 0)
		bench_refuse("%s: %s", path, err.text);
	engine = match_engine_new(&files, &conf, &err);
	int ret = matcher_key_make(&key, again, MATCHER_BLOCK);
	if (ret == 0 && engine != NULL)
		ret = matcher_cache_load(folder, &key, v, again->n_patterns, &bare.db);
	remove_folder(folder);
	if (engine == NULL)
		bench_refuse("%s: %s", path, err.text);
	if (ret < 0)
		bench_refuse("%s: the compiled patterns are not in the cache", path);
	size_t bytes = 0;
	if (bare.db == NULL || hs_database_size(bare.db, &bytes) != HS_SUCCESS)
		bench_refuse("%s: no pattern was accepted", path);
	const struct matcher *matcher = match_engine_patterns(engine);
	bare.patterns = matcher_rules(matcher);
	if (bytes != matcher_bytes(matcher))
		bench_wrong("databases of %zu and %lu octets", bytes, matcher_bytes(matcher));
	if (hs_alloc_scratch(bare.db, &bare.scratch) != HS_SUCCESS)
		bench_wrong("out of memory");
	bare.stamp = calloc(bare.patterns, sizeof(*bare.stamp));
	if (bare.stamp == NULL)
		bench_wrong("out of memory");
	compile_verdicts_free(v, again->n_patterns);
	free(key.data);
	ruleset_free(again);
	rule_files_fini(&files);
}

static int
on_report(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	uint64_t *reports = ctx;
	(*reports)++;
	return 0;
}

static int
on_pair(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	if (bare.stamp[id] != bare.payload)
		bare.pairs++;
	bare.stamp[id] = bare.payload;
	return 0;
}

static void scan_all(match_event_handler on_match) {
	for (uint32_t i = 0; i < frames.n; i++) {
		const struct packet *p = &frames.packet[i];
		const char *data = (const char *)p->data + p->payload_off;
		bare.payload = i + 1;
		hs_error_t rc = hs_scan(
			bare.db, data, p->payload_len, 0, bare.scratch, on_match, &bare.reports
		);
		if (rc != HS_SUCCESS)
			bench_wrong("hs_scan: %d", rc);
	}
}

static double run_bare(uint32_t laps) {
	double start = bench_seconds();
	for (uint32_t i = 0; i < laps; i++)
		scan_all(on_report);
	return bench_seconds() - start;
}

static double run_worker(uint32_t laps) {
	uint64_t taken = 0, all = (uint64_t)laps * frames.n;
	frames.left = all;
	double start = bench_seconds();
	while (taken < all)
		taken += (uint64_t)worker_step(worker);
	return bench_seconds() - start;
}

static void make_worker(void) {
	static struct source *sources[] = {&frames.source};
	struct worker_config wc = {
		.sources = sources,
		.n_sources = 1,
		.intake = {.lateness_us = 1000000, .tunnels = TUNNEL_ALL},
		.match =
			{.engine = engine,
			 .plain = true,
			 .inspect = {.memory = INSPECT_MEMORY_MIN, .mem = mem_pages()}},
		.fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP)
			| FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT)
			| FIELD_BIT(FIELD_PROTO),
		.panes =
			{.width_us = 10000000,
			 .active = 1,
			 .spares = 4,
			 .rows = 2 * frames.n + FLOW_TABLE_ROWS_MIN,
			 .mem = mem_pages()},
	};
	hash_seed_init(&wc.intake.seed);
	wc.seed = wc.intake.seed;
	worker = aligned_alloc(CACHE_LINE, sizeof(*worker));
	if (worker == NULL || worker_init(worker, &wc) < 0)
		bench_wrong("out of memory");
}

static void check(uint64_t laps) {
	struct tally t;
	worker_tally(worker, &t);
	uint64_t counted = t.value[TALLY_REASON + REASON_NONE], wanted = laps * frames.n;
	uint64_t events = t.value[TALLY_MATCH_EVENTS];
	if (counted != wanted || t.value[TALLY_RECEIVED] != wanted)
		bench_wrong("the worker counted %lu of %lu frames", counted, wanted);
	if (events != bare.pairs * laps)
		bench_wrong(
			"the worker found %lu match events, the bare loop %lu", events,
			bare.pairs * laps
		);
}

static void
print(const char *patterns, const struct bench_series *loop, const struct bench_series *full) {
	printf("{\"bench\":\"match\",\"patterns\":\"%s\",\"accepted\":%u,\"db_bytes\":%lu,"
	       "\"payloads\":%u,\"payload_bytes\":%lu,\"events\":%lu,\"unit\":\"Gbit/s\",",
	       patterns, bare.patterns, matcher_bytes(match_engine_patterns(engine)), frames.n,
	       frames.payload_octets, bare.pairs);
	bench_print(loop, stdout);
	printf(",");
	bench_print(full, stdout);
	printf(",\"ratio\":%.3f,\"goal\":0.8}\n", bench_median(full) / bench_median(loop));
}

int main(int argc, char **argv) {
	const char *patterns = "conf/rules/example.hs";
	uint32_t ms = 300, repeats = 7;
	int cpu = -1, opt;
	struct err err = {0};
	while ((opt = getopt(argc, argv, "p:t:r:c:")) != -1) {
		if (opt == 'p')
			patterns = optarg;
		else if (opt == 't')
			ms = bench_number("-t", optarg, 1, 60000);
		else if (opt == 'r')
			repeats = bench_number("-r", optarg, 1, BENCH_REPEATS_MAX);
		else if (opt == 'c')
			cpu = (int)bench_number("-c", optarg, 0, CPU_SETSIZE - 1);
		else
			optind = argc;
	}
	if (optind >= argc)
		bench_refuse("usage: bench_match [-p PATTERNS] [-t MILLISECONDS] [-r REPEATS] "
			     "[-c CPU] CAPTURE...");
	bench_pin(cpu);
	const char *const *captures = (const char *const *)argv + optind;
	if (frames_init(&frames, captures, (uint32_t)(argc - optind), &err) < 0)
		bench_refuse("%s", err.text);
	make_databases(patterns);
	make_worker();
	scan_all(on_pair);

	// As many laps as take the time asked for; the first measurement warms up.
	double lap = run_bare(1);
	uint32_t laps = (uint32_t)(ms / 1000.0 / (lap > 1e-6 ? lap : 1e-6)) + 1;
	double gbit = (double)frames.payload_octets * 8 * laps / 1e9;
	struct bench_series loop = {.name = "bare"}, full = {.name = "worker"};
	for (uint32_t i = 0; i <= repeats; i++) {
		double b = run_bare(laps), w = run_worker(laps);
		if (i == 0)
			continue;
		bench_add(&loop, gbit / b);
		bench_add(&full, gbit / w);
	}
	check((repeats + 1ull) * laps);
	print(patterns, &loop, &full);
	worker_fini(worker);
	free(worker);
	match_engine_free(engine);
	hs_free_scratch(bare.scratch);
	hs_free_database(bare.db);
	free(bare.stamp);
	frames_fini(&frames);
	return 0;
}
