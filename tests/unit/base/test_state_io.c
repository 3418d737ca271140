// Records of state: what was written is read, and nothing else is.

#include "base/state_buffer.h"
#include "base/state_io.h"

#include <criterion/criterion.h>

#include <errno.h>

static void *ones(uint8_t *to, uint32_t len, uint8_t with) {
	memset(to, with, len);
	return to;
}

Test(state_io, gives_back_records_of_any_length_in_order) {
	static uint8_t octets[STATE_RECORD_MAX];
	struct state_buffer b;
	uint32_t lens[] = {0, 1, 7, 8, 9, 4096, STATE_RECORD_MAX, 3, STATE_RECORD_MAX - 1, 16};
	uint32_t n = sizeof(lens) / sizeof(lens[0]), seen = 0;
	state_buffer_init(&b, 64 * sizeof(struct state_chunk));
	for (uint32_t i = 0; i < n; i++)
		cr_assert(state_writer_put(
			&b.writer, (uint16_t)(i + 1), (uint16_t)(i * 3),
			ones(octets, lens[i], (uint8_t)i), lens[i]
		));
	struct state_chunk *chunks = state_buffer_take(&b);
	for (struct state_chunk *c = chunks; c != NULL; c = c->next) {
		struct state_record r;
		uint32_t at = 0;
		int ret;
		while ((ret = state_next(c->octets, c->used, &at, &r)) == 1) {
			cr_assert_eq(r.kind, seen + 1);
			cr_assert_eq(r.version, seen * 3);
			cr_assert_eq(r.len, lens[seen]);
			cr_assert_eq((uintptr_t)r.octets % 8, 0);
			cr_assert_eq(
				memcmp(r.octets, ones(octets, r.len, (uint8_t)seen), r.len), 0
			);
			seen++;
		}
		cr_assert_eq(ret, 0);
	}
	cr_assert_eq(seen, n);
	state_chunks_free(chunks);
	state_buffer_fini(&b);
}

Test(state_io, a_full_writer_stays_full) {
	static uint8_t octets[STATE_RECORD_MAX];
	struct state_buffer b;
	state_buffer_init(&b, 2 * sizeof(struct state_chunk));
	cr_assert(state_writer_put(&b.writer, 1, 1, octets, sizeof(octets)));
	cr_assert(state_writer_put(&b.writer, 1, 1, octets, sizeof(octets)));
	cr_assert(state_writer_ok(&b.writer));
	cr_assert_not(state_writer_put(&b.writer, 1, 1, octets, 1));
	cr_assert_not(state_writer_ok(&b.writer));
	state_chunks_free(state_buffer_take(&b));
	cr_assert_null(state_writer_begin(&b.writer, 1));
	state_buffer_fini(&b);
}

Test(state_io, a_record_that_is_cut_or_too_long_is_refused) {
	_Alignas(8) uint8_t buffer[64] = {0};
	struct state_head head = {.len = 20, .kind = 1, .version = 1};
	struct state_record r;
	uint32_t at = 0;
	memcpy(buffer, &head, sizeof(head));
	cr_assert_eq(state_next(buffer, 32, &at, &r), 1);
	cr_assert_eq(at, 32);
	for (uint32_t len = 1; len < 32; len++) {
		at = 0;
		cr_assert_eq(state_next(buffer, len, &at, &r), -EBADMSG, "%u octets", len);
	}
	uint32_t wrong[] = {57, STATE_RECORD_MAX + 1, UINT32_MAX - 7, UINT32_MAX};
	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		head.len = wrong[i];
		memcpy(buffer, &head, sizeof(head));
		at = 0;
		cr_assert_eq(state_next(buffer, sizeof(buffer), &at, &r), -EBADMSG);
	}
}
