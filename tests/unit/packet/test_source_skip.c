// Going on in an input: what was taken before is given back unseen.

#include "packet/source_skip.h"

#include "base/state_buffer.h"
#include "memory_source.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define PACKETS 200

Test(source_skip, goes_on_at_any_frame_with_any_burst) {
	static struct packet packets[PACKETS];
	struct burst *b = aligned_alloc(CACHE_LINE, sizeof(*b));
	for (uint32_t i = 0; i < PACKETS; i++)
		packets[i] = (struct packet){.time_us = i};
	for (uint64_t skip = 0; skip <= PACKETS; skip += 7) {
		for (uint32_t burst = 1; burst <= BURST_MAX; burst += 9) {
			struct memory_source m;
			memory_source_init(&m, packets, PACKETS, burst);
			struct source *src = &m.source;
			src->skip = skip;
			int64_t expected = (int64_t)skip;
			for (int n; (n = src->ops->recv(src, b)) >= 0;) {
				int left = source_taken(src, b, n);
				for (int i = 0; i < left; i++)
					cr_assert_eq(b->pkt[i].time_us, expected++);
				if (left > 0)
					src->ops->release(src, b);
			}
			cr_assert_eq(expected, PACKETS);
			cr_assert_eq(src->frames, PACKETS);
			cr_assert_eq(m.released, PACKETS);
			cr_assert_not(m.release_broken);
			memory_source_fini(&m);
		}
	}
	free(b);
}

// What is said of an input now is found by the source of another run.
static void hand_over(struct source *from, struct source *to) {
	struct state_buffer buffer;
	struct state_record r;
	struct err err = {0};
	uint32_t at = 0;
	state_buffer_init(&buffer, 1u << 20);
	cr_assert(source_save(&from, 1, &buffer.writer));
	struct state_chunk *chunk = state_buffer_take(&buffer);
	cr_assert_eq(state_next(chunk->octets, chunk->used, &at, &r), 1);
	cr_assert_eq(source_load(&to, 1, &r, &err), 0, "%s", err.text);
	state_chunks_free(chunk);
}

Test(source_skip, a_place_stays_where_it_was_until_all_ahead_of_it_is_skipped) {
	static struct packet packets[PACKETS];
	struct burst *b = aligned_alloc(CACHE_LINE, sizeof(*b));
	const uint64_t skip = 100;
	struct memory_source m;
	memory_source_init(&m, packets, PACKETS, 30);
	struct source *src = &m.source;
	src->skip = skip;
	for (int n = 0; n >= 0; n = src->ops->recv(src, b)) {
		struct source next = {0};
		if (n > 0 && source_taken(src, b, n) > 0)
			src->ops->release(src, b);
		hand_over(src, &next);
		cr_assert_eq(next.skip, src->frames > skip ? src->frames : skip);
	}
	cr_assert_eq(src->frames, PACKETS);
	memory_source_fini(&m);
	free(b);
}

Test(source_skip, a_place_is_saved_and_found) {
	struct source a = {.frames = 5, .newest_us = 50},
		      b = {.frames = 3, .skip = 4, .newest_us = -70};
	struct source c = {0}, d = {0};
	struct source *from[] = {&a, &b}, *to[] = {&c, &d};
	struct state_buffer buffer;
	struct state_record r;
	struct err err = {0};
	uint32_t at = 0;
	state_buffer_init(&buffer, 1u << 20);
	cr_assert(source_save(from, 2, &buffer.writer));
	struct state_chunk *chunk = state_buffer_take(&buffer);
	while (state_next(chunk->octets, chunk->used, &at, &r) == 1)
		cr_assert_eq(source_load(to, 2, &r, &err), 0, "%s", err.text);
	cr_assert_eq(c.skip, 5);
	cr_assert_eq(d.skip, 7, "what was still to be skipped had been taken before");
	cr_assert_eq(d.newest_us, -70);
	cr_assert_eq(source_load(to, 1, &r, &err), -EBADMSG, "there is no second one");
	state_chunks_free(chunk);
}
