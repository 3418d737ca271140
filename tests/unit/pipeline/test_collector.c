// The collector over a source that gives out what a test wrote down: panes, rest rows, the ledger, ends.

#include "base/field.h"
#include "pipeline/collector.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000ll
#define RESERVE 16 // small panes that a store has besides
#define STEPS 64

// What recv gives, one after another; then nothing, and after the stop -ENODATA.
struct script {
	struct count_source base; // first
	struct {
		int ret; // negative: a fault instead
		int64_t horizon_us;
		struct count_batch batch;
	} step[STEPS];
	uint32_t n;
	uint32_t next;
	uint32_t stops;
};

static struct script script;
static struct collector *collector;
static uint64_t received;

static int script_recv(struct count_source *src, struct count_batch *b) {
	struct script *s = (struct script *)src;
	b->n = 0;
	b->whole = true;
	b->tally = (struct tally){0};
	if (s->next == s->n)
		return s->stops > 0 ? -ENODATA : 0;
	uint32_t i = s->next++;
	if (s->step[i].ret < 0)
		return err_set(&src->err, s->step[i].ret, "a fault on purpose");
	*b = s->step[i].batch;
	src->horizon_us = s->step[i].horizon_us;
	return (int)b->n;
}

static void script_stop(struct count_source *src) {
	((struct script *)src)->stops++;
}

static const struct count_source_ops script_ops = {.recv = script_recv, .stop = script_stop};

static void open_collector(uint32_t active, uint32_t spares, uint32_t rows) {
	script = (struct script){.base = {.ops = &script_ops, .horizon_us = INT64_MIN}};
	received = 0;
	struct collector_config c = {
		.source = &script.base,
		.fields = FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_SRC_IP),
		.panes =
			{.width_us = SECOND,
			 .active = active,
			 .spares = spares,
			 .rows = rows,
			 .mem = mem_pages()},
	};
	hash_seed_fixed(&c.seed, 3);
	collector = aligned_alloc(CACHE_LINE, sizeof(*collector));
	cr_assert_eq(collector_init(collector, &c), 0);
}

static void close_collector(void) {
	collector_fini(collector);
	free(collector);
}

// A further batch of the script, whole and without rows.
static struct count_batch *add_batch(int64_t horizon_us) {
	cr_assert_lt(script.n, STEPS);
	script.step[script.n].horizon_us = horizon_us;
	struct count_batch *b = &script.step[script.n++].batch;
	b->whole = true;
	return b;
}

static struct counted *
add_row(struct count_batch *b, uint32_t flow, int64_t time_us, uint64_t packets) {
	struct counted *c = &b->row[b->n++];
	*c = (struct counted){
		.packets = packets,
		.bytes = packets * 40,
		.frame_bytes = packets * 60,
		.first_us = time_us,
		.last_us = time_us + 10,
		.tcp_flags = 0x10,
	};
	c->key.flags = KEY_V4;
	c->key.src_port = (uint16_t)flow;
	memcpy(c->key.src4, &flow, 4);
	b->tally.value[TALLY_RECEIVED] += packets;
	received += packets;
	return c;
}

// Flows [first, first + n) at `time_us`, a packet each, through the collector at once.
static void feed(uint32_t first, uint32_t n, int64_t time_us) {
	for (uint32_t i = 0; i < n;) {
		script.n = script.next = 0;
		memset(&script.step[0].batch, 0, sizeof(script.step[0].batch));
		struct count_batch *b = add_batch(script.base.horizon_us);
		for (; i < n && b->n < COUNT_BATCH_MAX; i++)
			add_row(b, first + i, time_us, 1);
		cr_assert_eq(collector_step(collector), (int)b->n);
	}
}

static struct tally published(void) {
	struct tally t;
	counters_read(&collector->published, t.value, TALLY_COUNT);
	return t;
}

static uint64_t reason(enum reason r) {
	return published().value[TALLY_REASON + r];
}

static void expect_balance(void) {
	struct tally t = published();
	uint64_t sum = 0;
	for (int r = 0; r < REASON_COUNT; r++)
		sum += t.value[TALLY_REASON + r];
	cr_assert_eq(t.value[TALLY_RECEIVED], received);
	cr_assert_eq(sum, received);
}

// All panes that are with the exporter, added up: they are given back only where asked.
struct taken {
	uint32_t panes;
	uint32_t flows;
	uint64_t packets;
	uint64_t in_rows;
	uint64_t in_rest;
};

static struct taken take_panes(bool give_back) {
	struct taken s = {0};
	struct pane *p;
	while ((p = pane_store_take(&collector->panes)) != NULL) {
		struct flow_key key;
		const struct flow_row *row;
		uint32_t line = 0;
		s.panes++;
		s.packets += p->packets;
		s.in_rest += p->rest.packets;
		while ((row = flow_table_next(&p->table, &line, &key)) != NULL) {
			s.flows++;
			s.in_rows += row->packets;
		}
		if (give_back)
			pane_store_return(&collector->panes, p);
	}
	return s;
}

static struct taken end(void) {
	atomic_store(&collector->stop, true);
	int ret;
	while ((ret = collector_step(collector)) >= 0)
		;
	cr_assert_eq(ret, -ECANCELED);
	struct taken s = take_panes(false);
	cr_assert_eq(s.packets, s.in_rows + s.in_rest);
	return s;
}

Test(collector, a_row_lands_in_its_pane_with_all_counters, .fini = close_collector) {
	open_collector(2, 2, 1024);
	struct count_batch *b = add_batch(0);
	struct counted *c = add_row(b, 7, 1500000, 3);
	c->tcp_flags = 0x02;
	c->opens = 1;
	b = add_batch(0);
	add_row(b, 7, 1400000, 2)->tcp_flags = 0x11;
	b->row[0].key.dst_port = 99; // not in the key
	cr_assert_eq(collector_step(collector), 1);
	cr_assert_eq(collector_step(collector), 1);
	add_batch(2 * SECOND);
	cr_assert_eq(collector_step(collector), 0);
	struct pane *p = pane_store_take(&collector->panes);
	cr_assert_not_null(p);
	cr_assert_eq(p->start_us, SECOND);
	cr_assert_eq(p->packets, 5);
	struct flow_key key;
	uint32_t line = 0;
	const struct flow_row *row = flow_table_next(&p->table, &line, &key);
	cr_assert_eq(key.src_port, 7);
	cr_assert_eq(key.dst_port, 0);
	cr_assert_eq(row->packets, 5);
	cr_assert_eq(row->bytes, 5 * 40);
	cr_assert_eq(row->frame_bytes, 5 * 60);
	cr_assert_eq(row->first_us, 400000);
	cr_assert_eq(row->last_us, 500010);
	cr_assert_eq(row->tcp_flags, 0x13);
	cr_assert_eq(row->opens, 1);
	cr_assert_null(flow_table_next(&p->table, &line, &key));
	expect_balance();
}

Test(collector, what_found_no_row_elsewhere_is_rest_here, .fini = close_collector) {
	open_collector(2, 2, 1024);
	struct count_batch *b = add_batch(0);
	add_row(b, 1, 0, 5);
	add_row(b, 2, 0, 7)->key = (struct flow_key){.flags = KEY_REST};
	cr_assert_eq(collector_step(collector), 2);
	expect_balance();
	cr_assert_eq(published().value[TALLY_REST], 7);
	cr_assert_eq(reason(REASON_NONE), 12);
	struct taken s = end();
	cr_assert_eq(s.flows, 1);
	cr_assert_eq(s.in_rest, 7);
}

Test(collector, the_horizon_follows_the_panes_it_closes, .fini = close_collector) {
	open_collector(4, 4, 1024);
	cr_assert_eq(collector_step(collector), 0);
	cr_assert_eq(atomic_load(&collector->panes.horizon_us), INT64_MIN);
	add_row(add_batch(SECOND - 1), 1, 0, 1);
	add_row(add_batch(SECOND - 1), 1, SECOND, 1);
	collector_step(collector);
	collector_step(collector);
	cr_assert_eq(atomic_load(&collector->panes.horizon_us), SECOND - 1);
	cr_assert_eq(take_panes(true).panes, 0);
	add_batch(SECOND);
	collector_step(collector);
	cr_assert_eq(atomic_load(&collector->panes.horizon_us), SECOND);
	cr_assert_eq(take_panes(true).packets, 1);
	// Nothing comes, time goes on.
	add_batch(5 * SECOND);
	collector_step(collector);
	cr_assert_eq(atomic_load(&collector->panes.horizon_us), 5 * SECOND);
	cr_assert_eq(take_panes(true).packets, 1);
	cr_assert_eq(published().value[TALLY_HANDED_OVER], 2);
	expect_balance();
}

Test(collector, publishes_only_what_balances, .fini = close_collector) {
	open_collector(2, 2, 1024);
	// Rows come ahead of what tells how many frames there were.
	for (int i = 0; i < 3; i++) {
		struct count_batch *b = add_batch(0);
		add_row(b, (uint32_t)i, 0, 10);
		b->tally.value[TALLY_RECEIVED] = 0;
		b->whole = false;
	}
	struct count_batch *b = add_batch(0);
	b->tally.value[TALLY_RECEIVED] = 30 + 4 + 2 + 1;
	b->tally.value[TALLY_BYTES] = 3700;
	b->tally.value[TALLY_REASON + REASON_NOT_IP] = 4;
	b->tally.value[TALLY_REASON + REASON_FILTER] = 2;
	b->tally.value[TALLY_REASON + REASON_NO_PANE] = 1;
	received += 7;
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(collector_step(collector), 1);
		cr_assert_eq(published().value[TALLY_RECEIVED], 0);
		cr_assert_eq(reason(REASON_NONE), 0);
	}
	cr_assert_eq(collector_step(collector), 0);
	expect_balance();
	cr_assert_eq(reason(REASON_NONE), 30);
	cr_assert_eq(reason(REASON_FILTER), 2);
	cr_assert_eq(reason(REASON_NO_PANE), 1);
	cr_assert_eq(published().value[TALLY_BYTES], 3700);
}

Test(collector, sheds_when_no_pane_is_left, .fini = close_collector) {
	enum {
		PANES = 1 + 2 + RESERVE
	};
	open_collector(1, 2, 1024);
	// Nothing comes back from the exporter.
	for (int64_t i = 0; i < PANES; i++)
		feed(1, 1, i * SECOND);
	cr_assert_eq(reason(REASON_NO_PANE), 0);
	for (int64_t i = PANES; i < PANES + 5; i++)
		feed(1, 3, i * SECOND);
	expect_balance();
	cr_assert_eq(reason(REASON_NONE), PANES);
	cr_assert_eq(reason(REASON_NO_PANE), 15);
	// One pane back, and rows are taken again.
	struct pane *p = pane_store_take(&collector->panes);
	pane_store_return(&collector->panes, p);
	feed(1, 2, (PANES + 5) * SECOND);
	cr_assert_eq(reason(REASON_NO_PANE), 15);
	expect_balance();
	// The pane that was given back held one.
	cr_assert_eq(end().packets, PANES + 2 - 1);
}

Test(collector, a_full_table_is_handed_over_for_a_fresh_one, .fini = close_collector) {
	open_collector(1, 3, 1024);
	feed(0, 1024, 0);
	cr_assert_eq(take_panes(true).panes, 0);
	feed(1024, 1500, 0);
	struct taken s = end();
	cr_assert_eq(s.panes, 3);
	cr_assert_eq(s.flows, 2524);
	cr_assert_eq(s.in_rest, 0);
	cr_assert_eq(published().value[TALLY_REST], 0);
	expect_balance();
}

Test(collector, without_a_fresh_one_it_is_stretched_then_rest_takes_all, .fini = close_collector) {
	open_collector(2, 0, 8192);
	feed(0, 1, SECOND); // keeps the other pane
	feed(0, FLOW_TABLE_ROWS_MIN + 500, 0);
	cr_assert_eq(published().value[TALLY_REST], 0);
	feed(FLOW_TABLE_ROWS_MIN + 500, 8192, 0);
	uint64_t rest = published().value[TALLY_REST];
	cr_assert_gt(rest, 0);
	// Flows that have a row are counted there still.
	feed(0, 100, 0);
	cr_assert_eq(published().value[TALLY_REST], rest);
	expect_balance();
	struct taken s = end();
	cr_assert_eq(s.panes, 2);
	cr_assert_eq(s.in_rest, rest);
	cr_assert_eq(s.packets, received);
}

Test(collector, no_counter_of_a_row_wraps, .fini = close_collector) {
	const uint64_t half = 1u << 31;
	open_collector(1, 3, 1024);
	struct count_batch *b = add_batch(0);
	for (int i = 0; i < 3; i++) {
		add_row(b, 1, 0, half - 1);
		add_row(b, 2, 0, 1);
	}
	cr_assert_eq(collector_step(collector), 6);
	expect_balance();
	cr_assert_eq(reason(REASON_NONE), 3 * half);
	struct taken s = end();
	cr_assert_eq(s.panes, 3);
	cr_assert_eq(s.in_rows, 3 * half);
}

Test(collector, where_no_pane_is_left_for_them_many_packets_are_shed, .fini = close_collector) {
	const uint64_t half = 1u << 31;
	open_collector(1, 0, 1024);
	for (int i = 0; i < 3; i++) {
		add_row(add_batch(0), 1, 0, half - 1);
		cr_assert_eq(collector_step(collector), 1);
	}
	add_row(add_batch(0), 1, 0, 1ull << 40);
	add_row(add_batch(0), 1, 0, 1);
	cr_assert_eq(collector_step(collector), 1);
	cr_assert_eq(collector_step(collector), 1);
	expect_balance();
	struct taken s = end();
	cr_assert_eq(s.in_rows, reason(REASON_NONE));
	cr_assert_eq(s.in_rows + reason(REASON_NO_PANE), received);
	cr_assert_geq(s.in_rows, 2 * (half - 1));
	cr_assert_geq(reason(REASON_NO_PANE), 1ull << 40);
}

Test(collector, stopping_takes_what_is_left_and_promises_nothing_more, .fini = close_collector) {
	open_collector(4, 4, 1024);
	add_row(add_batch(SECOND), 1, SECOND, 1);
	collector_step(collector);
	atomic_store(&collector->stop, true);
	add_row(add_batch(SECOND), 2, SECOND, 2);
	add_row(add_batch(2 * SECOND), 3, 2 * SECOND, 3);
	cr_assert_eq(collector_step(collector), 1);
	cr_assert_eq(script.stops, 1);
	cr_assert_eq(collector_step(collector), 1);
	cr_assert_eq(collector_step(collector), -ECANCELED);
	cr_assert_eq(script.stops, 1);
	cr_assert_eq(atomic_load(&collector->panes.horizon_us), 2 * SECOND);
	struct taken s = take_panes(true);
	cr_assert_eq(s.panes, 2);
	cr_assert_eq(s.packets, 6);
	cr_assert_eq(published().value[TALLY_HANDED_OVER], 2);
	expect_balance();
}

Test(collector, a_fault_comes_after_what_was_taken, .fini = close_collector) {
	open_collector(4, 4, 1024);
	add_row(add_batch(0), 1, 0, 5);
	add_batch(0);
	script.step[1].ret = -EIO;
	cr_assert_eq(collector_step(collector), 1);
	cr_assert_eq(collector_step(collector), -EIO);
	cr_assert_str_eq(script.base.err.text, "a fault on purpose");
	cr_assert_eq(script.stops, 0);
	cr_assert_eq(take_panes(true).packets, 5);
	expect_balance();
}
