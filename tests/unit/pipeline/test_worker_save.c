// A worker's part of a checkpoint: asked for, saved between bursts, and what becomes of one that meets another.

#include "base/field.h"
#include "frame.h"
#include "memory_source.h"
#include "small_worker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#define PACKETS 20000

static struct frame frame;
static struct packet packets[PACKETS];
static struct memory_source source;
static struct source *sources[] = {&source.source};
static struct state_pool pool;
static struct worker *worker;

static void open_worker(void) {
	frame_ipv4_udp(&frame, "10.0.0.1", 1000, "10.0.0.2", 53, "query", 5);
	for (uint32_t i = 0; i < PACKETS; i++)
		frame_packet(&frame, &packets[i], i);
	memory_source_init(&source, packets, PACKETS, 10);
	cr_assert_eq(state_pool_init(&pool, 8, true), 0);
	struct worker_config c = small_worker_config(sources, 1000000, 1000);
	c.pool = &pool;
	worker = small_worker_new(&c);
}

static void close_worker(void) {
	small_worker_free(worker);
	state_pool_fini(&pool);
	memory_source_fini(&source);
}

// As the exporter does: all ahead of the mark, then the mark.
static void take_panes(void) {
	struct pane *p;
	while ((p = pane_store_take(&worker->panes)) != NULL)
		pane_store_return(&worker->panes, p);
	cr_assert(pane_store_marked(&worker->panes));
	pane_store_pass(&worker->panes);
}

// As the saver does.
static void take_chunks(void) {
	struct state_chunk *c;
	while ((c = state_pool_take(&pool)) != NULL)
		state_pool_give(&pool, c);
	state_pool_idle(&pool);
}

static uint32_t steps_until_saved(void) {
	uint32_t n = 0;
	for (; worker->saving; n++)
		cr_assert_eq(worker_step(worker), 10);
	return n;
}

Test(worker_save, a_checkpoint_is_saved_between_bursts, .fini = close_worker) {
	open_worker();
	for (uint32_t turn = 1; turn <= 3; turn++) {
		atomic_store(&worker->checkpoint, turn);
		cr_assert_eq(worker_step(worker), 10);
		cr_assert(worker->saving);
		cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_UNDER_WAY);
		take_panes();
		cr_assert_gt(steps_until_saved(), 10u, "it is not all saved at once");
		cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_WHOLE);
		take_chunks();
	}
}

Test(worker_save, one_that_meets_another_gives_up_both, .fini = close_worker) {
	open_worker();
	atomic_store(&worker->checkpoint, 1);
	worker_step(worker);
	take_panes();
	worker_step(worker);
	cr_assert(worker->saving);
	atomic_store(&worker->checkpoint, 2);
	cr_assert_eq(worker_step(worker), 10, "packets go on");
	cr_assert_not(worker->saving);
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_CROSSED);
	take_panes();
	for (int i = 0; i < 1000; i++)
		worker_step(worker);
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_CROSSED, "neither of them is whole");
	take_chunks();
	// And the one behind them is.
	atomic_store(&worker->checkpoint, 3);
	worker_step(worker);
	take_panes();
	steps_until_saved();
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_WHOLE);
}

Test(worker_save, one_that_meets_the_end_is_left, .fini = close_worker) {
	open_worker();
	atomic_store(&worker->checkpoint, 1);
	worker_step(worker);
	cr_assert(worker->saving);
	atomic_store(&worker->stop, true);
	cr_assert_eq(worker_step(worker), -ECANCELED);
	cr_assert_not(worker->saving);
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_LEFT);
}
