// The saver: a checkpoint is kept when everybody has delivered, and only then.

#include "state/saver.h"

#include "base/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POOLS 2

static char folder[64];
static struct state_store *store;
static struct state_pool pool[POOLS];
static struct state_pool *pools[POOLS] = {&pool[0], &pool[1]};
static struct saver *saver;

static void init(void) {
	struct err err = {0};
	log_set_level(LOG_ERROR);
	strcpy(folder, "/tmp/sluice-test-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	store = state_store_open(folder, &err);
	cr_assert_not_null(store, "%s", err.text);
	for (int i = 0; i < POOLS; i++)
		cr_assert_eq(state_pool_init(&pool[i], 2, i == 0), 0);
	saver = saver_new(store, pools, POOLS, "asked", &err);
	cr_assert_not_null(saver, "%s", err.text);
}

static void fini(void) {
	char command[128];
	saver_free(saver);
	state_store_close(store);
	for (int i = 0; i < POOLS; i++)
		state_pool_fini(&pool[i]);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

static void save(int i, uint32_t records, uint16_t kind) {
	static const uint8_t octets[1000];
	struct state_writer *w = state_pool_begin(&pool[i]);
	for (uint32_t k = 0; k < records; k++)
		state_writer_put(w, kind, 1, octets, sizeof(octets));
	state_pool_end(&pool[i], STATE_POOL_WHOLE);
}

static struct state_chunk *some(uint32_t records, uint16_t kind) {
	struct state_buffer b;
	state_buffer_init(&b, 1ull << 30);
	for (uint32_t k = 0; k < records; k++)
		state_writer_put(&b.writer, kind, 1, &kind, sizeof(kind));
	return state_buffer_take(&b);
}

static struct saver_outcome outcome(uint64_t ticket) {
	struct saver_outcome o;
	cr_assert(saver_outcome(saver, ticket, &o));
	return o;
}

static int count(void *ctx, const void *buffer, uint32_t len, struct err *err) {
	uint32_t *seen = ctx, at = 0;
	struct state_record r;
	while (state_next(buffer, len, &at, &r) == 1)
		seen[r.kind]++;
	return at == len ? 0 : -1;
}

// What a run would find that starts now.
static const struct state_meta *reopen(uint32_t seen[8]) {
	struct err err = {0};
	saver_free(saver);
	saver = NULL;
	state_store_close(store);
	store = state_store_open(folder, &err);
	memset(seen, 0, 8 * sizeof(seen[0]));
	if (state_store_meta(store) != NULL)
		cr_assert_eq(state_store_read(store, count, seen, &err), 0, "%s", err.text);
	return state_store_meta(store);
}

Test(saver, keeps_what_everybody_delivered, .init = init, .fini = fini, .timeout = 60) {
	uint32_t seen[8];
	struct err err = {0};
	cr_assert_eq(saver_next(saver), 1);
	cr_assert_eq(saver_begin(saver), 1);
	cr_assert_eq(saver_begin(saver), 0, "one at a time");
	cr_assert_eq(saver_next(saver), 2, "the one under way is of a moment before");
	// Many times what the pool has room for: a patient one waits.
	save(0, 5000, 1);
	save(1, 300, 2);
	saver_deliver(saver, some(7, 3));
	cr_assert_eq(saver_wait(saver, &err), 0, "%s", err.text);
	cr_assert_eq(saver_kept(saver), 1);
	cr_assert_eq(saver_done(saver), 1);
	cr_assert_eq(saver_next(saver), 2);
	struct saver_stats stats;
	saver_stats(saver, &stats);
	cr_assert_gt(stats.last.octets, 5300u * 1000);
	cr_assert_gt(stats.last.stored, 0);
	cr_assert_lt(stats.last.stored, stats.last.octets);
	const struct state_meta *m = reopen(seen);
	cr_assert_not(m->finished);
	cr_assert_eq(seen[1], 5000);
	cr_assert_eq(seen[2], 300);
	cr_assert_eq(seen[3], 7);
}

Test(saver, a_broken_part_leaves_the_checkpoint_before, .init = init, .fini = fini, .timeout = 60) {
	uint32_t seen[8];
	struct err err = {0};
	for (uint16_t turn = 1; turn <= 2; turn++) {
		cr_assert(saver_begin(saver));
		save(0, 10, turn);
		save(1, 10, turn);
		if (turn == 2) {
			// Again, and this time it has no room: nobody takes what is full.
			state_pool_begin(&pool[1]);
			state_pool_end(&pool[1], STATE_POOL_LEFT);
		}
		saver_deliver(saver, some(1, 3));
		cr_assert_eq(saver_wait(saver, &err) == 0, turn == 1);
	}
	cr_expect_eq(
		outcome(1).code, 0, "who asked for that one is not told of the next one's fault"
	);
	cr_expect_lt(outcome(2).code, 0);
	struct saver_outcome none;
	cr_expect_not(saver_outcome(saver, 3, &none));
	cr_assert(saver_begin(saver), "the next one begins");
	saver_give_up(saver, "for a test");
	cr_assert_lt(saver_wait(saver, &err), 0);
	cr_assert_eq(saver_done(saver), 3);
	reopen(seen);
	cr_assert_eq(seen[1], 20);
	cr_assert_eq(seen[2], 0);
}

Test(saver, a_refused_part_is_told_of_and_leaves_nothing_to_the_next_one, .init = init,
     .fini = fini, .timeout = 60) {
	uint32_t seen[8];
	struct err err = {0};
	struct saver_stats stats;
	cr_assert(saver_begin(saver));
	save(1, 10, 2);
	state_pool_begin(&pool[0]);
	saver_refuse(saver, "the sink's disk is full");
	// Long enough for the saver to look many times.
	usleep(50000);
	cr_assert(saver_busy(saver), "somebody still saves");
	save(0, 10, 2);
	cr_assert_lt(saver_wait(saver, &err), 0);
	saver_stats(saver, &stats);
	cr_assert_eq(stats.failed, 1);
	cr_assert_str_eq(outcome(saver_done(saver)).fault.text, "the sink's disk is full");
	cr_assert_eq(state_pool_outcome(&pool[0]), STATE_POOL_IDLE);
	cr_assert(saver_begin(saver));
	saver_deliver(saver, some(1, 3));
	save(0, 10, 1);
	save(1, 10, 1);
	cr_assert_eq(saver_wait(saver, &err), 0, "%s", err.text);
	reopen(seen);
	cr_assert_eq(seen[1], 20);
	cr_assert_eq(seen[2], 0);
}

Test(saver, who_ends_while_it_saves_breaks_nothing, .init = init, .fini = fini, .timeout = 60) {
	struct err err = {0};
	struct saver_stats stats;
	cr_assert(saver_begin(saver));
	save(0, 10, 1);
	state_pool_begin(&pool[1]);
	saver_deliver(saver, some(1, 3));
	state_pool_end(&pool[1], STATE_POOL_LEFT);
	cr_assert_lt(saver_wait(saver, &err), 0);
	saver_stats(saver, &stats);
	cr_assert_str_eq(outcome(saver_done(saver)).fault.text, "the run is ending");
	cr_assert_eq(stats.failed, 0);
}

Test(saver, the_end_of_the_input_is_kept_without_workers, .init = init, .fini = fini,
     .timeout = 60) {
	uint32_t seen[8];
	struct err err = {0};
	cr_assert(saver_begin(saver));
	save(0, 10, 1);
	// The other one ended before it was asked.
	saver_give_up(saver, "the run is ending");
	cr_assert_eq(saver_finish(saver, some(2, 3), "{\"a\":1}", &err), 0, "%s", err.text);
	struct saver_stats stats;
	saver_stats(saver, &stats);
	cr_assert_eq(stats.failed, 0, "what an end comes ahead of is no fault");
	const struct state_meta *m = reopen(seen);
	cr_assert(m->finished);
	cr_assert_str_eq(m->summary, "{\"a\":1}");
	cr_assert_eq(seen[1], 0);
	cr_assert_eq(seen[3], 2);
}

// Its part would have been the exporter's, which is at the end.
Test(saver, one_that_begins_at_the_end_says_so, .init = init, .fini = fini, .timeout = 60) {
	struct err err = {0};
	struct saver_stats stats;
	cr_assert(saver_begin(saver));
	cr_assert_eq(saver_finish(saver, some(2, 3), "{}", &err), 0, "%s", err.text);
	saver_stats(saver, &stats);
	cr_assert_eq(saver_done(saver), 2);
	cr_assert_str_eq(outcome(1).fault.text, "the run is ending");
	cr_assert_eq(stats.failed, 0);
}

Test(saver, two_that_meet_are_counted_and_the_next_is_whole, .init = init, .fini = fini,
     .timeout = 60) {
	uint32_t seen[8];
	struct err err = {0};
	struct saver_stats stats;
	cr_assert(saver_begin(saver));
	save(0, 10, 1);
	state_writer_put(state_pool_begin(&pool[1]), 1, 1, "", 0);
	state_pool_end(&pool[1], STATE_POOL_CROSSED);
	saver_deliver(saver, some(1, 1));
	cr_assert_eq(saver_wait(saver, &err), -ECANCELED);
	saver_stats(saver, &stats);
	cr_assert_eq(stats.failed, 1);
	cr_assert_not_null(
		strstr(outcome(saver_done(saver)).fault.text, "another one was asked for"), "%s",
		outcome(saver_done(saver)).fault.text
	);
	cr_assert(saver_begin(saver));
	save(0, 10, 2);
	save(1, 10, 2);
	saver_deliver(saver, some(1, 2));
	cr_assert_eq(saver_wait(saver, &err), 0, "%s", err.text);
	reopen(seen);
	cr_assert_eq(seen[1], 0);
	cr_assert_eq(seen[2], 21);
}

Test(saver, behind_one_that_was_given_up_none_begins, .init = init, .fini = fini, .timeout = 60) {
	struct err err = {0};
	cr_assert_not(saver_closed(saver));
	saver_give_up(saver, "for a test");
	cr_assert(saver_closed(saver), "also where none was under way");
	cr_assert_eq(saver_begin(saver), 0);
	cr_assert_eq(saver_finish(saver, some(2, 3), "{}", &err), 0, "but the end of the input");
}

Test(saver, behind_the_last_one_none_begins, .init = init, .fini = fini, .timeout = 60) {
	struct err err = {0};
	cr_assert_eq(saver_begin_last(saver), 1);
	save(0, 10, 1);
	save(1, 10, 1);
	saver_deliver(saver, some(1, 1));
	// Who waits for it must not find another under way.
	while (saver_done(saver) == 0)
		cr_assert_eq(saver_begin(saver), 0);
	for (int i = 0; i < 100; i++, usleep(1000))
		cr_assert_eq(saver_begin(saver), 0);
	cr_assert_eq(saver_wait(saver, &err), 0, "%s", err.text);
	cr_assert_eq(saver_begin_last(saver), 0);
}

Test(saver, who_still_saves_for_nobody_is_waited_for, .init = init, .fini = fini, .timeout = 60) {
	state_pool_begin(&pool[1]);
	cr_assert_eq(saver_begin(saver), 0);
	state_pool_end(&pool[1], STATE_POOL_WHOLE);
	uint64_t ticket = 0;
	for (int i = 0; ticket == 0 && i < 5000; i++) {
		usleep(1000);
		ticket = saver_begin(saver);
	}
	cr_assert_gt(ticket, 0);
	saver_give_up(saver, "for a test");
}
