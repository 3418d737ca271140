// Watches saved and loaded at any moment: they tell what those tell that were never saved.

#include "export/watch_save.h"

#include "base/field.h"
#include "base/state_buffer.h"
#include "packet/flow_key_hash.h"
#include "spoil.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#define SIZE 10
#define FIELDS (FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT))
#define PORT 1000
#define MEMORY (1 << 20)

static const struct condition conditions[] = {
	{.compare = COMPARE_ABOVE, .number = 5},
	{.compare = COMPARE_BELOW, .number = 5},
	{.compare = COMPARE_ABOVE, .factor = 1500, .windows = 4},
	{.compare = COMPARE_BELOW, .factor = 700, .windows = 3},
	{.measure = MEASURE_REV_PACKETS, .compare = COMPARE_ABOVE, .number = 5},
	{.measure = MEASURE_REV_PACKETS, .compare = COMPARE_ABOVE, .factor = 1500, .windows = 4},
};
#define CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

struct play {
	struct watch watch;
	struct hash_seed seed;
	uint64_t told, sum; // alerts, and a digest of them in their order
};

static void open_watch(struct play *p, const struct condition *when, uint64_t memory) {
	static uint64_t seeds;
	hash_seed_fixed(&p->seed, ++seeds);
	watch_init(
		&p->watch,
		&(struct watch_config){
			.name = "a",
			.stream = "s",
			.fields = FIELDS,
			.when = *when,
			.size_us = 2 * SIZE,
			.step_us = SIZE,
			.memory = memory,
			.biflow = measure_is_back(when->measure),
			.seed = p->seed,
		}
	);
}

static void note(void *ctx, const struct watch_alert *a) {
	struct play *p = ctx;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 5);
	uint64_t words[] = {(uint64_t)a->start_us, a->key->src_port, a->key->dst_port, a->value,
			    a->threshold.whole,    a->mean.whole};
	p->told++;
	// Of one window in any order.
	p->sum += hash_bytes(&seed, words, sizeof(words));
}

// With biflow the source is now this end and now the other one.
static void window(struct play *p, int64_t number, uint32_t keys, uint64_t most) {
	struct flow_sum sums[64] = {0};
	struct flow_back back[64] = {0};
	bool biflow = p->watch.conf.biflow;
	struct flow_key mask;
	struct window_out out = {
		.start_us = number * SIZE,
		.end_us = (number + 2) * SIZE,
		.sum = sums,
		.back = biflow ? back : NULL};
	flow_key_mask(&mask, FIELDS);
	for (uint32_t i = 0; i < keys; i++) {
		uint64_t packets = (uint64_t)rand() % most;
		if (packets == 0)
			continue;
		bool turned = biflow && rand() % 2;
		uint16_t ends[] = {(uint16_t)i, PORT};
		struct flow_sum *s = &sums[out.n];
		*s = (struct flow_sum
		){.key = {.src_port = ends[turned], .dst_port = ends[!turned]}, .packets = packets};
		back[out.n++].packets = biflow ? (uint64_t)rand() % most : 0;
		flow_key_finish(&s->key, &mask, &p->seed);
	}
	watch_judge(&p->watch, &out, rand() % 30 == 0, note, p);
}

static struct state_chunk *save(const struct play *p) {
	struct state_buffer b;
	state_buffer_init(&b, 1u << 24);
	cr_assert(watch_save(&p->watch, &b.writer));
	return state_buffer_take(&b);
}

static int load(struct play *p, const struct state_chunk *chunks) {
	struct err err = {0};
	int ret = 0;
	for (const struct state_chunk *c = chunks; c != NULL; c = c->next) {
		struct state_record r;
		uint32_t at = 0;
		while (ret == 0 && state_next(c->octets, c->used, &at, &r) == 1)
			ret = watch_load(&p->watch, &r, &err);
	}
	return ret;
}

// Into a new watch, with another seed for its hashes.
static void move(struct play *p, const struct condition *when) {
	struct state_chunk *chunks = save(p);
	uint32_t keys = p->watch.keys.n;
	watch_fini(&p->watch);
	open_watch(p, when, MEMORY);
	cr_assert_eq(load(p, chunks), 0);
	cr_assert_eq(p->watch.keys.n, keys);
	state_chunks_free(chunks);
}

static struct play play(const struct condition *when, unsigned seed, int64_t every) {
	struct play p = {0};
	open_watch(&p, when, MEMORY);
	srand(seed);
	for (int64_t i = -20, turn = 1; turn <= 200; turn++) {
		i += rand() % 10 == 0 ? rand() % 9 : 1;
		window(&p, i, 20, 10);
		if (every > 0 && turn % every == 0)
			move(&p, when);
	}
	watch_pass(&p.watch, 10000 * SIZE, note, &p);
	struct watch_stats stats = p.watch.stats;
	watch_fini(&p.watch);
	p.watch.stats = stats;
	return p;
}

Test(watch_save, whatever_the_moment_the_alerts_are_the_same) {
	for (uint32_t i = 0; i < CONDITIONS; i++) {
		for (unsigned seed = 1; seed <= 5; seed++) {
			struct play want = play(&conditions[i], seed, 0);
			cr_assert_gt(want.told, 50);
			for (int64_t every = 1; every < 200; every = every * 3 + 1) {
				struct play got = play(&conditions[i], seed, every);
				cr_expect_eq(got.told, want.told, "condition %u", i);
				cr_expect_eq(got.sum, want.sum, "condition %u", i);
				cr_expect_eq(got.watch.stats.fired, want.watch.stats.fired);
				cr_expect_eq(
					got.watch.stats.suppressed, want.watch.stats.suppressed
				);
			}
		}
	}
}

Test(watch_save, what_less_memory_has_no_room_for_is_counted) {
	struct play p = {0}, less = {0};
	open_watch(&p, &conditions[2], MEMORY);
	window(&p, 1, 60, 1000);
	struct state_chunk *chunks = save(&p);
	uint32_t keys = p.watch.keys.n;
	open_watch(&less, &conditions[2], 4000);
	cr_expect_eq(load(&less, chunks), 0);
	cr_expect_gt(less.watch.keys.n, 0);
	cr_expect_eq(less.watch.keys.n + less.watch.stats.no_room, keys);
	state_chunks_free(chunks);
	watch_fini(&less.watch);
	watch_fini(&p.watch);
}

Test(watch_save, of_windows_that_fell_into_the_gap_nothing_is_said) {
	// Told of a window that ended ahead of it, not of one that did not.
	for (int64_t from = 3; from < 6; from++) {
		struct play p = {0};
		open_watch(&p, &conditions[1], MEMORY);
		window(&p, 1, 20, 100000);
		cr_assert_gt(p.watch.keys.n, 15);
		watch_gap(
			&p.watch,
			&(struct window_gap){.first_us = INT64_MIN, .from_us = from * SIZE},
			50 * SIZE
		);
		uint64_t told = p.told, keys = p.watch.keys.n;
		watch_pass(&p.watch, 40 * SIZE, note, &p);
		cr_expect_eq(p.told - told, from > 3 ? keys : 0);
		cr_expect_eq(p.watch.keys.n, 0);
		watch_fini(&p.watch);
	}
}

Test(watch_save, octets_that_nobody_saved_are_refused_or_harmless) {
	struct play from = {0};
	uint32_t refused = 0;
	open_watch(&from, &conditions[2], MEMORY);
	for (int64_t i = 1; i < 9; i++)
		window(&from, i, 12, 10);
	struct state_chunk *good = save(&from), *bad = malloc(sizeof(*bad));
	for (int turn = 0; turn < 3000; turn++) {
		struct play to = {0};
		spoil_copy(bad, good);
		open_watch(&to, &conditions[2], MEMORY);
		int ret = load(&to, bad);
		cr_assert(ret == 0 || ret == -EBADMSG);
		refused += ret < 0;
		watch_pass(&to.watch, 1000 * SIZE, note, &to);
		watch_fini(&to.watch);
	}
	cr_expect_gt(refused, 100);
	state_chunks_free(good);
	free(bad);
	watch_fini(&from.watch);
}
