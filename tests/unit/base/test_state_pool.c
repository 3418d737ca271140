// The pool of buffers between a thread on the packet path and the store.

#include "base/state_pool.h"

#include <criterion/criterion.h>
#include <pthread.h>

static const uint8_t octets[STATE_RECORD_MAX];

Test(state_pool, without_patience_what_finds_no_room_breaks_it) {
	struct state_pool p;
	cr_assert_eq(state_pool_init(&p, 2, false), 0);
	cr_assert_eq(state_pool_outcome(&p), STATE_POOL_IDLE);
	struct state_writer *w = state_pool_begin(&p);
	cr_assert_eq(state_pool_outcome(&p), STATE_POOL_UNDER_WAY);
	cr_assert(state_writer_put(w, 1, 1, octets, sizeof(octets)));
	cr_assert(state_writer_put(w, 1, 1, octets, sizeof(octets)));
	cr_assert_not(state_writer_put(w, 1, 1, octets, 1));
	state_pool_end(&p, STATE_POOL_WHOLE);
	cr_assert_eq(state_pool_outcome(&p), STATE_POOL_BROKEN);
	struct state_chunk *c;
	while ((c = state_pool_take(&p)) != NULL)
		state_pool_give(&p, c);
	state_pool_idle(&p);
	// And the next one has all the room again.
	w = state_pool_begin(&p);
	cr_assert(state_writer_put(w, 1, 1, octets, sizeof(octets)));
	cr_assert(state_writer_put(w, 1, 1, octets, 8));
	state_pool_end(&p, STATE_POOL_WHOLE);
	cr_assert_eq(state_pool_outcome(&p), STATE_POOL_WHOLE);
	cr_assert_eq(state_pool_take(&p)->used, STATE_CHUNK);
	cr_assert_eq(state_pool_take(&p)->used, 16);
	cr_assert_null(state_pool_take(&p));
	state_pool_fini(&p);
}

Test(state_pool, half_of_it_is_kept_for_what_cannot_wait) {
	struct state_pool p;
	struct state_chunk *c;
	cr_assert_eq(state_pool_init(&p, 4, false), 0);
	struct state_writer *w = state_pool_begin(&p);
	for (int i = 0; i < 2; i++) {
		cr_expect(state_pool_has_room(&p));
		cr_assert(state_writer_put(w, 1, 1, octets, sizeof(octets)));
	}
	cr_expect(state_pool_has_room(&p));
	cr_assert(state_writer_put(w, 1, 1, octets, sizeof(octets)));
	cr_expect_not(state_pool_has_room(&p));
	cr_assert_not_null(c = state_pool_take(&p));
	state_pool_give(&p, c);
	cr_expect(state_pool_has_room(&p));
	// The other half is there all the same.
	for (int i = 0; i < 2; i++)
		cr_assert(state_writer_put(w, 1, 1, octets, sizeof(octets)));
	cr_expect_not(state_pool_has_room(&p));
	state_pool_wait(&p);
	cr_expect(state_pool_has_room(&p), "it waits");
	state_pool_end(&p, STATE_POOL_WHOLE);
	cr_expect_eq(state_pool_outcome(&p), STATE_POOL_WHOLE);
	state_pool_fini(&p);
}

Test(state_pool, buffers_that_were_used_come_first_and_all_are_there) {
	enum {
		ALL = 40
	};
	struct state_pool p;
	struct state_chunk *first, *c;
	cr_assert_eq(state_pool_init(&p, ALL, false), 0);
	struct state_writer *w = state_pool_begin(&p);
	for (int i = 0; i <= ALL / 2; i++) {
		cr_expect(state_pool_has_room(&p), "buffer %d", i);
		cr_assert(state_writer_put(w, 1, 1, octets, sizeof(octets)));
	}
	cr_expect_not(state_pool_has_room(&p));
	cr_assert_not_null(first = state_pool_take(&p));
	state_pool_give(&p, first);
	cr_expect(state_pool_has_room(&p));
	cr_assert(state_writer_put(w, 1, 1, octets, sizeof(octets)));
	cr_expect_eq(p.chunk, first, "the one that came back");
	for (int i = ALL / 2 + 1; i < ALL; i++)
		cr_assert(state_writer_put(w, 1, 1, octets, sizeof(octets)), "buffer %d", i);
	cr_expect_not(state_writer_put(w, 1, 1, octets, 1));
	state_pool_end(&p, STATE_POOL_WHOLE);
	int n = 0;
	while ((c = state_pool_take(&p)) != NULL)
		n++;
	cr_expect_eq(n, ALL, "%d: each was taken once, and one twice", n + 1);
	state_pool_fini(&p);
}

static void *take_all(void *arg) {
	struct state_pool *p = arg;
	static uint64_t taken;
	for (;;) {
		bool over = state_pool_outcome(p) == STATE_POOL_WHOLE;
		struct state_chunk *c;
		while ((c = state_pool_take(p)) != NULL) {
			taken += c->used;
			state_pool_give(p, c);
		}
		if (over)
			return &taken;
	}
}

Test(state_pool, with_patience_everything_comes_through, .timeout = 60) {
	struct state_pool p;
	pthread_t thread;
	void *taken;
	cr_assert_eq(state_pool_init(&p, 2, true), 0);
	struct state_writer *w = state_pool_begin(&p);
	cr_assert_eq(pthread_create(&thread, NULL, take_all, &p), 0);
	for (uint32_t i = 0; i < 20000; i++)
		cr_assert(state_writer_put(w, 1, 1, octets, i % 5000));
	state_pool_end(&p, STATE_POOL_WHOLE);
	pthread_join(thread, &taken);
	cr_assert_eq(*(uint64_t *)taken, w->octets);
	state_pool_fini(&p);
}

Test(state_pool, tells_how_it_ended) {
	struct state_pool p;
	cr_assert_eq(state_pool_init(&p, 2, false), 0);
	for (int how = STATE_POOL_WHOLE; how <= STATE_POOL_CROSSED; how++) {
		cr_assert(state_writer_put(state_pool_begin(&p), 1, 1, octets, 10));
		state_pool_end(&p, (enum state_pool_outcome)how);
		cr_assert_eq(state_pool_outcome(&p), how);
		struct state_chunk *c = state_pool_take(&p);
		cr_assert_eq(c != NULL, how == STATE_POOL_WHOLE, "nothing of what is not whole");
		if (c != NULL)
			state_pool_give(&p, c);
		state_pool_idle(&p);
	}
	state_pool_fini(&p);
}
