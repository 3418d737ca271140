// The corrector: panes of late packets from several workers, and a bound of its own.

#include "export/corrector.h"

#include "base/field.h"

#include "count_packet.h"

#include <criterion/criterion.h>

#define SECOND 1000000ll

static struct pane_store stores[2];
static struct corrector *corrector;
static uint64_t packets, windows, partials;

static void emit(void *ctx, uint32_t stream, const struct window_out *out, bool partial) {
	cr_assert_eq(ctx, stores);
	cr_assert_eq(stream, 0);
	windows++;
	partials += partial;
	packets += out->rest != NULL ? out->rest->packets : 0;
	for (uint32_t i = 0; i < out->n; i++)
		packets += out->sum[i].packets;
}

static void open_with(uint64_t memory) {
	struct pane_config pc = {
		.width_us = SECOND,
		.active = 2,
		.spares = 2,
		.rows = 256,
		.turn_us = SECOND,
		.mem = mem_pages()};
	struct corrector_config c = {
		.stores = (struct pane_store *[]){&stores[0], &stores[1]},
		.n_stores = 2,
		.n_streams = 1,
		.memory = memory,
		.emit = emit,
		.ctx = stores};
	struct window_config wc = {
		.fields = FIELD_BIT(FIELD_SRC_PORT), .size_us = SECOND, .pane_us = SECOND};
	hash_seed_fixed(&wc.seed, 1);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pane_store_init(&stores[i], &pc), 0);
	corrector = corrector_new(&c);
	cr_assert_not_null(corrector);
	cr_assert_eq(corrector_add(corrector, 0, &wc), 0);
	packets = windows = partials = 0;
}

static void close_all(void) {
	corrector_free(corrector);
	for (int i = 0; i < 2; i++)
		pane_store_fini(&stores[i]);
}

static void count(int store, int64_t time_us, int64_t floor_us, uint16_t port) {
	struct pane_store *ps = &stores[store];
	pane_store_turn(ps, floor_us);
	count_packet(ps, time_us, port)->packets++;
}

Test(corrector, workers_make_one_batch, .fini = close_all) {
	open_with(1 << 20);
	count(0, 5 * SECOND, 20 * SECOND, 1);
	count(1, 5 * SECOND, 20 * SECOND + 1, 1);
	count(1, 5 * SECOND, 21 * SECOND, 1);
	for (int i = 0; i < 2; i++)
		pane_store_advance(&stores[i], 21 * SECOND);
	cr_assert(corrector_step(corrector, 20 * SECOND, false), "panes were there");
	cr_assert_eq(windows, 0);
	cr_assert(corrector_step(corrector, 21 * SECOND, false));
	cr_assert_eq(windows, 1);
	cr_assert_eq(packets, 2);
	cr_assert_not(corrector_step(corrector, 21 * SECOND, false));
	for (int i = 0; i < 2; i++)
		pane_store_flush(&stores[i]);
	corrector_step(corrector, INT64_MAX, true);
	cr_assert_eq(windows, 2);
	cr_assert_eq(partials, 1);
	cr_assert_not(corrector_failed(corrector));
}

Test(corrector, times_all_over_the_place_stay_within_the_memory_and_lose_nothing,
     .fini = close_all) {
	open_with(1 << 16);
	uint64_t sent = 0;
	for (int64_t i = 0; i < 20000; i++, sent++) {
		count(0, i * 7919 % 100000 * SECOND, (200000 + i / 100) * SECOND, (uint16_t)i);
		corrector_step(corrector, INT64_MIN, false);
	}
	cr_assert_gt(partials, 0, "the oldest went early");
	pane_store_flush(&stores[0]);
	corrector_step(corrector, INT64_MAX, false);
	cr_assert_eq(packets, sent);
}

Test(corrector, behind_a_mark_nothing_is_taken_until_all_have_come_to_theirs, .fini = close_all) {
	open_with(1 << 20);
	cr_expect_not(corrector_marked(corrector));
	count(0, 5 * SECOND, 20 * SECOND, 1);
	pane_store_mark(&stores[0]);
	count(0, 5 * SECOND, 21 * SECOND, 1);
	pane_store_flush(&stores[0]);
	corrector_step(corrector, INT64_MAX, false);
	cr_expect_eq(packets, 1);
	cr_expect_not(corrector_marked(corrector));
	count(1, 5 * SECOND, 21 * SECOND, 1);
	pane_store_mark(&stores[1]);
	cr_expect_not(corrector_marked(corrector), "that one's pane is on its way");
	corrector_step(corrector, 21 * SECOND, false);
	cr_expect(corrector_marked(corrector));
	cr_expect_eq(packets, 1);
	corrector_pass(corrector);
	cr_expect_not(corrector_marked(corrector));
	corrector_step(corrector, INT64_MAX, false);
	cr_expect_eq(packets, 3);
}

Test(corrector, none_has_nothing_to_do) {
	struct err err = {0};
	cr_assert(corrector_marked(NULL));
	corrector_pass(NULL);
	cr_assert(corrector_save(NULL, 0, NULL));
	cr_assert_lt(corrector_load(NULL, 0, &(struct state_record){0}, &err), 0);
	cr_assert_not(corrector_step(NULL, INT64_MAX, true));
	cr_assert_not(corrector_failed(NULL));
	cr_assert_eq(corrector_add(NULL, 0, &(struct window_config){}), 0);
	corrector_free(NULL);
}
