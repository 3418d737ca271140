// A worker from source to handed-over panes, with frames made by name.

#include "base/field.h"
#include "frame.h"
#include "make_engine.h"
#include "memory_source.h"
#include "packet/event_clock.h"
#include "small_worker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000ll
#define PACKETS 1000

static struct frame frames[4];
static struct packet packets[PACKETS];
static struct memory_source source;
static struct source *sources[] = {&source.source};
static struct worker *worker;
static const struct count_config *count_configs; // one, or NULL

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
	struct worker_config c = small_worker_config(sources, SECOND, lateness_us);
	c.counts = count_configs;
	c.n_counts = count_configs != NULL;
	worker = small_worker_new(&c);
}

static void close_worker(void) {
	small_worker_free(worker);
	memory_source_fini(&source);
}

static uint64_t packets_in_panes(void) {
	uint64_t n = 0;
	struct pane *p;
	while ((p = pane_store_take(&worker->panes)) != NULL)
		n += p->packets;
	return n;
}

Test(worker, gives_out_what_is_full_and_at_the_end_what_is_not, .fini = close_worker) {
	struct flow_sum *sums = calloc(PACKETS, sizeof(*sums));
	const struct count_config counts[] = {
		{.fields = FIELD_BIT(FIELD_SRC_PORT), .packets = 100, .rows = 1024}};
	count_configs = counts;
	cr_assert_not_null(sums);
	open_worker(SECOND, 7);
	while (worker_step(worker) >= 0)
		;
	uint32_t n = count_table_take(&worker->windows.table[0], sums, PACKETS), parts = 0;
	// Of three flows, 250 packets each.
	cr_assert_eq(n, 9);
	for (uint32_t i = 0; i < n; i++) {
		parts += sums[i].partial;
		cr_expect_eq(sums[i].packets, sums[i].partial ? 50 : 100);
	}
	cr_expect_eq(parts, 3);
	free(sums);
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

Test(worker, stopping_live_traffic_takes_what_has_arrived, .fini = close_worker) {
	open_worker(SECOND, 64);
	worker->patient = false;
	atomic_store(&worker->stop, true);
	int ret, taken = 0;
	while ((ret = worker_step(worker)) > 0)
		taken += ret;
	cr_assert_eq(ret, -ENODATA); // the source's own end
	cr_assert_eq(taken, PACKETS);
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

// There is a match stage from now on.
static void match_with(const struct match_engine *e) {
	const struct stage_match_config conf = {
		.engine = e,
		.plain = true,
		.inspect = {.memory = INSPECT_MEMORY_MIN, .mem = mem_pages()},
	};
	stage_match_fini(&worker->match);
	cr_assert_eq(stage_match_init(&worker->match, &conf, &worker->track), 0);
	worker->track.counts = false;
}

Test(worker, late_packets_are_matched_and_in_no_window, .fini = close_worker) {
	struct match_engine *engine = make_engine("1:/query/", NULL, false);
	open_worker(0, 16);
	match_with(engine);
	// Of four packets the first and third have the word; every other first one comes late.
	uint64_t late = 0;
	for (uint32_t i = 8; i < PACKETS; i += 8, late++)
		packets[i].time_us -= 300000;
	while (worker_step(worker) >= 0)
		;
	struct tally t;
	worker_tally(worker, &t);
	cr_assert_eq(t.value[TALLY_REASON + REASON_LATE], late);
	cr_assert_eq(t.value[TALLY_MATCH_EVENTS], PACKETS / 2);
	uint64_t counted = 0, matches = 0;
	struct pane *p;
	while ((p = pane_store_take(&worker->panes)) != NULL) {
		uint32_t line = 0;
		struct flow_key key;
		const struct flow_row *row;
		while ((row = flow_table_next(&p->table, &line, &key)) != NULL) {
			counted += row->packets;
			matches += row->matches;
		}
	}
	cr_assert_eq(counted, PACKETS * 3 / 4 - late);
	cr_assert_eq(matches, PACKETS / 2 - late);
	stage_match_fini(&worker->match);
	match_engine_free(engine);
}

// A connection that holds octets behind a hole falls silent, and its ports are used again: what it held
// comes out then, or ahead of that if event time has come by.
static void make_silence(struct frame *held, int64_t other_us) {
	frame_ipv4_tcp(&held[0], "10.0.0.1", 1, "10.0.0.2", 80, 0x02, "", 0);
	frame_ipv4_tcp(&held[1], "10.0.0.1", 1, "10.0.0.2", 80, 0x10, "query", 5);
	held[1].octet[14 + 20 + 6] = 1; // 256 octets ahead of its turn
	frame_packet(&held[0], &packets[0], 0);
	frame_packet(&held[1], &packets[1], SECOND);
	frame_packet(&frames[0], &packets[2], other_us);
	frame_packet(&held[0], &packets[3], 1000 * SECOND);
	source.n = 4;
}

Test(worker, what_was_held_counts_the_same_whatever_the_burst) {
	static struct frame held[2];
	struct match_engine *engine = make_engine("1:/qu*ery/", NULL, true);
	for (uint32_t burst = 1; burst <= 4; burst++) {
		for (uint32_t other = 0; other < 2; other++) {
			open_worker(SECOND, burst);
			make_silence(held, other ? 1000 * SECOND : 3 * SECOND / 2);
			stage_match_fini(&worker->match);
			const struct stage_match_config conf = {
				.engine = engine,
				.lateness_us = SECOND,
				.inspect =
					{.streams = true,
					 .checksums = CHECKSUM_MODE_IGNORE,
					 .memory = INSPECT_MEMORY_MIN,
					 .mem = mem_pages()},
			};
			cr_assert_eq(stage_match_init(&worker->match, &conf, &worker->track), 0);
			worker->track.counts = false;
			while (worker_step(worker) >= 0)
				;
			struct tally t;
			worker_tally(worker, &t);
			cr_assert_eq(t.value[TALLY_MATCH_EVENTS], 2);
			cr_assert_eq(
				t.value[TALLY_UNCOUNTED], other, "%u packets a burst, %u", burst,
				other
			);
			close_worker();
		}
	}
	match_engine_free(engine);
}

Test(worker, times_at_the_ends_of_the_type_lie_in_panes_that_hold_them, .fini = close_worker) {
	open_worker(LATENESS_ALL, 4);
	static const int64_t ends[] = {INT64_MAX, INT64_MIN, INT64_MAX - 1, INT64_MIN + 1};
	for (uint32_t i = 0; i < PACKETS; i++)
		packets[i].time_us = ends[i % 4];
	// A pane that did not hold its packets would be opened anew for each burst.
	for (int i = 0; i < 8; i++)
		cr_assert_eq(worker_step(worker), 4);
	cr_assert_eq(worker->panes.handed_over, 0);
	cr_assert_lt(atomic_load(&worker->panes.horizon_us), EVENT_TIME_MIN);
	while (worker_step(worker) >= 0)
		;
	uint32_t panes = 0;
	uint64_t counted = 0;
	struct pane *p;
	while ((p = pane_store_take(&worker->panes)) != NULL) {
		cr_assert_lt(p->start_us, p->end_us);
		counted += p->packets;
		panes++;
	}
	cr_assert_eq(panes, 2);
	cr_assert_eq(counted, PACKETS * 3 / 4);
}

static struct match_engine *compile(const char *rules) {
	return make_engine(rules, NULL, false);
}

static struct match_set set_of(struct match_engine *e) {
	return (struct match_set){.engine = e, .work = match_work_new(e)};
}

static uint64_t events(void) {
	struct tally t;
	worker_tally(worker, &t);
	return t.value[TALLY_MATCH_EVENTS];
}

static struct match_engine *before, *after;

// Of four packets the first and third have the word.
static void open_with_rules(const char *rules, const char *offered) {
	before = compile(rules);
	after = compile(offered);
	open_worker(SECOND, 40);
	match_with(before);
}

static void close_with_rules(void) {
	close_worker();
	match_engine_free(before);
	match_engine_free(after);
}

Test(worker, takes_an_offered_rule_set_between_bursts, .fini = close_with_rules) {
	struct match_set old;
	bool adopted;
	open_with_rules("1:/query/\n", "1:/query/\n2:/que/\n3:/^q/\n");
	cr_assert_eq(worker_step(worker), 40);
	cr_assert_eq(events(), 20);
	struct match_set set = set_of(after);
	worker_offer(worker, set);
	cr_assert_not(worker_offer_done(worker, &adopted, &old), "it has not looked yet");
	cr_assert_eq(worker_step(worker), 40);
	cr_assert_eq(events(), 20 + 60);
	cr_assert(worker_offer_done(worker, &adopted, &old));
	cr_assert(adopted);
	cr_assert_null(old.engine);
	cr_assert(worker_give_back(worker, &old));
	cr_assert_eq(old.engine, before);
	cr_assert_neq(old.work, set.work);
	// And again, the other way.
	worker_offer(worker, old);
	cr_assert_eq(worker_step(worker), 40);
	cr_assert_eq(events(), 20 + 60 + 20);
	cr_assert(worker_give_back(worker, &old));
	cr_assert_eq(old.engine, after);
	match_set_fini(&old);
	cr_assert_not(worker_give_back(worker, &old));
}

Test(worker, rules_may_come_and_go, .fini = close_with_rules) {
	struct match_set old;
	open_with_rules("", "2:/query/\n");
	cr_assert_eq(worker_step(worker), 40);
	cr_assert_eq(events(), 0);
	worker_offer(worker, set_of(after));
	cr_assert_eq(worker_step(worker), 40);
	cr_assert_eq(events(), 20);
	cr_assert(worker_give_back(worker, &old));
	worker_offer(worker, old);
	cr_assert_eq(worker_step(worker), 40);
	cr_assert_eq(events(), 20);
	cr_assert(worker_give_back(worker, &old));
	match_set_fini(&old);
}

Test(worker, that_has_ended_gives_an_offer_back, .fini = close_with_rules) {
	struct match_set old;
	bool adopted;
	open_with_rules("1:/query/\n", "1:/query/\n2:/que/\n");
	while (worker_step(worker) >= 0)
		;
	for (int i = 0; i < 3; i++) {
		worker_offer(worker, set_of(after));
		cr_assert(worker_offer_done(worker, &adopted, &old));
		cr_assert_not(adopted);
		cr_assert_eq(old.engine, after);
		match_set_fini(&old);
	}
	cr_assert_eq(events(), PACKETS / 2);
}

Test(worker, frees_an_offer_that_it_never_took, .fini = close_with_rules) {
	open_with_rules("1:/query/\n", "2:/que/\n");
	worker_offer(worker, set_of(after));
	// The leak checker says the rest.
}
