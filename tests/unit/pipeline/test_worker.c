// A worker from source to handed-over panes, with frames made by name.

#include "base/field.h"
#include "frame.h"
#include "memory_source.h"
#include "pipeline/worker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#define SECOND 1000000ll
#define PACKETS 1000

static struct frame frames[4];
static struct packet packets[PACKETS];
static struct memory_source source;
static struct source *sources[] = {&source.source};
static struct worker *worker;

static void make_frames(void) {
	frame_ipv4_udp(&frames[0], "10.0.0.1", 1000, "10.0.0.2", 53, "query", 5);
	frame_ipv4_tcp(&frames[1], "10.0.0.1", 1001, "10.0.0.3", 80, 0x02, "", 0);
	frame_ipv6_udp(&frames[2], "fd00::1", 1002, "fd00::2", 53, "query", 5);
	frame_start(&frames[3]);
	frame_ethernet(&frames[3], 0x0806);
	frame_zeros(&frames[3], 46);
	frame_end(&frames[3]);
	for (uint32_t i = 0; i < PACKETS; i++)
		frame_packet(&frames[i % 4], &packets[i], i * 10000ll);
}

static void open_worker(int64_t lateness_us, uint32_t burst) {
	make_frames();
	memory_source_init(&source, packets, PACKETS, burst);
	struct worker_config c = {
		.sources = sources,
		.n_sources = 1,
		.intake = {.lateness_us = lateness_us, .tunnels = TUNNEL_ALL},
		.fields = FIELD_BIT(FIELD_SRC_PORT),
		.panes =
			{.width_us = SECOND,
			 .active = 2,
			 .spares = 30,
			 .rows = 1024,
			 .mem = mem_pages()},
	};
	hash_seed_fixed(&c.intake.seed, 3);
	c.seed = c.intake.seed;
	worker = aligned_alloc(CACHE_LINE, sizeof(*worker));
	cr_assert_eq(worker_init(worker, &c), 0);
}

static void close_worker(void) {
	worker_fini(worker);
	free(worker);
	memory_source_fini(&source);
}

static uint64_t packets_in_panes(void) {
	uint64_t n = 0;
	struct pane *p;
	while ((p = pane_store_take(&worker->panes)) != NULL)
		n += p->packets;
	return n;
}

Test(worker, accounts_for_every_frame_whatever_the_burst, .fini = close_worker) {
	open_worker(SECOND, 7);
	int ret;
	while ((ret = worker_step(worker)) >= 0)
		;
	cr_assert_eq(ret, -ENODATA);
	struct tally t;
	worker_tally(worker, &t);
	cr_assert_eq(t.value[TALLY_RECEIVED], PACKETS);
	cr_assert_eq(t.value[TALLY_REASON + REASON_NONE], PACKETS * 3 / 4);
	cr_assert_eq(t.value[TALLY_REASON + REASON_NOT_IP], PACKETS / 4);
	cr_assert_eq(packets_in_panes(), PACKETS * 3 / 4);
	cr_assert_eq(atomic_load(&worker->panes.horizon_us), INT64_MAX);
	cr_assert_eq(source.released, PACKETS);
	cr_assert_not(source.release_broken);
}

Test(worker, stopping_hands_over_but_promises_nothing_more, .fini = close_worker) {
	open_worker(SECOND, 64);
	cr_assert_eq(worker_step(worker), 64);
	atomic_store(&worker->stop, true);
	cr_assert_eq(worker_step(worker), -ECANCELED);
	cr_assert_eq(packets_in_panes(), 48);
	cr_assert_eq(atomic_load(&worker->panes.horizon_us), 63 * 10000 - SECOND);
}

Test(worker, a_fault_comes_after_what_was_received, .fini = close_worker) {
	open_worker(SECOND, 64);
	source.fault = -EIO;
	int ret;
	while ((ret = worker_step(worker)) >= 0)
		;
	cr_assert_eq(ret, -EIO);
	cr_assert_eq(packets_in_panes(), PACKETS * 3 / 4);
	cr_assert_str_eq(source.source.err.text, "a fault on purpose");
}

Test(worker, lateness_decides_what_is_late, .fini = close_worker) {
	open_worker(100000, 16);
	// Every tenth packet goes back by more than the lateness allows.
	uint64_t late = 0;
	for (uint32_t i = 40; i < PACKETS; i += 40) {
		packets[i].time_us -= 300000;
		late++;
	}
	while (worker_step(worker) >= 0)
		;
	struct tally t;
	worker_tally(worker, &t);
	cr_assert_eq(t.value[TALLY_REASON + REASON_LATE], late);
	cr_assert_eq(packets_in_panes(), PACKETS * 3 / 4 - late);
}
