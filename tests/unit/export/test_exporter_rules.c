// The exporter's streams with `rule` in their key: events of all workers in one record a rule and key.

#include "base/field.h"
#include "export/exporter.h"

#include "dice.h"

#include <criterion/criterion.h>

#define SECOND 1000000ll
#define SIDS 5
#define PORTS 3
#define WINDOWS 4

// What came out: events by window, rule (from 1) and port.
struct rule_sink {
	struct sink sink;
	uint32_t window;
	uint32_t windows, records;
	uint64_t rest;
	uint64_t events[WINDOWS][SIDS + 1][PORTS];
};

static void rule_begin(struct sink *s, const struct window_info *w) {
	struct rule_sink *r = (struct rule_sink *)s;
	r->window = (uint32_t)(w->start_us / (2 * SECOND));
	r->windows++;
	cr_assert_lt(r->window, WINDOWS);
	cr_assert_eq(w->end_us, w->start_us + 2 * SECOND);
	cr_assert(w->fields & FIELD_BIT(FIELD_RULE));
}

static int rule_write(
	struct sink *s, const struct flow_sum *sums, const struct flow_back *backs, uint32_t n,
	struct err *err
) {
	struct rule_sink *r = (struct rule_sink *)s;
	for (uint32_t i = 0; i < n; i++) {
		r->records++;
		if (sums[i].key.flags & KEY_REST) {
			r->rest += sums[i].packets;
			continue;
		}
		uint64_t *events = &r->events[r->window][sums[i].rule.sid][sums[i].key.dst_port];
		cr_expect_eq(*events, 0, "one record each");
		cr_expect_eq(sums[i].packets, sums[i].matches);
		cr_expect_eq(sums[i].bytes, 100 * sums[i].packets);
		cr_expect_eq(sums[i].rule.gid, 1);
		*events = sums[i].packets;
	}
	return 0;
}

static int done(struct sink *s, struct err *err) {
	return 0;
}

static void close_sink(struct sink *s) {}

static const struct sink_ops rule_ops = {
	.begin = rule_begin,
	.write = rule_write,
	.end = done,
	.flush = done,
	.close = close_sink,
};

// Counts a packet and `sid`'s match in it as a worker does.
static void count_event(struct pane_store *ps, int64_t time_us, uint16_t port, uint32_t sid) {
	struct pane *p = pane_store_find(ps, time_us);
	if (p == NULL)
		p = pane_store_open(ps, time_us);
	cr_assert_not_null(p);
	struct flow_key key = {.flags = KEY_V4, .dst_port = port, .src4 = {10, 0, 0, (uint8_t)sid}};
	struct packet frame = {.time_us = time_us, .ip_len = 100, .wire_len = 114};
	rule_rows_count(
		p->rules, &key,
		&(struct rule_info){.gid = 1, .sid = sid, .signature = "", .category = ""}, &frame
	);
	pane_store_advance(ps, INT64_MIN);
}

// `rows` of a pane: few of them make panes go over early. The exporter is given a turn every so many
// events. Returns those that are in rest rows; all others must be where they belong.
static uint64_t add_events_up(uint32_t rows, uint32_t turn) {
	static const struct exporter_stream streams[] = {
		{"rules", FIELD_BIT(FIELD_RULE) | FIELD_BIT(FIELD_DEST_PORT), 2 * SECOND},
		{"packets", FIELD_BIT(FIELD_DEST_PORT), SECOND},
	};
	uint64_t want[WINDOWS][SIDS + 1][PORTS] = {0};
	struct rule_sink out = {.sink = {.ops = &rule_ops}};
	struct exporter_sink sinks[] = {{&out.sink, 1, "memory"}};
	static struct pane_store stores[2];
	struct pane_store *both[] = {&stores[0], &stores[1]};
	struct pane_config pc = {
		.width_us = SECOND,
		.active = 2,
		.spares = 2,
		.rows = 256,
		.mem = mem_pages(),
		.rules = {.rows = rows, .fields = streams[0].fields}};
	for (uint32_t i = 0; i < 2; i++) {
		hash_seed_fixed(&pc.rules.seed, 10 + i); // each worker may have its own
		cr_assert_eq(pane_store_init(&stores[i], &pc), 0);
	}
	struct exporter_config c = {
		.streams = streams,
		.n_streams = 2,
		.sinks = sinks,
		.n_sinks = 1,
		.stores = both,
		.n_stores = 2,
		.memory = 1 << 20,
		.live_start_us = INT64_MIN};
	hash_seed_fixed(&c.seed, 1);
	struct exporter *exporter = exporter_new(&c);
	cr_assert_not_null(exporter);
	uint64_t x = 88172645463325252, records = 0, events = 0, found = 0;
	for (uint32_t i = 0; i < 20000; i++) {
		dice_next(&x);
		uint32_t sid = 1 + (uint32_t)(x % SIDS), port = (uint32_t)(x >> 8) % PORTS;
		// Roughly in order, all over eight seconds but for a window in which nothing matches.
		int64_t time_us = i * 400 + (int64_t)((x >> 16) % 300000);
		uint32_t window = (uint32_t)(time_us / (2 * SECOND));
		if (window == 2 || window >= WINDOWS)
			continue;
		count_event(&stores[x >> 40 & 1], time_us, (uint16_t)port, sid);
		want[window][sid][port]++;
		events++;
		if (i % turn == 0)
			exporter_step(exporter);
	}
	for (uint32_t i = 0; i < 2; i++)
		pane_store_advance(&stores[i], INT64_MAX);
	exporter_finish(exporter, false);
	for (uint32_t w = 0; w < WINDOWS; w++)
		for (uint32_t sid = 0; sid <= SIDS; sid++)
			for (uint32_t port = 0; port < PORTS; port++) {
				uint64_t got = out.events[w][sid][port];
				records += want[w][sid][port] > 0;
				found += got;
				if (out.rest == 0)
					cr_expect_eq(
						got, want[w][sid][port],
						"window %u, sid %u, port %u", w, sid, port
					);
				else
					cr_expect_leq(got, want[w][sid][port]);
			}
	cr_expect_eq(found + out.rest, events);
	cr_expect_eq(out.windows, 3);
	if (out.rest == 0)
		cr_expect_eq(out.records, records);
	uint64_t st[STREAM_STAT_COUNT];
	exporter_stream_stats(exporter, 0, st);
	cr_expect_eq(st[STREAM_WINDOWS], 3);
	cr_expect_eq(st[STREAM_RECORDS], out.records);
	cr_expect_eq(st[STREAM_PACKETS], events);
	cr_expect_eq(st[STREAM_BYTES], 100 * events);
	exporter_free(exporter);
	pane_store_fini(&stores[0]);
	pane_store_fini(&stores[1]);
	return out.rest;
}

Test(exporter_rules, events_of_all_workers_add_up_to_one_record_a_rule_and_key) {
	cr_expect_eq(add_events_up(1024, 100), 0);
}

Test(exporter_rules, early_hand_overs_lose_no_events) {
	cr_expect_eq(add_events_up(8, 1), 0);
}

Test(exporter_rules, events_that_find_no_room_are_in_rest_rows) {
	cr_expect_gt(add_events_up(8, 500), 0);
}
