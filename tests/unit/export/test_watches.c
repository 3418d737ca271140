// Watches in the exporter: who is told of their alerts, and when windows that nothing is in are over.

#include "base/field.h"
#include "export/exporter.h"

#include "count_packet.h"

#include <criterion/criterion.h>

#define SECOND 1000000ll
#define PORT FIELD_BIT(FIELD_SRC_PORT)
#define MAX_SEEN 16

static struct memory_sink {
	struct sink sink;
	const char *name[MAX_SEEN]; // of an alert
	int64_t start_us[MAX_SEEN];
	uint32_t n;
	uint32_t records; // ahead of the last alert
} sinks[3];

static void begin(struct sink *s, const struct window_info *w) {}

static int write_sums(
	struct sink *s, const struct flow_sum *sums, const struct flow_back *backs, uint32_t n,
	struct err *err
) {
	((struct memory_sink *)s)->records += n;
	return 0;
}

static int done(struct sink *s, struct err *err) {
	return 0;
}

static int take_change(struct sink *s, const struct watch_alert *a, struct err *err) {
	struct memory_sink *m = (struct memory_sink *)s;
	cr_assert_lt(m->n, MAX_SEEN);
	m->name[m->n] = a->name;
	m->start_us[m->n++] = a->start_us;
	return 0;
}

static const struct sink_ops ops = {
	.begin = begin,
	.write = write_sums,
	.end = done,
	.flush = done,
	.change = take_change,
};
static const struct sink_ops deaf = {
	.begin = begin,
	.write = write_sums,
	.end = done,
	.flush = done,
};
static struct pane_store store;
static struct exporter *exporter;

static void open_with(int64_t live_start_us) {
	static const struct exporter_stream streams[] = {
		{"fine", PORT, SECOND, 0, WINDOW_TUMBLING},
		{"sessions", PORT, SECOND, 0, WINDOW_SESSION},
		{"rules", FIELD_BIT(FIELD_RULE), SECOND, 0, WINDOW_TUMBLING},
	};
	static const struct exporter_watch watches[] = {
		{"many", 0, {.compare = COMPARE_ABOVE, .number = 1}},
		{"long", 1, {.compare = COMPARE_ABOVE, .number = 2}},
		{"gone", 0, {.compare = COMPARE_BELOW, .number = 1}},
	};
	struct pane_store *stores[] = {&store};
	struct pane_config pc = {
		.width_us = SECOND, .active = 2, .spares = 6, .rows = 1024, .mem = mem_pages()};
	struct exporter_sink slots[3];
	cr_assert_eq(pane_store_init(&store, &pc), 0);
	for (uint32_t i = 0; i < 3; i++) {
		sinks[i] = (struct memory_sink){.sink = {.ops = i == 2 ? &deaf : &ops}};
		slots[i] = (struct exporter_sink){&sinks[i].sink, i == 2 ? 3 : 1u << i, "memory"};
	}
	struct exporter_config c = {
		.streams = streams,
		.n_streams = 3,
		.sinks = slots,
		.n_sinks = 3,
		.stores = stores,
		.n_stores = 1,
		.watches = watches,
		.n_watches = 3,
		.memory = 1 << 20,
		.live_start_us = live_start_us};
	hash_seed_fixed(&c.seed, 1);
	exporter = exporter_new(&c);
	cr_assert_not_null(exporter);
}

static void open_file(void) {
	open_with(INT64_MIN);
}

static void open_live(void) {
	open_with(0);
}

static void close_all(void) {
	exporter_free(exporter);
	pane_store_fini(&store);
}

static void count(int64_t time_us, uint16_t port) {
	count_packet(&store, time_us, port);
}

static void advance(int64_t horizon_us) {
	pane_store_advance(&store, horizon_us);
	exporter_step(exporter);
}

Test(watches, alerts_go_to_sinks_that_take_the_stream_and_know_them, .init = open_file,
     .fini = close_all) {
	uint64_t st[WATCH_STAT_COUNT];
	for (int i = 0; i < 3; i++)
		count(10 * SECOND + i, 1);
	advance(INT64_MAX);
	cr_assert_eq(sinks[0].n, 1);
	cr_expect_str_eq(sinks[0].name[0], "many");
	cr_expect_eq(sinks[0].start_us[0], 10 * SECOND);
	cr_assert_eq(sinks[1].n, 1);
	cr_expect_str_eq(sinks[1].name[0], "long");
	cr_expect_eq(sinks[2].records, 2);
	exporter_watch_stats(exporter, 0, st);
	cr_expect_eq(st[WATCH_FIRED], 1);
	exporter_watch_stats(exporter, 2, st);
	cr_expect_eq(st[WATCH_FIRED], 0);
}

Test(watches, live_a_key_is_gone_when_the_clock_says_so, .init = open_live, .fini = close_all) {
	count(10 * SECOND, 1);
	advance(12 * SECOND - 1);
	cr_expect_eq(sinks[0].n, 0);
	advance(12 * SECOND);
	cr_assert_eq(sinks[0].n, 1);
	cr_expect_str_eq(sinks[0].name[0], "gone");
	cr_expect_eq(sinks[0].start_us[0], 11 * SECOND);
}

Test(watches, of_a_file_no_window_behind_the_last_packet_is_judged, .init = open_file,
     .fini = close_all) {
	count(10 * SECOND, 1);
	// Time that no packet stands for, as when the last frames are none.
	advance(20 * SECOND);
	cr_expect_eq(sinks[0].n, 0);
	count(30 * SECOND, 2);
	pane_store_advance(&store, INT64_MAX);
	exporter_finish(exporter, false);
	cr_assert_eq(sinks[0].n, 1);
	cr_expect_eq(sinks[0].start_us[0], 11 * SECOND);
}

Test(watches, a_run_that_is_cut_judges_no_window_that_it_did_not_finish, .init = open_live,
     .fini = close_all) {
	count(10 * SECOND, 1);
	advance(11 * SECOND);
	pane_store_flush(&store);
	exporter_finish(exporter, true);
	cr_expect_eq(sinks[0].n, 0);
}
