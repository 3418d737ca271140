// The exporter with windows of every kind at once: who leaves at which horizon, and what a cut marks.

#include "base/field.h"
#include "export/exporter.h"

#include "count_packet.h"

#include <criterion/criterion.h>

#define SECOND 1000000ll
#define MAX_SEEN 1024

enum {
	SLIDING,
	SESSION,
	FLOW,
	STREAMS
};

struct seen {
	struct window_info info;
	struct flow_sum sum;
};

static struct memory_sink {
	struct sink sink;
	struct window_info info;
	struct seen seen[MAX_SEEN];
	uint32_t n;
} sinks[STREAMS];

static void begin(struct sink *s, const struct window_info *w) {
	((struct memory_sink *)s)->info = *w;
}

static int write_sums(
	struct sink *s, const struct flow_sum *sums, const struct flow_back *backs, uint32_t n,
	struct err *err
) {
	struct memory_sink *m = (struct memory_sink *)s;
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_lt(m->n, MAX_SEEN);
		m->seen[m->n++] = (struct seen){m->info, sums[i]};
	}
	return 0;
}

static int done(struct sink *s, struct err *err) {
	return 0;
}

static const struct sink_ops ops = {begin, write_sums, done, done, NULL};
static struct pane_store store;
static struct exporter *exporter;

static void open_with(int64_t live_start_us, uint64_t memory) {
	static const struct exporter_stream streams[STREAMS] = {
		[SLIDING] =
			{"sliding", FIELD_BIT(FIELD_SRC_PORT), 2 * SECOND, SECOND, WINDOW_SLIDING},
		[SESSION] = {"session", FIELD_BIT(FIELD_SRC_PORT), 3 * SECOND, 0, WINDOW_SESSION},
		[FLOW] = {"flow", FIELD_BIT(FIELD_SRC_PORT), 5 * SECOND, 2 * SECOND, WINDOW_FLOW},
	};
	struct exporter_sink slots[STREAMS];
	struct pane_store *stores[] = {&store};
	struct pane_config pc = {
		.width_us = SECOND, .active = 2, .spares = 6, .rows = 1024, .mem = mem_pages()};
	cr_assert_eq(pane_store_init(&store, &pc), 0);
	for (uint32_t i = 0; i < STREAMS; i++) {
		sinks[i] = (struct memory_sink){.sink = {.ops = &ops}};
		slots[i] = (struct exporter_sink){&sinks[i].sink, 1u << i, "memory"};
	}
	struct exporter_config c = {
		.streams = streams,
		.n_streams = STREAMS,
		.sinks = slots,
		.n_sinks = STREAMS,
		.stores = stores,
		.n_stores = 1,
		.memory = memory,
		.live_start_us = live_start_us};
	hash_seed_fixed(&c.seed, 1);
	exporter = exporter_new(&c);
	cr_assert_not_null(exporter);
}

static void open_file(void) {
	open_with(INT64_MIN, 1 << 20);
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

Test(exporter_windows, each_kind_leaves_when_it_is_due, .init = open_file, .fini = close_all) {
	count(10 * SECOND + 1, 1);
	advance(11 * SECOND);
	cr_assert_eq(sinks[SLIDING].n, 1);
	cr_expect_eq(sinks[SLIDING].seen[0].info.start_us, 9 * SECOND);
	advance(12 * SECOND);
	cr_assert_eq(sinks[SLIDING].n, 2);
	cr_expect_eq(sinks[FLOW].n + sinks[SESSION].n, 0);
	advance(13 * SECOND);
	cr_assert_eq(sinks[FLOW].n, 1);
	cr_expect_eq(sinks[FLOW].seen[0].info.tail_us, 1);
	cr_expect_eq(sinks[FLOW].seen[0].sum.reason, FLOW_END_IDLE);
	cr_expect_eq(sinks[SESSION].n, 0);
	advance(14 * SECOND);
	cr_assert_eq(sinks[SESSION].n, 1);
	cr_expect_eq(sinks[SESSION].seen[0].info.tail_us, 3 * SECOND);
}

Test(exporter_windows, a_pane_that_is_still_being_filled_keeps_a_session_open, .init = open_file,
     .fini = close_all) {
	count(10 * SECOND, 1);
	advance(11 * SECOND);
	// The gap is over ahead of the horizon, but this one is in a pane that has not come.
	count(13 * SECOND, 1);
	advance(13 * SECOND + 500000);
	cr_expect_eq(sinks[SESSION].n, 0);
	advance(INT64_MAX);
	cr_assert_eq(sinks[SESSION].n, 1);
	cr_expect_eq(sinks[SESSION].seen[0].sum.packets, 2);
}

Test(exporter_windows, a_cut_forces_what_is_open_and_marks_it, .init = open_file,
     .fini = close_all) {
	count(0, 1);
	advance(10 * SECOND);
	count(10 * SECOND, 2);
	pane_store_flush(&store);
	exporter_finish(exporter, true);
	for (uint32_t i = SESSION; i <= FLOW; i++) {
		cr_assert_eq(sinks[i].n, 2);
		cr_expect_eq(sinks[i].seen[0].sum.reason, FLOW_END_IDLE);
		cr_expect_not(sinks[i].seen[0].info.partial);
		cr_expect_eq(sinks[i].seen[1].sum.reason, FLOW_END_FORCED);
		cr_expect(sinks[i].seen[1].info.partial);
	}
	cr_assert_eq(sinks[SLIDING].n, 4);
	for (uint32_t i = 0; i < 4; i++)
		cr_expect_eq(sinks[SLIDING].seen[i].info.partial, i >= 2);
}

Test(exporter_windows, nothing_is_forced_or_partial_at_the_end_of_a_file, .init = open_file,
     .fini = close_all) {
	count(0, 1);
	pane_store_advance(&store, INT64_MAX);
	exporter_finish(exporter, false);
	for (uint32_t i = 0; i < STREAMS; i++) {
		cr_assert_eq(sinks[i].n, i == SLIDING ? 2 : 1);
		cr_expect_not(sinks[i].seen[0].info.partial);
		cr_expect_not(sinks[i].seen[0].sum.partial);
		cr_expect_neq(sinks[i].seen[0].sum.reason, FLOW_END_FORCED);
	}
}

Test(exporter_windows, what_may_have_begun_before_a_live_run_is_partial, .fini = close_all) {
	open_with(100 * SECOND, 1 << 20);
	count(101 * SECOND, 1);
	count(103 * SECOND, 2);
	count(108 * SECOND, 3);
	pane_store_advance(&store, INT64_MAX);
	exporter_finish(exporter, false);
	cr_assert_eq(sinks[SESSION].n, 3);
	cr_assert_eq(sinks[FLOW].n, 3);
	for (uint32_t i = 0; i < 3; i++) {
		cr_expect_eq(sinks[SESSION].seen[i].sum.partial, i == 0);
		cr_expect_eq(sinks[FLOW].seen[i].sum.partial, i == 0);
	}
	cr_expect_not(sinks[SLIDING].seen[0].info.partial, "it began with the run");
}

Test(exporter_windows, sessions_that_make_room_are_counted, .fini = close_all) {
	uint64_t st[STREAM_STAT_COUNT], packets = 0;
	// A quarter of it for each of both: 256 sums.
	open_with(INT64_MIN, 1 << 18);
	for (uint16_t i = 0; i < 400; i++) {
		count(i / 200 * SECOND + i, i);
		if (i % 200 == 199)
			advance((i / 200 + 1) * SECOND);
	}
	pane_store_advance(&store, INT64_MAX);
	exporter_finish(exporter, false);
	exporter_stream_stats(exporter, SESSION, st);
	cr_expect_eq(st[STREAM_EVICTED], 400 - 256);
	cr_expect_eq(st[STREAM_RECORDS], 400);
	cr_expect_eq(st[STREAM_WINDOWS], 400);
	cr_expect_eq(st[STREAM_PACKETS], 400);
	for (uint32_t i = 0; i < sinks[SESSION].n; i++)
		packets += sinks[SESSION].seen[i].sum.packets;
	cr_expect_eq(packets, 400);
	exporter_stream_stats(exporter, SLIDING, st);
	cr_expect_eq(st[STREAM_EVICTED], 0);
}
