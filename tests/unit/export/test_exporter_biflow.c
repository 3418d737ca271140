// The exporter with records of both directions: a window in several parts is one window to sinks and counters.

#include "base/field.h"
#include "export/exporter.h"

#include <criterion/criterion.h>

#define SECOND 1000000ll
#define CLIENTS 600 // of which every third has no answer

static struct memory_sink {
	struct sink sink;
	uint32_t begun, ended;
	uint32_t records;
	uint64_t packets, back;
} sink;

static void begin(struct sink *s, const struct window_info *w) {
	cr_expect_eq(sink.begun, sink.ended);
	sink.begun++;
}

static int write_sums(
	struct sink *s, const struct flow_sum *sums, const struct flow_back *backs, uint32_t n,
	struct err *err
) {
	cr_assert_not_null(backs);
	for (uint32_t i = 0; i < n; i++) {
		sink.packets += sums[i].packets;
		sink.back += backs[i].packets;
	}
	sink.records += n;
	return 0;
}

static int end(struct sink *s, struct err *err) {
	sink.ended++;
	return 0;
}

static int flush(struct sink *s, struct err *err) {
	return 0;
}

static void count(struct pane *p, uint16_t client, bool back) {
	struct flow_key mask,
		k = {
			.flags = KEY_V4,
			.src4 = {10, 0, 0, back ? 2 : 1},
			.dst4 = {10, 0, 0, back ? 1 : 2},
			.src_port = back ? 80 : client,
			.dst_port = back ? client : 80,
		};
	struct hash_seed seed;
	hash_seed_fixed(&seed, 2);
	flow_key_mask(&mask, FIELD_SET_ALL);
	flow_key_finish(&k, &mask, &seed);
	flow_row_count(flow_table_find_insert(&p->table, &k), back, 100, 114, 0, 0);
}

Test(exporter_biflow, a_window_in_parts_is_one) {
	static const struct sink_ops ops = {
		.begin = begin, .write = write_sums, .end = end, .flush = flush};
	static struct pane_store store;
	struct pane_store *stores[] = {&store};
	struct pane_config pc = {
		.width_us = SECOND, .active = 2, .spares = 2, .rows = 4096, .mem = mem_pages()};
	struct exporter_stream stream = {
		.name = "both",
		.fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP)
			| FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT),
		.size_us = SECOND,
		.kind = WINDOW_TUMBLING,
		.biflow = true,
	};
	struct exporter_sink slot = {&sink.sink, 1, "memory"};
	struct exporter_config c = {
		.streams = &stream,
		.n_streams = 1,
		.sinks = &slot,
		.n_sinks = 1,
		.stores = stores,
		.n_stores = 1,
		.memory = 1 << 20,
		.live_start_us = INT64_MIN};
	sink.sink.ops = &ops;
	hash_seed_fixed(&c.seed, 1);
	cr_assert_eq(pane_store_init(&store, &pc), 0);
	struct exporter *exporter = exporter_new(&c);
	cr_assert_not_null(exporter);
	struct pane *p = pane_store_open(&store, 5 * SECOND);
	for (uint16_t i = 0; i < CLIENTS; i++) {
		count(p, 1000 + i, false);
		if (i % 3 != 0)
			count(p, 1000 + i, true);
	}
	pane_store_advance(&store, INT64_MAX);
	exporter_finish(exporter, false);
	uint64_t stat[STREAM_STAT_COUNT];
	exporter_stream_stats(exporter, 0, stat);
	cr_expect_eq(sink.begun, 1);
	cr_expect_eq(sink.ended, 1);
	cr_expect_eq(sink.records, CLIENTS);
	cr_expect_eq(sink.packets, CLIENTS);
	cr_expect_eq(sink.back, CLIENTS / 3 * 2);
	cr_expect_eq(stat[STREAM_WINDOWS], 1);
	cr_expect_eq(stat[STREAM_RECORDS], CLIENTS);
	cr_expect_eq(stat[STREAM_PACKETS], CLIENTS / 3 * 5);
	cr_expect_eq(stat[STREAM_BYTES], CLIENTS / 3 * 500);
	exporter_free(exporter);
	pane_store_fini(&store);
}
