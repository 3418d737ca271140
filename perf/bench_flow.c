// Cycles a packet of the whole worker without rules, beside a bare loop that parses a fixed header,
// hashes and counts, and beside the empty source, for several numbers of flows. usage: bench_flow
// [FLOWS [REPEATS [CPU]]]

#include "base/field.h"
#include "bench.h"
#include "generator.h"
#include "pipeline/worker.h"

#include <stdlib.h>

#define PACKETS (4u << 20)

static struct generator gen;
static struct burst burst;

static double run_empty(void) {
	gen.limit = gen.next + PACKETS;
	uint64_t sum = 0, start = bench_cycles();
	int n;
	while ((n = gen.source.ops->recv(&gen.source, &burst)) > 0) {
		sum += (uint64_t)n;
		gen.source.ops->release(&gen.source, &burst);
	}
	uint64_t cycles = bench_cycles() - start;
	if (sum != PACKETS)
		bench_wrong("the empty source gave %lu packets", sum);
	return (double)cycles / PACKETS;
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
	gen.limit = gen.next + PACKETS;
	uint64_t start = bench_cycles();
	int n;
	while ((n = gen.source.ops->recv(&gen.source, &burst)) > 0) {
		struct bare_row key[BURST_MAX];
		uint32_t at[BURST_MAX];
		for (int i = 0; i < n; i++) {
			const uint8_t *f = burst.pkt[i].data;
			if (f[12] != 8 || f[13] != 0 || f[14] != 0x45
			    || (f[23] != 17 && f[23] != 6))
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
			r->src = key[i].src;
			r->dst = key[i].dst;
			r->ports = key[i].ports;
			r->proto = key[i].proto;
			r->packets++;
			r->bytes += key[i].bytes;
			r->frame_bytes += burst.pkt[i].wire_len;
			r->last = (uint64_t)burst.pkt[i].time_us;
		}
		gen.source.ops->release(&gen.source, &burst);
	}
	return (double)(bench_cycles() - start) / PACKETS;
}

static struct worker *worker;

static double run_worker(void) {
	gen.limit = gen.next + PACKETS;
	uint64_t start = bench_cycles(), taken = 0;
	while (taken < PACKETS)
		taken += (uint64_t)worker_step(worker);
	return (double)(bench_cycles() - start) / PACKETS;
}

// Every flow was counted as often as every other.
static void check(uint32_t flows, uint64_t packets_each) {
	struct tally t;
	worker_tally(worker, &t);
	if (t.value[TALLY_REASON + REASON_NONE] != packets_each * flows)
		bench_wrong("the worker counted %lu packets", t.value[TALLY_REASON + REASON_NONE]);
	const struct pane *p = worker->panes.active[0];
	if (worker->panes.n_active != 1 || p->table.flows != flows)
		bench_wrong("the worker found %u flows instead of %u", p->table.flows, flows);
	struct flow_key key;
	const struct flow_row *row;
	for (uint32_t line = 0; (row = flow_table_next(&p->table, &line, &key)) != NULL;)
		if (row->packets != packets_each || row->bytes != 46 * packets_each)
			bench_wrong(
				"a flow with %u packets instead of %lu", row->packets, packets_each
			);
	uint64_t sum = 0, rows = 0;
	for (uint32_t i = 0; i <= bare_mask; i++) {
		sum += bare[i].packets;
		rows += bare[i].packets > 0;
	}
	if (rows != flows || sum != packets_each * flows)
		bench_wrong("the bare loop found %lu flows, %lu packets", rows, sum);
}

int main(int argc, char **argv) {
	uint32_t flows = argc > 1 ? (uint32_t)atoi(argv[1]) : 16384;
	uint32_t repeats = argc > 2 ? (uint32_t)atoi(argv[2]) : 7;
	bench_pin(argc > 3 ? atoi(argv[3]) : 1);
	if (flows == 0 || (flows & (flows - 1)) != 0 || flows > PACKETS
	    || repeats >= BENCH_REPEATS_MAX)
		bench_wrong(
			"FLOWS is a power of two up to %u, REPEATS under %u", PACKETS,
			BENCH_REPEATS_MAX
		);
	generator_init(&gen, flows);
	bare_mask = flows * 4 - 1;
	bare = mem_pages()->alloc(mem_pages(), (bare_mask + 1ull) * sizeof(*bare));
	worker = aligned_alloc(CACHE_LINE, sizeof(*worker));
	struct source *sources[] = {&gen.source};
	struct worker_config wc = {
		.sources = sources,
		.n_sources = 1,
		.intake = {.lateness_us = 1000000, .tunnels = TUNNEL_ALL},
		.fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP)
			| FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT)
			| FIELD_BIT(FIELD_PROTO),
		.panes =
			{.width_us = 10000000,
			 .active = 4,
			 .spares = 4,
			 .rows = 2 << 20,
			 .mem = mem_pages()},
	};
	hash_seed_init(&wc.intake.seed);
	wc.seed = wc.intake.seed;
	if (bare == NULL || worker == NULL || worker_init(worker, &wc) < 0)
		bench_wrong("out of memory");
	struct bench_series empty = {.name = "empty"}, loop = {.name = "bare"},
			    full = {.name = "worker"};
	for (uint32_t i = 0; i <= repeats; i++) {
		double e = run_empty(), b = run_bare(), w = run_worker();
		if (i == 0) // warms up tables and pages
			continue;
		bench_add(&empty, e);
		bench_add(&loop, b);
		bench_add(&full, w);
	}
	check(flows, (uint64_t)PACKETS / flows * (repeats + 1));
	double e = bench_median(&empty);
	printf("{\"bench\":\"flow\",\"flows\":%u,\"unit\":\"cycles/packet\",\"hz\":%.0f,", flows,
	       bench_cycles_per_second());
	bench_print(&empty, stdout);
	printf(",");
	bench_print(&loop, stdout);
	printf(",");
	bench_print(&full, stdout);
	printf(",\"ratio\":%.3f,\"goal\":2.0}\n",
	       (bench_median(&full) - e) / (bench_median(&loop) - e));
	worker_fini(worker);
	free(worker);
	return 0;
}
