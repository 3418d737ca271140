// Rows a second that the exporter merges from handed-over panes, and records a second that it writes
// to the null sink and to a file of JSON Lines. usage: bench_export [-n ROWS] [-r REPEATS] [-c CPU]

#include "base/field.h"
#include "bench.h"
#include "export/exporter.h"
#include "export/sinks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STORES 2 // workers: the rows of the first are new to the window, the second's are found
#define WIDTH_US 10000000
#define START_US 1700000000000000
#define FIELDS                                                                          \
	(FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP) | FIELD_BIT(FIELD_SRC_PORT) \
	 | FIELD_BIT(FIELD_DEST_PORT) | FIELD_BIT(FIELD_PROTO))

static uint32_t rows = 100000;
static struct pane_store store[STORES];
static struct hash_seed worker_seed;
static char folder[] = "/tmp/sluice-bench-XXXXXX";
static char path[sizeof(folder) + 16];

// One exporter's figures of one round.
struct round {
	double merge_new, merge_found, write; // seconds
	double octets; // of the file
};

// A flow's packets and octets in one worker: what the records must add up to.
static uint32_t packets_of(uint32_t flow) {
	return flow % 7 + 1;
}

static uint32_t bytes_of(uint32_t flow) {
	return 46 + flow % 1400;
}

// One pane with a row for each flow, handed over. Each worker meets the flows in an order of its own:
// `step` is a prime larger than any number of rows, or 1.
static void
fill(struct pane_store *ps, int64_t start_us, const struct flow_key *mask, uint64_t step) {
	struct pane *p = pane_store_open(ps, start_us);
	if (p == NULL)
		bench_wrong("no pane is left");
	flow_table_size(&p->table, rows);
	for (uint32_t k = 0; k < rows; k++) {
		uint32_t i = (uint32_t)(k * step % rows);
		uint32_t n = (uint32_t)(i * 2654435761u); // no two alike
		struct flow_key key = {
			.flags = KEY_V4,
			.proto = 17,
			.src_port = (uint16_t)(n >> 16),
			.dst_port = 443,
			.src4 = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i},
			.dst4 = {192, 168, 1, 2},
		};
		flow_key_finish(&key, mask, &worker_seed);
		struct flow_row *row = flow_table_find_insert(&p->table, &key);
		if (row == NULL)
			bench_wrong("a table for %u rows took %u", rows, i);
		for (uint32_t m = 0; m < packets_of(i); m++)
			flow_row_count(
				row, i % (WIDTH_US - 8) + m, bytes_of(i), bytes_of(i) + 14, 0, 0
			);
		p->packets += packets_of(i);
	}
	pane_store_flush(ps);
}

static void clean_up(void) {
	unlink(path);
	rmdir(folder);
}

static double timed_step(struct exporter *e) {
	double start = bench_seconds();
	if (!exporter_step(e))
		bench_wrong("the exporter found nothing to do");
	return bench_seconds() - start;
}

// The numbers behind `name` in every line of the file, added up; `lines` counts them.
static uint64_t sum_field(const char *text, const char *name, uint64_t *lines) {
	uint64_t sum = 0;
	*lines = 0;
	for (const char *at = text; (at = strstr(at, name)) != NULL; (*lines)++) {
		at += strlen(name);
		sum += strtoull(at, NULL, 10);
	}
	return sum;
}

static double check_file(uint64_t packets, uint64_t bytes) {
	FILE *f = fopen(path, "re");
	if (f == NULL || fseek(f, 0, SEEK_END) != 0)
		bench_wrong("%s cannot be read", path);
	long size = ftell(f);
	rewind(f);
	char *text = malloc((size_t)size + 1);
	if (text == NULL || fread(text, 1, (size_t)size, f) != (size_t)size)
		bench_wrong("%s cannot be read", path);
	text[size] = '\0';
	fclose(f);
	uint64_t lines, found = sum_field(text, ",\"packets\":", &lines);
	if (lines != rows || found != packets)
		bench_wrong("the file holds %lu records, %lu packets", lines, found);
	if (sum_field(text, ",\"bytes\":", &lines) != bytes || lines != rows)
		bench_wrong("the records' octets are not those counted");
	free(text);
	return (double)size;
}

static void check(struct exporter *e, const struct sink *sink) {
	uint64_t packets = 0, bytes = 0, got[STREAM_STAT_COUNT];
	for (uint32_t i = 0; i < rows; i++) {
		packets += STORES * packets_of(i);
		bytes += (uint64_t)STORES * packets_of(i) * bytes_of(i);
	}
	exporter_stream_stats(e, 0, got);
	if (got[STREAM_WINDOWS] != 1 || got[STREAM_RECORDS] != rows)
		bench_wrong("%lu windows, %lu records", got[STREAM_WINDOWS], got[STREAM_RECORDS]);
	if (got[STREAM_PACKETS] != packets || got[STREAM_BYTES] != bytes || exporter_failed(e))
		bench_wrong("%lu packets instead of %lu", got[STREAM_PACKETS], packets);
	if (sink->stats.delivered != rows || sink->stats.dropped != 0)
		bench_wrong("the sink took %lu records", sink->stats.delivered);
}

// One window, from hand-over to the last record. Each round has an exporter and a file of its own.
static struct round run(bool json, int64_t start_us, const struct flow_key *mask) {
	struct round r = {0};
	struct err err = {0};
	struct out_file_config out = {.path = path};
	struct sink *sink = json ? sink_json_new(&out, &err) : sink_null_new(&err);
	struct exporter_stream stream = {.name = "flows", .fields = FIELDS, .size_us = WIDTH_US};
	struct exporter_sink slot = {.sink = sink, .streams = 1, .name = "out"};
	struct pane_store *stores[STORES];
	for (uint32_t i = 0; i < STORES; i++)
		stores[i] = &store[i];
	struct exporter_config conf = {
		.streams = &stream,
		.n_streams = 1,
		.sinks = &slot,
		.n_sinks = 1,
		.stores = stores,
		.n_stores = STORES,
		.memory = 1ull << 32,
		.live_start_us = INT64_MIN,
	};
	hash_seed_init(&conf.seed);
	if (sink == NULL)
		bench_refuse("%s", err.text);
	struct exporter *e = exporter_new(&conf);
	if (e == NULL)
		bench_wrong("out of memory");
	fill(&store[0], start_us, mask, 1);
	r.merge_new = timed_step(e);
	fill(&store[1], start_us, mask, 2654435761u);
	r.merge_found = timed_step(e);
	for (uint32_t i = 0; i < STORES; i++)
		pane_store_advance(&store[i], start_us + WIDTH_US);
	r.write = timed_step(e);
	exporter_finish(e, false);
	check(e, sink);
	if (json) {
		uint64_t packets = 0, bytes = 0;
		for (uint32_t i = 0; i < rows; i++) {
			packets += STORES * packets_of(i);
			bytes += (uint64_t)STORES * packets_of(i) * bytes_of(i);
		}
		r.octets = check_file(packets, bytes);
		unlink(path);
	}
	exporter_free(e);
	sink->ops->close(sink);
	return r;
}

int main(int argc, char **argv) {
	uint32_t repeats = 7;
	const struct bench_option options[] = {
		{'n', &rows, 1, 1u << 22},
		{'r', &repeats, 1, BENCH_REPEATS_MAX},
	};
	int cpu = bench_options(
		argc, argv, options, sizeof(options) / sizeof(options[0]),
		"usage: bench_export [-n ROWS] [-r REPEATS] [-c CPU]"
	);
	bench_pin(cpu);
	struct flow_key mask;
	flow_key_mask(&mask, FIELDS);
	hash_seed_init(&worker_seed);
	struct pane_config pc = {
		.width_us = WIDTH_US,
		.active = 1,
		.spares = 2,
		.rows = rows > FLOW_TABLE_ROWS_MIN ? rows : FLOW_TABLE_ROWS_MIN,
		.mem = mem_pages(),
	};
	for (uint32_t i = 0; i < STORES; i++)
		if (pane_store_init(&store[i], &pc) < 0)
			bench_wrong("out of memory");
	if (mkdtemp(folder) == NULL)
		bench_refuse("%s cannot be made", folder);
	snprintf(path, sizeof(path), "%s/flows.jsonl", folder);
	atexit(clean_up);

	struct bench_series found = {.name = "merge_found"}, fresh = {.name = "merge_new"},
			    null = {.name = "null"}, file = {.name = "json"},
			    octets = {.name = "json_mbyte"};
	int64_t start_us = START_US;
	for (uint32_t i = 0; i <= repeats; i++) {
		struct round n = run(false, start_us, &mask);
		struct round j = run(true, start_us + WIDTH_US, &mask);
		start_us += 2 * WIDTH_US;
		if (i == 0)
			continue;
		bench_add(&fresh, rows / n.merge_new);
		bench_add(&found, rows / n.merge_found);
		bench_add(&null, rows / n.write);
		bench_add(&file, rows / j.write);
		bench_add(&octets, j.octets / j.write / 1e6);
	}
	printf("{\"bench\":\"export\",\"rows\":%u,\"unit\":\"1/s\",", rows);
	struct bench_series *all[] = {&fresh, &found, &null, &file, &octets};
	for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bench_print(all[i], stdout);
		printf(i + 1 < sizeof(all) / sizeof(all[0]) ? "," : "}\n");
	}
	for (uint32_t i = 0; i < STORES; i++)
		pane_store_fini(&store[i]);
	return 0;
}
