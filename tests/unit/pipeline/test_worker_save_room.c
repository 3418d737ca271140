// Checkpoints of a worker over live traffic that changes more than the store takes in time: packets come
// first, and the next checkpoint is as good as any.

#include "base/state_pool.h"
#include "frame.h"
#include "memory_source.h"
#include "small_worker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000ll
#define DATAGRAMS 20000 // their first fragments, saved, take three times the pool
#define ROUNDS 3 // of each of which every fragment changes
#define ID_AT 18 // of Ethernet and IPv4
#define OCTETS 64

static uint8_t octets[DATAGRAMS][OCTETS];
static struct packet packets[ROUNDS * DATAGRAMS];
static struct memory_source source;
static struct source *sources[] = {&source.source};
static struct state_pool pool;
static struct worker *worker;

static void make_packets(void) {
	static struct frame f;
	frame_start(&f);
	frame_ethernet(&f, 0x0800);
	frame_ipv4_fragment(&f, "10.0.0.1", "10.0.0.2", 17, 0, 0, 1);
	frame_udp(&f, 1000, 53);
	frame_zeros(&f, 16);
	frame_end(&f);
	cr_assert_leq(f.len, OCTETS);
	for (uint32_t i = 0; i < ROUNDS * DATAGRAMS; i++) {
		uint32_t id = i % DATAGRAMS;
		frame_packet(&f, &packets[i], i * 10ll);
		memcpy(octets[id], f.octet, f.len);
		octets[id][ID_AT] = (uint8_t)(id >> 8);
		octets[id][ID_AT + 1] = (uint8_t)id;
		packets[i].data = octets[id];
	}
}

static void open_all(void) {
	make_packets();
	memory_source_init(&source, packets, ROUNDS * DATAGRAMS, 50);
	source.source.patient = false;
	cr_assert_eq(state_pool_init(&pool, 2, false), 0);
	struct worker_config c = small_worker_config(sources, SECOND, SECOND);
	c.pool = &pool;
	worker = small_worker_new(&c);
}

static void close_all(void) {
	small_worker_free(worker);
	state_pool_fini(&pool);
	memory_source_fini(&source);
}

// Octets of what the store takes.
static uint64_t take(void) {
	uint64_t taken = 0;
	struct state_chunk *c;
	while ((c = state_pool_take(&pool)) != NULL) {
		taken += c->used;
		state_pool_give(&pool, c);
	}
	return taken;
}

// One round of packets; the store takes what there is. Octets that it took.
static uint64_t take_round(bool store) {
	uint64_t taken = 0;
	for (uint32_t end = source.next + DATAGRAMS; source.next < end;) {
		cr_assert_geq(worker_step(worker), 0);
		taken += store ? take() : 0;
	}
	return taken;
}

static void ask(void) {
	atomic_fetch_add(&worker->checkpoint, 1);
}

static void all_are_counted(uint64_t n) {
	struct tally t;
	worker_tally(worker, &t);
	cr_assert_eq(t.value[TALLY_RECEIVED], n);
	cr_assert_eq(t.value[TALLY_REASON + REASON_NONE], n);
}

TestSuite(worker_save_room, .init = open_all, .fini = close_all);

Test(worker_save_room, what_changes_without_a_store_breaks_it_and_no_packet_is_lost) {
	take_round(false);
	ask();
	take_round(false);
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_BROKEN);
	all_are_counted(2ull * DATAGRAMS);
	take();
	state_pool_idle(&pool);
	ask();
	cr_assert_gt(take_round(true) + take(), 2 * STATE_CHUNK, "the next one has all");
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_WHOLE);
	all_are_counted(3ull * DATAGRAMS);
}

Test(worker_save_room, what_does_not_change_waits_for_the_store) {
	take_round(false);
	ask();
	source.dry = true;
	for (int i = 0; i < 10000; i++)
		cr_assert_eq(worker_step(worker), 0);
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_UNDER_WAY);
	uint64_t taken = 0;
	for (int i = 0; i < 10000; i++) {
		worker_step(worker);
		taken += take();
	}
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_WHOLE);
	cr_assert_gt(taken, 2 * STATE_CHUNK);
}

static void *store(void *arg) {
	uint64_t *taken = arg;
	for (bool over = false; !over; *taken += take())
		over = state_pool_outcome(&pool) >= STATE_POOL_WHOLE;
	return NULL;
}

Test(worker_save_room, the_last_one_of_a_run_waits_too, .timeout = 60) {
	uint64_t taken = 0;
	pthread_t thread;
	take_round(false);
	source.dry = true;
	atomic_store(&worker->keep, true);
	atomic_store(&worker->stop, true);
	cr_assert_eq(pthread_create(&thread, NULL, store, &taken), 0);
	int ret;
	while ((ret = worker_step(worker)) >= 0)
		;
	cr_assert_eq(ret, -ECANCELED);
	pthread_join(thread, NULL);
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_WHOLE);
	cr_assert_gt(taken, 2 * STATE_CHUNK);
	all_are_counted(DATAGRAMS);
}
