// Sweeps: each bucket is saved once, as it was when the sweep began, whatever changes meanwhile.

#include "base/state_sweep.h"

#include "base/state_buffer.h"

#include <criterion/criterion.h>

#include <stdlib.h>

#define BUCKETS 3000

struct table {
	uint32_t value[BUCKETS];
	struct state_sweep sweep;
};

struct saved {
	uint32_t bucket, value;
};

static void save(const void *x, uint32_t bucket, struct state_writer *to) {
	const struct table *t = x;
	const struct saved s = {bucket, t->value[bucket]};
	state_writer_put(to, STATE_MATCH, 1, &s, sizeof(s));
}

static void change(struct table *t, uint32_t bucket) {
	state_sweep_change(&t->sweep, save, t, bucket);
	t->value[bucket] = (uint32_t)random();
}

static void expect_snapshot(struct state_buffer *b, const uint32_t *value) {
	struct state_chunk *all = state_buffer_take(b);
	bool seen[BUCKETS] = {};
	uint32_t n = 0;
	for (const struct state_chunk *c = all; c != NULL; c = c->next) {
		struct state_record r;
		uint32_t at = 0;
		for (; state_next(c->octets, c->used, &at, &r) > 0; n++) {
			const struct saved *s = r.octets;
			cr_assert_not(seen[s->bucket], "%u is there twice", s->bucket);
			cr_assert_eq(s->value, value[s->bucket]);
			seen[s->bucket] = true;
		}
	}
	cr_expect_eq(n, BUCKETS);
	state_chunks_free(all);
}

Test(state_sweep, saves_each_bucket_once_as_it_was) {
	static struct table t;
	static uint32_t before[BUCKETS];
	cr_assert_eq(state_sweep_init(&t.sweep, BUCKETS), 0);
	for (int round = 0; round < 20; round++) {
		struct state_buffer b;
		state_buffer_init(&b, 1 << 24);
		for (int i = 0; i < 1000; i++)
			change(&t, (uint32_t)random() % BUCKETS);
		memcpy(before, t.value, sizeof(before));
		state_sweep_begin(&t.sweep, &b.writer);
		do {
			for (int i = 0; i < 200; i++)
				change(&t, (uint32_t)random() % BUCKETS);
		} while (!state_sweep_step(&t.sweep, save, &t));
		expect_snapshot(&b, before);
		state_buffer_fini(&b);
	}
	state_sweep_fini(&t.sweep);
}

Test(state_sweep, given_up_leaves_nothing_behind) {
	static struct table t;
	struct state_buffer b;
	cr_assert_eq(state_sweep_init(&t.sweep, BUCKETS), 0);
	state_buffer_init(&b, 1 << 24);
	state_sweep_begin(&t.sweep, &b.writer);
	state_sweep_step(&t.sweep, save, &t);
	for (uint32_t i = 0; i < BUCKETS; i++)
		change(&t, i);
	state_sweep_end(&t.sweep);
	state_chunks_free(state_buffer_take(&b));
	for (uint32_t i = 0; i < BUCKETS; i++)
		change(&t, i);
	cr_expect_null(b.first, "nobody asked for it");
	state_sweep_begin(&t.sweep, &b.writer);
	while (!state_sweep_step(&t.sweep, save, &t))
		continue;
	expect_snapshot(&b, t.value);
	state_buffer_fini(&b);
	state_sweep_fini(&t.sweep);
}

Test(state_sweep, a_step_saves_about_as_much_as_it_may) {
	static struct table t;
	struct state_buffer b;
	cr_assert_eq(state_sweep_init(&t.sweep, BUCKETS), 0);
	state_buffer_init(&b, 1 << 24);
	state_sweep_begin(&t.sweep, &b.writer);
	for (uint64_t before = 0; !state_sweep_step(&t.sweep, save, &t);) {
		cr_expect_leq(b.writer.octets - before, STATE_STEP + 64);
		before = b.writer.octets;
	}
	state_buffer_fini(&b);
	state_sweep_fini(&t.sweep);
}

Test(state_sweep, of_the_first_buckets_leaves_the_others_alone) {
	static struct table t;
	struct state_buffer b;
	cr_assert_eq(state_sweep_init(&t.sweep, BUCKETS), 0);
	const uint32_t first[] = {0, 1, 63, 64, 700, BUCKETS};
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		state_buffer_init(&b, 1 << 24);
		state_sweep_begin_first(&t.sweep, first[i], &b.writer);
		do {
			for (uint32_t k = 0; k < 5; k++)
				change(&t, (uint32_t)random() % BUCKETS);
		} while (!state_sweep_step(&t.sweep, save, &t));
		cr_expect_eq(
			b.writer.octets,
			first[i] * (sizeof(struct state_head) + sizeof(struct saved))
		);
		state_buffer_fini(&b);
	}
	state_sweep_fini(&t.sweep);
}
