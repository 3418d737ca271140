// The receiver and its lanes, stepped by hand: every packet reaches one worker or is shed by name,
// every handle comes back, both directions of a conversation go the same way.

#include "frame.h"
#include "memory_source.h"
#include "pipeline/receiver.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define PACKETS 5000
#define FRAMES 64
#define LANES 3

static struct frame *frames;
static struct packet packets[PACKETS];
static struct memory_source source;
static struct source *sources[] = {&source.source};
static struct receiver *receiver;

static bool by_host;
static struct state_pool *saves_to;

static void open_receiver(bool patient) {
	frames = calloc(FRAMES, sizeof(*frames));
	// Even frames go one way, the odd one behind it is the answer.
	for (uint32_t i = 0; i < FRAMES; i += 2) {
		uint16_t port = (uint16_t)(2000 + i);
		frame_ipv4_udp(&frames[i], "10.0.0.1", port, "10.9.0.2", 53, "q", 1);
		frame_ipv4_udp(&frames[i + 1], "10.9.0.2", 53, "10.0.0.1", port, "a", 1);
	}
	for (uint32_t i = 0; i < PACKETS; i++)
		frame_packet(&frames[i % FRAMES], &packets[i], i);
	memory_source_init(&source, packets, PACKETS, 64);
	source.source.patient = patient;
	struct receiver_config c = {
		.sources = sources,
		.n_sources = 1,
		.n_lanes = LANES,
		.by_host = by_host,
		.pool = saves_to,
		.intake = {.time = {.lateness_us = 1000}, .tunnels = TUNNEL_ALL}};
	hash_seed_fixed(&c.intake.seed, 11);
	size_t octets = (sizeof(*receiver) + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	receiver = aligned_alloc(CACHE_LINE, octets);
	cr_assert_eq(receiver_init(receiver, &c), 0);
}

static void close_receiver(void) {
	receiver_fini(receiver);
	free(receiver);
	memory_source_fini(&source);
	free(frames);
}

static uint32_t seen[LANES][FRAMES];

// Takes what is in a lane; notes which frames came that way.
static int take(uint32_t lane) {
	static struct burst b;
	struct source *src = &receiver->lanes[lane].source;
	int n = src->ops->recv(src, &b);
	for (int i = 0; i < n; i++)
		seen[lane][b.pkt[i].handle % FRAMES]++;
	if (n > 0)
		src->ops->release(src, &b);
	return n;
}

Test(receiver, gives_every_packet_to_one_lane_and_gets_it_back, .fini = close_receiver) {
	open_receiver(true);
	int ret, live = LANES;
	bool ended[LANES] = {false};
	do {
		ret = receiver_step(receiver);
		for (uint32_t i = 0; i < LANES; i++)
			while (take(i) > 0)
				;
	} while (ret >= 0);
	cr_assert_eq(ret, -ENODATA);
	for (uint32_t i = 0; i < LANES; i++) {
		while (!ended[i]) {
			int n = take(i);
			ended[i] = n == -ENODATA;
		}
		live--;
		// The end is told by its return value: what connections hold is counted by the time.
		cr_assert_eq(receiver->lanes[i].source.newest_us, source.source.newest_us);
	}
	cr_assert_eq(live, 0);
	receiver_drain(receiver);
	cr_assert_eq(source.released, PACKETS);
	cr_assert_not(source.release_broken);
	uint32_t total = 0, lanes_used = 0;
	for (uint32_t i = 0; i < LANES; i++) {
		uint32_t here = 0;
		for (uint32_t f = 0; f < FRAMES; f++)
			here += seen[i][f];
		total += here;
		lanes_used += here > 0;
	}
	cr_assert_eq(total, PACKETS);
	cr_assert_eq(lanes_used, LANES);
	for (uint32_t i = 0; i < LANES; i++)
		for (uint32_t f = 0; f < FRAMES; f += 2)
			cr_assert_eq(
				seen[i][f] > 0, seen[i][f + 1] > 0, "both directions, frame %u", f
			);
}

Test(receiver, by_host_all_between_two_addresses_takes_one_lane, .fini = close_receiver) {
	by_host = true;
	open_receiver(true);
	uint32_t used[LANES] = {0}, lanes_used = 0;
	while (receiver_step(receiver) >= 0) {
		for (uint32_t i = 0; i < LANES; i++) {
			int n;
			while ((n = take(i)) > 0)
				used[i] += (uint32_t)n;
		}
	}
	for (uint32_t i = 0; i < LANES; i++) {
		int n;
		while ((n = take(i)) > 0)
			used[i] += (uint32_t)n;
		lanes_used += used[i] > 0;
	}
	receiver_drain(receiver);
	cr_assert_eq(used[0] + used[1] + used[2], PACKETS);
	cr_assert_eq(lanes_used, 1);
}

Test(receiver, live_traffic_that_finds_no_room_is_shed_and_counted, .fini = close_receiver) {
	open_receiver(false);
	int ret;
	while ((ret = receiver_step(receiver)) >= 0)
		;
	uint64_t v[TALLY_COUNT];
	counters_read(&receiver->published, v, TALLY_COUNT);
	uint64_t waiting = 0;
	for (uint32_t i = 0; i < LANES; i++) {
		int n;
		while ((n = take(i)) > 0)
			waiting += (uint64_t)n;
	}
	cr_assert_gt(v[TALLY_REASON + REASON_WORKER_BUSY], 0);
	cr_assert_eq(v[TALLY_REASON + REASON_WORKER_BUSY], v[TALLY_RECEIVED]);
	cr_assert_eq(v[TALLY_RECEIVED] + waiting, PACKETS);
	receiver_drain(receiver);
	cr_assert_eq(source.released, PACKETS);
	cr_assert_not(source.release_broken);
}

Test(receiver, stopping_cuts_the_lanes, .fini = close_receiver) {
	open_receiver(true);
	cr_assert_eq(receiver_step(receiver), 64);
	atomic_store(&receiver->stop, true);
	cr_assert_eq(receiver_step(receiver), -ENODATA);
	for (uint32_t i = 0; i < LANES; i++) {
		int n;
		while ((n = take(i)) > 0)
			;
		cr_assert_eq(n, -ECANCELED);
	}
	receiver_drain(receiver);
	cr_assert_eq(source.released, 64);
}

Test(receiver, time_in_a_lane_never_runs_ahead_of_its_packets, .fini = close_receiver) {
	open_receiver(true);
	static struct burst b;
	struct source *src = &receiver->lanes[0].source;
	int64_t floor = INT64_MIN;
	for (int step = 0; step < 10; step++) {
		receiver_step(receiver);
		for (uint32_t i = 1; i < LANES; i++)
			while (take(i) > 0)
				;
		int n = src->ops->recv(src, &b);
		for (int i = 0; i < n; i++)
			cr_assert_geq(b.pkt[i].time_us, floor);
		if (n > 0)
			src->ops->release(src, &b);
		// Nothing counted later may be older than what the newest time allows.
		floor = src->newest_us - 1000;
	}
	while (receiver_step(receiver) >= 0)
		for (uint32_t i = 0; i < LANES; i++)
			while (take(i) > 0)
				;
	for (uint32_t i = 0; i < LANES; i++)
		while (take(i) > 0)
			;
	receiver_drain(receiver);
}

Test(receiver, time_comes_to_where_the_last_of_all_sources_was, .fini = close_receiver) {
	open_receiver(true);
	struct memory_source other;
	struct source *two[] = {&source.source, &other.source};
	bool ended[2] = {false}, *one_ended = receiver->ended;
	// The one that ends first was further.
	memory_source_init(&other, packets + PACKETS - 1, 1, 1);
	receiver->sources = two;
	receiver->ended = ended;
	receiver->n_sources = receiver->n_live = 2;
	source.n = 128;
	while (receiver_step(receiver) >= 0)
		for (uint32_t i = 0; i < LANES; i++)
			while (take(i) > 0)
				;
	for (uint32_t i = 0; i < LANES; i++) {
		while (take(i) > 0)
			;
		cr_assert_eq(receiver->lanes[i].source.newest_us, PACKETS - 1);
	}
	receiver_drain(receiver);
	receiver->n_sources = 1;
	receiver->sources = sources;
	receiver->ended = one_ended;
	memory_source_fini(&other);
}

Test(receiver, what_was_shed_ahead_of_a_fault_is_published, .fini = close_receiver) {
	open_receiver(false);
	while (receiver_step(receiver) >= 0 && receiver->tally.value[TALLY_RECEIVED] == 0)
		;
	uint64_t before = receiver->tally.value[TALLY_RECEIVED];
	// The first of two sources sheds in the very round in which the second one fails.
	struct memory_source broken;
	memory_source_init(&broken, packets, 0, 1);
	broken.fault = -EIO;
	struct source *two[] = {&source.source, &broken.source};
	bool ended[2] = {false};
	bool *one_ended = receiver->ended;
	receiver->sources = two;
	receiver->ended = ended;
	receiver->n_sources = 2;
	cr_assert_eq(receiver_step(receiver), -EIO);
	receiver->n_sources = 1;
	receiver->sources = sources;
	receiver->ended = one_ended;
	uint64_t v[TALLY_COUNT];
	counters_read(&receiver->published, v, TALLY_COUNT);
	cr_assert_gt(v[TALLY_RECEIVED], before);
	cr_assert_eq(v[TALLY_RECEIVED], receiver->tally.value[TALLY_RECEIVED]);
	receiver_drain(receiver);
	memory_source_fini(&broken);
}

static _Atomic(bool) drained;

// Workers that are off their processor for a while, again and again.
static void *take_slowly(void *arg) {
	while (!atomic_load(&drained)) {
		for (uint32_t i = 0; i < LANES; i++)
			while (take(i) > 0)
				;
		usleep(2000);
	}
	return NULL;
}

Test(receiver, live_traffic_waits_its_time_of_grace_for_slow_workers, .fini = close_receiver) {
	open_receiver(false);
	receiver->grace_us = 10000000;
	pthread_t workers;
	cr_assert_eq(pthread_create(&workers, NULL, take_slowly, NULL), 0);
	while (receiver_step(receiver) >= 0)
		;
	atomic_store(&drained, true);
	pthread_join(workers, NULL);
	receiver_drain(receiver);
	cr_assert_eq(receiver->tally.value[TALLY_RECEIVED], 0, "nothing was shed");
	cr_assert_eq(source.released, PACKETS);
}

Test(receiver, the_time_of_grace_ends, .fini = close_receiver) {
	open_receiver(false);
	receiver->grace_us = 1;
	while (receiver_step(receiver) >= 0)
		;
	cr_assert_gt(receiver->tally.value[TALLY_REASON + REASON_WORKER_BUSY], 0);
	receiver_drain(receiver);
	cr_assert_eq(source.released, PACKETS);
}

static struct state_pool pool;

static void open_saving(void) {
	cr_assert_eq(state_pool_init(&pool, 8, true), 0);
	saves_to = &pool;
	open_receiver(true);
	source.burst = 4; // lanes have room for all that comes meanwhile
}

static void close_saving(void) {
	close_receiver();
	state_pool_fini(&pool);
}

// All that is ahead of each lane's mark, and the mark.
static void pass_marks(uint32_t lanes) {
	for (uint32_t i = 0; i < lanes; i++) {
		struct source *src = &receiver->lanes[i].source;
		while (take(i) > 0)
			continue;
		cr_assert(src->at_mark);
		src->at_mark = false;
		src->ops->pass(src);
	}
}

static void ask(uint32_t checkpoint) {
	atomic_store(&receiver->checkpoint, checkpoint);
	receiver_step(receiver);
}

static void save_to_the_end(void) {
	while (receiver->saving) {
		receiver_step(receiver);
		for (uint32_t i = 0; i < LANES; i++)
			take(i);
	}
}

Test(receiver, a_checkpoint_that_meets_another_gives_up_both, .init = open_saving,
     .fini = close_saving, .timeout = 60) {
	ask(1);
	cr_assert(receiver->saving);
	pass_marks(LANES);
	ask(2);
	cr_assert_not(receiver->saving);
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_CROSSED);
	pass_marks(LANES);
	state_pool_idle(&pool);
	ask(3);
	pass_marks(LANES);
	save_to_the_end();
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_WHOLE);
}

Test(receiver, a_checkpoint_whose_marks_are_on_their_way_is_not_taken_for_the_next,
     .init = open_saving, .fini = close_saving, .timeout = 60) {
	ask(1);
	pass_marks(LANES - 1);
	while (receiver->saving)
		receiver_step(receiver);
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_WHOLE);
	state_pool_idle(&pool);
	ask(2);
	cr_assert_not(receiver->saving);
	cr_assert_eq(state_pool_outcome(&pool), STATE_POOL_CROSSED);
	// Each lane has one mark, wherever it stands.
	pass_marks(LANES);
}
