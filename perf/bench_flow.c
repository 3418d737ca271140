// Cycles a packet of the whole worker without rules, beside a bare loop that parses a fixed header,
// hashes and counts, and beside the empty source. usage: bench_flow [-f FLOWS] [-n PACKETS]
// [-r REPEATS] [-c CPU]

#include "base/field.h"
#include "bench.h"
#include "generator.h"
#include "pipeline/worker.h"

#include <stdlib.h>

static uint32_t packets = 4u << 20; // a measurement; whole laps of the generator
static double hz;
static struct generator gen;
static struct burst burst;

static double run_empty(void) {
	gen.limit = gen.next + packets;
	uint64_t sum = 0;
	double start = bench_seconds();
	int n;
	while ((n = gen.source.ops->recv(&gen.source, &burst)) > 0) {
		sum += (uint64_t)n;
		gen.source.ops->release(&gen.source, &burst);
	}
	double cycles = (bench_seconds() - start) * hz;
	if (sum != packets)
		bench_wrong("the empty source gave %lu packets", sum);
	return cycles / packets;
}

// The bare loop: one table, rows found directly by the hash, nothing but UDP and TCP over IPv4
// without options, no panes, no verdicts.
struct bare_row {
	uint32_t src, dst, ports, proto;
	uint64_t packets, bytes, frame_bytes, first, last, pad;
};
static_assert(sizeof(struct bare_row) == CACHE_LINE);

static struct bare_row *bare;
static uint32_t bare_mask;

static uint32_t bare_hash(uint32_t src, uint32_t dst, uint32_t ports) {
#if defined(__SSE4_2__)
	uint64_t h = __builtin_ia32_crc32di(0x12345678, (uint64_t)src << 32 | dst);
	return (uint32_t)__builtin_ia32_crc32di(h, ports);
#else
	return (uint32_t)hash_mum(((uint64_t)src << 32 | dst) ^ 0x9e3779b97f4a7c15ull, ports | 1);
#endif
}

static double run_bare(void) {
	gen.limit = gen.next + packets;
	double start = bench_seconds();
	int n;
	while ((n = gen.source.ops->recv(&gen.source, &burst)) > 0) {
		struct bare_row key[BURST_MAX];
		uint32_t at[BURST_MAX];
		for (int i = 0; i < n; i++) {
			const uint8_t *f = burst.pkt[i].data;
			// Whole headers, IPv4 without options, no fragment, UDP or TCP: less would
			// not be parsing.
			if (burst.pkt[i].head_len < 54 || f[12] != 8 || f[13] != 0 || f[14] != 0x45
			    || (f[20] & 0x3f) != 0 || f[21] != 0 || (f[23] != 17 && f[23] != 6))
				bench_wrong("a frame that the bare loop does not know");
			memcpy(&key[i].src, f + 26, 4);
			memcpy(&key[i].dst, f + 30, 4);
			memcpy(&key[i].ports, f + 34, 4);
			key[i].proto = f[23];
			key[i].bytes = (uint64_t)f[16] << 8 | f[17];
			at[i] = bare_hash(key[i].src, key[i].dst, key[i].ports) & bare_mask;
			__builtin_prefetch(&bare[at[i]], 1);
		}
		for (int i = 0; i < n; i++) {
			struct bare_row *r = &bare[at[i]];
			while (r->packets != 0
			       && (r->src != key[i].src || r->dst != key[i].dst
				   || r->ports != key[i].ports || r->proto != key[i].proto))
				r = &bare[++at[i] & bare_mask];
			if (r->packets == 0) {
				r->src = key[i].src;
				r->dst = key[i].dst;
				r->ports = key[i].ports;
				r->proto = key[i].proto;
				r->first = (uint64_t)burst.pkt[i].time_us;
			}
			r->packets++;
			r->bytes += key[i].bytes;
			r->frame_bytes += burst.pkt[i].wire_len;
			r->last = (uint64_t)burst.pkt[i].time_us;
		}
		gen.source.ops->release(&gen.source, &burst);
	}
	return (bench_seconds() - start) * hz / packets;
}

static struct worker *worker;

static double run_worker(void) {
	gen.limit = gen.next + packets;
	uint64_t taken = 0;
	double start = bench_seconds();
	while (taken < packets)
		taken += (uint64_t)worker_step(worker);
	return (bench_seconds() - start) * hz / packets;
}

// What the worker counted, by flow: `sum` has an element for each.
static void add_pane(const struct pane *p, uint64_t *sum, uint32_t flows) {
	struct flow_key key;
	const struct flow_row *row;
	for (uint32_t line = 0; (row = flow_table_next(&p->table, &line, &key)) != NULL;) {
		uint32_t flow = generator_flow(
			(uint32_t)key.src4[0] << 24 | (uint32_t)key.src4[1] << 16
			| (uint32_t)key.src4[2] << 8 | key.src4[3]
		);
		if (flow >= flows || key.proto != 17 || row->bytes != 46ull * row->packets)
			bench_wrong("a row that no packet made");
		sum[flow] += row->packets;
	}
	if (p->rest.packets != 0)
		bench_wrong("%u packets found no row", p->rest.packets);
}

// Tables that were handed over while the worker learned how many flows there are: they go back as the
// exporter would give them back.
static void take_handed_over(uint64_t *sum, uint32_t flows) {
	struct pane *p;
	while ((p = pane_store_take(&worker->panes)) != NULL) {
		add_pane(p, sum, flows);
		pane_store_return(&worker->panes, p);
	}
}

// Every flow was counted as often as every other.
static void check(uint64_t *sum, uint32_t flows, uint64_t packets_each) {
	struct tally t;
	worker_tally(worker, &t);
	if (t.value[TALLY_REASON + REASON_NONE] != packets_each * flows)
		bench_wrong("the worker counted %lu packets", t.value[TALLY_REASON + REASON_NONE]);
	take_handed_over(sum, flows);
	for (uint32_t i = 0; i < worker->panes.n_active; i++)
		add_pane(worker->panes.active[i], sum, flows);
	for (uint32_t i = 0; i < flows; i++)
		if (sum[i] != packets_each)
			bench_wrong(
				"flow %u with %lu packets instead of %lu", i, sum[i], packets_each
			);
	uint64_t found = 0, rows = 0;
	for (uint32_t i = 0; i <= bare_mask; i++) {
		found += bare[i].packets;
		rows += bare[i].packets > 0;
	}
	if (rows != flows || found != packets_each * flows)
		bench_wrong("the bare loop found %lu flows, %lu packets", rows, found);
}

static void set_up(uint32_t flows) {
	static struct source *sources[] = {&gen.source};
	generator_init(&gen, flows);
	// A quarter full: with linear probing, fuller is slower, which would flatter the worker.
	bare_mask = flows * 4 - 1;
	bare = mem_pages()->alloc(mem_pages(), (bare_mask + 1ull) * sizeof(*bare));
	worker = aligned_alloc(CACHE_LINE, sizeof(*worker));
	struct worker_config wc = {
		.sources = sources,
		.n_sources = 1,
		.intake = {.time = {.lateness_us = 1000000}, .tunnels = TUNNEL_ALL},
		.fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP)
			| FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT)
			| FIELD_BIT(FIELD_PROTO),
		.panes =
			{.width_us = 10000000,
			 .active = 1,
			 .spares = 4,
			 .rows = flows > FLOW_TABLE_ROWS_MIN ? flows : FLOW_TABLE_ROWS_MIN,
			 .mem = mem_pages()},
	};
	hash_seed_init(&wc.intake.seed);
	wc.seed = wc.intake.seed;
	if (bare == NULL || worker == NULL || worker_init(worker, &wc) < 0)
		bench_wrong("out of memory");
}

int main(int argc, char **argv) {
	uint32_t flows = 16384, repeats = 7;
	const struct bench_option options[] = {
		{'f', &flows, BURST_MAX, 1u << 22},
		{'n', &packets, BURST_MAX, 1u << 24},
		{'r', &repeats, 1, BENCH_REPEATS_MAX},
	};
	int cpu = bench_options(
		argc, argv, options, sizeof(options) / sizeof(options[0]),
		"usage: bench_flow [-f FLOWS] [-n PACKETS] [-r REPEATS] [-c CPU]"
	);
	if ((flows & (flows - 1)) != 0 || packets % flows != 0)
		bench_refuse("FLOWS must be a power of two, and PACKETS a multiple of it");
	bench_pin(cpu);
	hz = bench_cycles_per_second();
	set_up(flows);
	uint64_t *sum = calloc(flows, sizeof(*sum));
	if (sum == NULL)
		bench_wrong("out of memory");
	struct bench_series empty = {.name = "empty"}, loop = {.name = "bare"},
			    full = {.name = "worker"};
	for (uint32_t i = 0; i <= repeats; i++) {
		double e = run_empty(), b = run_bare(), w = run_worker();
		take_handed_over(sum, flows);
		if (i == 0) // warms up tables and pages, and the worker learns the number of flows
			continue;
		bench_add(&empty, e);
		bench_add(&loop, b);
		bench_add(&full, w);
	}
	check(sum, flows, (uint64_t)packets / flows * (repeats + 1));
	double e = bench_median(&empty);
	printf("{\"bench\":\"flow\",\"flows\":%u,\"unit\":\"cycles/packet\",\"hz\":%.0f,", flows,
	       hz);
	bench_print(&empty, stdout);
	printf(",");
	bench_print(&loop, stdout);
	printf(",");
	bench_print(&full, stdout);
	printf(",\"ratio\":%.3f,\"goal\":2.0}\n",
	       (bench_median(&full) - e) / (bench_median(&loop) - e));
	worker_fini(worker);
	free(worker);
	free(sum);
	return 0;
}
