// The exporter: when windows leave, that the slowest worker decides, and what partial marks.

#include "base/field.h"
#include "base/state_buffer.h"
#include "export/exporter.h"

#include "count_packet.h"

#include <criterion/criterion.h>
#include <errno.h>

#define SECOND 1000000ll
#define MAX_SEEN 64

// A sink that remembers the windows it was given.
struct memory_sink {
	struct sink sink;
	struct window_info seen[MAX_SEEN];
	uint64_t packets[MAX_SEEN];
	uint32_t n;
	int64_t alert_us[MAX_SEEN];
	uint32_t n_alerts;
	int fault;
	int mark_fault; // what a mark finds: below 0 an error, else records that were dropped ahead of it
	int sync_fault;
	uint32_t synced;
};

static void begin(struct sink *s, const struct window_info *w) {
	struct memory_sink *m = (struct memory_sink *)s;
	cr_assert_lt(m->n, MAX_SEEN);
	m->seen[m->n++] = *w;
}

static int write_sums(
	struct sink *s, const struct flow_sum *sums, const struct flow_back *backs, uint32_t n,
	struct err *err
) {
	struct memory_sink *m = (struct memory_sink *)s;
	for (uint32_t i = 0; i < n; i++)
		m->packets[m->n - 1] += sums[i].packets;
	s->stats.delivered += n;
	return m->fault != 0 ? err_set(err, m->fault, "on purpose") : 0;
}

static int done(struct sink *s, struct err *err) {
	return 0;
}

static void close_sink(struct sink *s) {}

static int take_alert(struct sink *s, const struct alert *a, struct err *err) {
	struct memory_sink *m = (struct memory_sink *)s;
	cr_assert_lt(m->n_alerts, MAX_SEEN);
	m->alert_us[m->n_alerts++] = a->time_us;
	return m->fault != 0 ? err_set(err, m->fault, "on purpose") : 0;
}

static int mark(struct sink *s, struct out_mark *m, struct err *err) {
	int fault = ((struct memory_sink *)s)->mark_fault;
	*m = (struct out_mark){0};
	if (fault != 0)
		err_set(err, fault, "on purpose");
	s->stats.dropped += fault > 0 ? (uint64_t)fault : 0;
	return fault < 0 ? fault : 0;
}

static int sync_file(struct sink *s, struct err *err) {
	struct memory_sink *m = (struct memory_sink *)s;
	m->synced++;
	return m->sync_fault != 0 ? err_set(err, m->sync_fault, "on purpose") : 0;
}

static const struct sink_ops ops = {
	.begin = begin,
	.write = write_sums,
	.end = done,
	.flush = done,
	.sync = sync_file,
	.close = close_sink,
	.mark = mark,
};
static const struct sink_ops alert_ops = {.flush = done, .close = close_sink, .alert = take_alert};

static struct memory_sink sink, alert_sink;
static struct pane_store stores[2];
static struct alert_ring rings[2];
static bool with_alerts;
static struct exporter *exporter;

static void open_with(int64_t live_start_us, uint64_t memory) {
	static const struct exporter_stream streams[] = {
		{"fine", FIELD_BIT(FIELD_SRC_PORT), 1 * SECOND},
		{"coarse", 0, 4 * SECOND},
	};
	sink = (struct memory_sink){.sink = {.ops = &ops}};
	alert_sink = (struct memory_sink){.sink = {.ops = &alert_ops}};
	struct exporter_sink sinks[] = {{&sink.sink, 1, "memory"}, {&alert_sink.sink, 0, "alerts"}};
	struct pane_store *both[] = {&stores[0], &stores[1]};
	struct alert_ring *alerts[] = {&rings[0], &rings[1]};
	struct pane_config pc = {
		.width_us = SECOND, .active = 2, .spares = 6, .rows = 256, .mem = mem_pages()};
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(pane_store_init(&stores[i], &pc), 0);
		cr_assert_eq(alert_ring_init(&rings[i], 16, false), 0);
	}
	struct exporter_config c = {
		.streams = streams,
		.n_streams = 2,
		.sinks = sinks,
		.n_sinks = 2,
		.stores = both,
		.n_stores = 2,
		.alerts = with_alerts ? alerts : NULL,
		.n_alerts = 2,
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
	for (int i = 0; i < 2; i++) {
		pane_store_fini(&stores[i]);
		alert_ring_fini(&rings[i]);
	}
}

static void count(int store, int64_t time_us, uint16_t port) {
	count_packet(&stores[store], time_us, port);
}

Test(exporter, the_slowest_worker_decides_when_a_window_leaves, .init = open_file,
     .fini = close_all) {
	count(0, 0, 1);
	count(1, 0, 1);
	pane_store_advance(&stores[0], 5 * SECOND);
	exporter_step(exporter);
	cr_assert_eq(sink.n, 0);
	pane_store_advance(&stores[1], SECOND);
	exporter_step(exporter);
	cr_assert_eq(sink.n, 1);
	cr_assert_eq(sink.seen[0].start_us, 0);
	cr_assert_eq(sink.packets[0], 2);
}

Test(exporter, a_pane_handed_over_twice_is_one_window, .init = open_file, .fini = close_all) {
	count(0, 0, 1);
	pane_store_flush(&stores[0]);
	count(0, 1, 1);
	pane_store_advance(&stores[0], INT64_MAX);
	pane_store_advance(&stores[1], INT64_MAX);
	exporter_step(exporter);
	cr_assert_eq(sink.n, 1);
	cr_assert_eq(sink.packets[0], 2);
	uint64_t st[STREAM_STAT_COUNT];
	exporter_stream_stats(exporter, 0, st);
	cr_assert_eq(st[STREAM_WINDOWS], 1);
	cr_assert_eq(st[STREAM_RECORDS], 1);
	cr_assert_eq(st[STREAM_PACKETS], 2);
	exporter_stream_stats(exporter, 1, st);
	cr_assert_eq(st[STREAM_PACKETS], 2, "a stream without a sink is counted all the same");
	cr_assert_not(exporter_failed(exporter));
}

Test(exporter, only_what_was_cut_is_partial, .init = open_file, .fini = close_all) {
	count(0, 0, 1);
	count(0, 2 * SECOND, 1);
	pane_store_advance(&stores[0], 2 * SECOND);
	pane_store_advance(&stores[1], 2 * SECOND);
	pane_store_flush(&stores[0]);
	exporter_finish(exporter, true);
	cr_assert_eq(sink.n, 2);
	cr_assert_not(sink.seen[0].partial);
	cr_assert(sink.seen[1].partial);
}

Test(exporter, nothing_is_partial_at_the_end_of_a_file, .init = open_file, .fini = close_all) {
	count(0, 0, 1);
	pane_store_advance(&stores[0], INT64_MAX);
	pane_store_advance(&stores[1], INT64_MAX);
	exporter_finish(exporter, false);
	cr_assert_eq(sink.n, 1);
	cr_assert_not(sink.seen[0].partial);
}

Test(exporter, the_first_window_of_a_live_run_is_partial, .fini = close_all) {
	open_with(SECOND / 2, 1 << 20);
	count(0, SECOND / 2 + 1, 1);
	count(0, SECOND, 1);
	pane_store_advance(&stores[0], INT64_MAX);
	pane_store_advance(&stores[1], INT64_MAX);
	exporter_finish(exporter, false);
	cr_assert_eq(sink.n, 2);
	cr_assert(sink.seen[0].partial);
	cr_assert_not(sink.seen[1].partial);
}

Test(exporter, more_windows_than_memory_leave_early_and_lose_nothing, .fini = close_all) {
	open_with(INT64_MIN, 4096);
	for (int i = 0; i < 50; i++) {
		count(0, i * SECOND, 1);
		pane_store_flush(&stores[0]);
		exporter_step(exporter);
	}
	pane_store_advance(&stores[0], INT64_MAX);
	pane_store_advance(&stores[1], INT64_MAX);
	exporter_finish(exporter, false);
	uint64_t packets = 0;
	for (uint32_t i = 0; i < sink.n; i++)
		packets += sink.packets[i];
	cr_assert_eq(packets, 50);
}

// With as many keys as memory holds, and more.
Test(exporter, rows_leave_room_for_windows_to_begin, .fini = close_all) {
	open_with(INT64_MIN, 1 << 18);
	uint64_t st[STREAM_STAT_COUNT], packets = 0;
	for (int i = 0; i < 40; i++) {
		for (uint16_t port = 1; port <= 200; port++)
			count(0, i * SECOND, port);
		pane_store_flush(&stores[0]);
		exporter_step(exporter);
	}
	pane_store_advance(&stores[0], INT64_MAX);
	pane_store_advance(&stores[1], INT64_MAX);
	exporter_finish(exporter, false);
	cr_assert_eq(sink.n, 40);
	for (uint32_t i = 0; i < sink.n; i++) {
		packets += sink.packets[i];
		cr_expect_not(sink.seen[i].partial);
	}
	cr_expect_eq(packets, 40 * 200);
	exporter_stream_stats(exporter, 0, st);
	cr_expect_gt(st[STREAM_REST], 0);
	cr_expect_eq(st[STREAM_FORCED], 0);
}

Test(exporter, a_sink_that_fails_makes_the_run_a_fault, .init = open_file, .fini = close_all) {
	sink.fault = -EIO;
	count(0, 0, 1);
	pane_store_advance(&stores[0], INT64_MAX);
	pane_store_advance(&stores[1], INT64_MAX);
	exporter_finish(exporter, false);
	cr_assert(exporter_failed(exporter));
	cr_assert_not(exporter_lost(exporter), "it refused nothing");
}

Test(exporter, a_sink_that_drops_records_loses_them, .init = open_file, .fini = close_all) {
	sink.fault = -EIO;
	sink.sink.stats.dropped = 1;
	count(0, 0, 1);
	pane_store_advance(&stores[0], INT64_MAX);
	pane_store_advance(&stores[1], INT64_MAX);
	exporter_finish(exporter, false);
	cr_assert(exporter_lost(exporter));
}

Test(exporter, a_disk_that_keeps_nothing_at_the_end_makes_the_run_a_fault, .fini = close_all) {
	static const int faults[] = {0, -EIO};
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			close_all();
		open_file();
		sink.sync_fault = faults[i % 2];
		count(0, 0, 1);
		exporter_step(exporter);
		if (i < 2)
			exporter_finish(exporter, false);
		else
			exporter_leave(exporter);
		cr_expect_not(exporter_failed(exporter));
		cr_expect_eq(sink.synced, 0);
		exporter_sync(exporter);
		cr_expect_eq(sink.synced, 1);
		cr_expect_eq(exporter_failed(exporter), faults[i % 2] != 0);
		cr_expect_eq(exporter_lost(exporter), faults[i % 2] != 0);
	}
}

Test(exporter, a_checkpoint_tells_of_records_that_it_finds_lost, .fini = close_all) {
	static const struct {
		const char *what;
		int fault, ret;
		bool lost;
	} cases[] = {
		{"nothing", 0, 0, false},
		{"records that did not fit the disk", 3, 0, true},
		{"a disk that does not keep what was written", -EIO, -EIO, true},
		{"another file in its place", -ESTALE, -ESTALE, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct state_buffer b;
		struct err err = {0};
		if (i > 0)
			close_all();
		open_file();
		state_buffer_init(&b, 1 << 20);
		sink.mark_fault = cases[i].fault;
		cr_expect_eq(
			exporter_save(exporter, &b.writer, &err), cases[i].ret, "%s", cases[i].what
		);
		cr_expect_eq(exporter_lost(exporter), cases[i].lost, "%s", cases[i].what);
		state_buffer_fini(&b);
	}
}

static void open_alerts(void) {
	with_alerts = true;
	open_file();
}

static void alert(int ring, int64_t time_us) {
	static const struct rule_info rule = {.gid = 1, .sid = 1, .signature = "", .category = ""};
	uint32_t first;
	cr_assert_eq(alert_ring_reserve(&rings[ring], 1, &first), 1);
	*alert_ring_slot(&rings[ring], first) = (struct alert){
		.key = {.flags = KEY_V4},
		.time_us = time_us,
		.turn_us = time_us,
		.rule = &rule,
		.packets = 1,
	};
	alert_ring_commit(&rings[ring], 1);
}

Test(exporter, alerts_leave_in_order_once_the_slowest_worker_is_behind_them, .init = open_alerts,
     .fini = close_all) {
	alert(0, 2 * SECOND);
	pane_store_advance(&stores[0], 5 * SECOND);
	exporter_step(exporter);
	cr_assert_eq(alert_sink.n_alerts, 0);
	alert(1, SECOND);
	alert(1, 4 * SECOND);
	pane_store_advance(&stores[1], 3 * SECOND);
	cr_assert(exporter_step(exporter));
	cr_assert_eq(alert_sink.n_alerts, 2);
	cr_expect_eq(alert_sink.alert_us[0], SECOND);
	cr_expect_eq(alert_sink.alert_us[1], 2 * SECOND);
	exporter_finish(exporter, true);
	cr_assert_eq(alert_sink.n_alerts, 3);
	cr_expect_eq(sink.n_alerts, 0);
	uint64_t st[ALERTS_STAT_COUNT];
	exporter_alert_stats(exporter, st);
	cr_expect_eq(st[ALERTS_OUT], 3);
	cr_expect_eq(st[ALERTS_SUPPRESSED], 0);
}

Test(exporter, an_alert_that_a_sink_refuses_makes_the_run_a_fault, .init = open_alerts,
     .fini = close_all) {
	alert_sink.fault = -EIO;
	alert(0, 1);
	exporter_finish(exporter, false);
	cr_assert(exporter_failed(exporter));
}

Test(exporter, rule_sets_go_at_once_where_nobody_makes_alerts, .init = open_file,
     .fini = close_all) {
	cr_expect(exporter_retired(exporter, exporter_retire(exporter)));
	uint64_t st[ALERTS_STAT_COUNT] = {9, 9};
	exporter_alert_stats(exporter, st);
	cr_expect_eq(st[ALERTS_OUT] + st[ALERTS_SUPPRESSED], 0);
}
