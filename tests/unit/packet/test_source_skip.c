// Going on in an input: what was taken before is given back unseen.

#include "packet/source_skip.h"

#include "base/state_buffer.h"
#include "memory_source.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define PACKETS 200

static const struct source_ops frames_only = {};

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
		struct source next = {.ops = &frames_only};
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
	struct source a = {.ops = &frames_only, .frames = 5, .newest_us = 50};
	struct source b = {.ops = &frames_only, .frames = 3, .skip = 4, .newest_us = -70};
	struct source c = {.ops = &frames_only}, d = {.ops = &frames_only};
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

// A source that can go to every tenth frame.
struct seeker {
	struct memory_source m;
	struct source_place sought;
	int answer;
};

static void seeker_place(struct source *src, struct source_place *out) {
	*out = (struct source_place){.frames = src->frames / 10 * 10, .octet = 77};
}

static int seeker_seek(struct source *src, const struct source_place *to) {
	struct seeker *s = (struct seeker *)src;
	s->sought = *to;
	s->m.next = (uint32_t)to->frames;
	return s->answer < 0 ? err_set(&src->err, s->answer, "there is nothing") : 0;
}

static int
load_into(struct source *to, const struct source *from, uint16_t version, struct err *err) {
	struct state_buffer buffer;
	struct state_record r;
	uint32_t at = 0;
	struct source copy = *from, *p = &copy;
	state_buffer_init(&buffer, 1u << 20);
	cr_assert(source_save(&p, 1, &buffer.writer));
	struct state_chunk *chunk = state_buffer_take(&buffer);
	cr_assert_eq(state_next(chunk->octets, chunk->used, &at, &r), 1);
	if (version == 1) // as it was ahead of places
		r = (struct state_record
		){.kind = r.kind, .version = 1, .len = 24, .octets = r.octets};
	int ret = source_load(&to, 1, &r, err);
	state_chunks_free(chunk);
	return ret;
}

Test(source_skip, a_source_that_knows_places_goes_there_and_the_rest_is_read_over) {
	static struct packet packets[PACKETS];
	struct source_ops ops;
	struct burst *b = aligned_alloc(CACHE_LINE, sizeof(*b));
	for (uint32_t i = 0; i < PACKETS; i++)
		packets[i] = (struct packet){.time_us = i};
	for (uint64_t frames = 0; frames < PACKETS; frames += 3)
		for (uint16_t version = 1; version <= 2; version++) {
			struct seeker s = {};
			struct source *src = &s.m.source, from;
			struct err err = {0};
			memory_source_init(&s.m, packets, PACKETS, 30);
			ops = *src->ops;
			ops.place = seeker_place;
			ops.seek = seeker_seek;
			src->ops = &ops;
			from = (struct source){.ops = &ops, .frames = frames, .newest_us = 5};
			cr_assert_eq(load_into(src, &from, version, &err), 0, "%s", err.text);
			cr_assert_eq(s.sought.octet, version == 1 ? 0 : 77);
			cr_assert_eq(src->frames, version == 1 ? 0 : frames / 10 * 10);
			cr_assert_eq(src->frames + src->skip, frames);
			cr_assert_eq(src->newest_us, 5);
			int64_t expected = (int64_t)frames;
			for (int n; (n = src->ops->recv(src, b)) >= 0;) {
				int left = source_taken(src, b, n);
				for (int i = 0; i < left; i++)
					cr_assert_eq(b->pkt[i].time_us, expected++);
				src->ops->release(src, b);
			}
			cr_assert_eq(expected, PACKETS);
			memory_source_fini(&s.m);
		}
	free(b);
}

Test(source_skip, a_source_that_cannot_go_there_is_said) {
	static struct packet packets[PACKETS];
	struct seeker s = {.answer = -EINVAL};
	struct source *src = &s.m.source, from;
	struct err err = {0};
	memory_source_init(&s.m, packets, PACKETS, 30);
	struct source_ops ops = *src->ops;
	ops.place = seeker_place;
	ops.seek = seeker_seek;
	src->ops = &ops;
	from = (struct source){.ops = &ops, .frames = 50};
	cr_assert_eq(load_into(src, &from, 2, &err), -EINVAL);
	cr_assert_str_eq(err.text, "there is nothing");
	memory_source_fini(&s.m);
}
