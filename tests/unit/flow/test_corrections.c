// Corrections: batches by when packets came, windows by what their time was.

#include "flow/corrections.h"

#include "base/field.h"
#include "base/state_buffer.h"
#include "spoil.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#define SECOND 1000000ll

static struct budget budget;

static struct corrections *make(enum window_kind kind, int64_t size_us, int64_t step_us) {
	budget = (struct budget){.max = 1 << 20};
	struct window_config c = {
		.fields = FIELD_BIT(FIELD_PROTO),
		.kind = kind,
		.size_us = size_us,
		.step_us = step_us,
		.pane_us = SECOND,
		.budget = &budget,
		.memory = 1 << 20,
		.live_start_us = INT64_MIN,
	};
	hash_seed_fixed(&c.seed, 4);
	struct corrections *made = corrections_new(&c);
	cr_assert_not_null(made);
	return made;
}

static void end(struct corrections *c) {
	corrections_free(c);
	cr_expect_eq(budget.used, 0);
}

// A packet that came when the floor stood in the second `turn_us`.
static void add(struct corrections *c, int64_t time_us, int64_t turn_us) {
	struct pane p = {.start_us = pane_start(time_us, SECOND), .turn_us = turn_us};
	p.end_us = p.start_us + SECOND;
	p.rest.first_us = FLOW_ROW_EMPTY_FIRST;
	flow_row_count(&p.rest, (uint32_t)(time_us - p.start_us), 100, 114, 0, 0);
	cr_assert_eq(flow_table_init(&p.table, 64, mem_pages()), 0);
	cr_assert_eq(corrections_add(c, &p), 0);
	flow_table_fini(&p.table);
}

static void expect(struct corrections *c, int64_t horizon_us, int64_t start_us, uint64_t packets) {
	const struct window_out *out = corrections_close(c, horizon_us);
	cr_assert_not_null(out);
	cr_expect_eq(out->start_us, start_us);
	cr_assert_not_null(out->rest);
	cr_expect_eq(out->rest->packets, packets);
}

Test(corrections, what_came_in_one_slot_leaves_together_when_that_is_over) {
	struct corrections *c = make(WINDOW_TUMBLING, 10 * SECOND, 0);
	add(c, 5 * SECOND, 20 * SECOND);
	add(c, 6 * SECOND, 29 * SECOND);
	add(c, 15 * SECOND, 22 * SECOND);
	add(c, 5 * SECOND, 30 * SECOND);
	cr_expect_eq(corrections_oldest(c), 30 * SECOND);
	cr_expect_null(corrections_close(c, 30 * SECOND - 1));
	expect(c, 30 * SECOND, 0, 2);
	expect(c, 30 * SECOND, 10 * SECOND, 1);
	cr_expect_null(corrections_close(c, 30 * SECOND));
	expect(c, INT64_MAX, 0, 1);
	cr_expect_null(corrections_close(c, INT64_MAX));
	cr_expect_eq(corrections_oldest(c), INT64_MAX);
	end(c);
}

Test(corrections, hand_overs_in_any_order_make_the_same_batches) {
	struct corrections *c = make(WINDOW_TUMBLING, 10 * SECOND, 0);
	for (int64_t turn = 50; turn > 0; turn -= 10) {
		add(c, -SECOND, turn * SECOND);
		add(c, -SECOND, (turn - 30) * SECOND);
	}
	uint32_t n = 0;
	for (int64_t turn = -20; turn <= 50; turn += 10, n++)
		expect(c, (turn + 10) * SECOND, -10 * SECOND, turn >= 10 && turn <= 20 ? 2 : 1);
	cr_expect_eq(n, 8);
	end(c);
}

Test(corrections, a_late_packet_is_in_every_window_that_slides_over_it) {
	struct corrections *c = make(WINDOW_SLIDING, 3 * SECOND, SECOND);
	add(c, 5 * SECOND, 20 * SECOND);
	for (int64_t start = 3; start <= 5; start++)
		expect(c, 21 * SECOND, start * SECOND, 1);
	cr_expect_null(corrections_close(c, INT64_MAX));
	end(c);
}

Test(corrections, late_packets_are_sessions_of_their_own) {
	struct corrections *c = make(WINDOW_SESSION, 1500000, 0);
	cr_expect_eq(corrections_slot_us(WINDOW_SESSION, 1500000, 0), 2 * SECOND);
	add(c, 5 * SECOND, 20 * SECOND);
	add(c, 6 * SECOND, 21 * SECOND);
	add(c, 9 * SECOND, 21 * SECOND);
	const struct window_out *out = corrections_close(c, 22 * SECOND);
	cr_assert_not_null(out);
	cr_assert_eq(out->n, 2);
	cr_expect_eq(out->sum[0].packets, 2);
	cr_expect_eq(out->sum[1].packets, 1);
	cr_expect_eq(out->sum[1].reason, FLOW_END_IDLE);
	end(c);
}

Test(corrections, slots_are_steps_or_whole_seconds) {
	cr_expect_eq(corrections_slot_us(WINDOW_TUMBLING, 250000, 0), 250000);
	cr_expect_eq(corrections_slot_us(WINDOW_SLIDING, 10 * SECOND, 250000), 250000);
	cr_expect_eq(corrections_slot_us(WINDOW_SESSION, 3 * SECOND, 0), 3 * SECOND);
	cr_expect_eq(corrections_slot_us(WINDOW_FLOW, 60 * SECOND, 100000), SECOND);
}

static struct state_chunk *save(const struct corrections *c) {
	struct state_buffer b;
	state_buffer_init(&b, 1u << 24);
	cr_assert(corrections_save(c, &b.writer));
	return state_buffer_take(&b);
}

static int load(struct corrections *c, const struct state_chunk *chunk) {
	struct err err = {0};
	struct state_record r;
	uint32_t at = 0;
	int ret = 0;
	while (ret == 0 && state_next(chunk->octets, chunk->used, &at, &r) == 1)
		ret = corrections_load(c, &r, &err);
	return ret;
}

Test(corrections, batches_that_were_saved_go_on) {
	struct corrections *from = make(WINDOW_TUMBLING, 10 * SECOND, 0);
	add(from, 5 * SECOND, 20 * SECOND);
	add(from, 15 * SECOND, 22 * SECOND);
	add(from, 5 * SECOND, 30 * SECOND);
	struct state_chunk *chunk = save(from);
	end(from);
	struct corrections *to = make(WINDOW_TUMBLING, 10 * SECOND, 0);
	cr_assert_eq(load(to, chunk), 0);
	state_chunks_free(chunk);
	cr_expect_eq(corrections_oldest(to), 30 * SECOND);
	add(to, 6 * SECOND, 29 * SECOND);
	add(to, 7 * SECOND, 45 * SECOND);
	expect(to, 30 * SECOND, 0, 2);
	expect(to, 30 * SECOND, 10 * SECOND, 1);
	cr_expect_null(corrections_close(to, 30 * SECOND));
	expect(to, 40 * SECOND, 0, 1);
	expect(to, INT64_MAX, 0, 1);
	end(to);
}

Test(corrections, octets_that_nobody_saved_are_refused_or_harmless) {
	struct corrections *from = make(WINDOW_SLIDING, 3 * SECOND, SECOND);
	uint32_t refused = 0;
	for (int64_t i = 0; i < 20; i++)
		add(from, (i % 5) * SECOND, (20 + i) * SECOND);
	struct state_chunk *good = save(from), *bad = malloc(sizeof(*bad));
	end(from);
	srand(1);
	for (int turn = 0; turn < 2000; turn++) {
		struct corrections *to = make(WINDOW_SLIDING, 3 * SECOND, SECOND);
		spoil_copy(bad, good);
		int ret = load(to, bad);
		cr_assert(ret == 0 || ret == -EBADMSG);
		refused += ret < 0;
		add(to, 0, 21 * SECOND);
		while (ret == 0 && corrections_close(to, INT64_MAX) != NULL)
			continue;
		end(to);
	}
	cr_expect_gt(refused, 100);
	state_chunks_free(good);
	free(bad);
}
