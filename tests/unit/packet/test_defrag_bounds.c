// Defragmentation in its bounds: what is given up for time, for memory, for too many fragments, and at
// the end.

#include "fragments.h"

Test(defrag_bounds, gives_up_after_thirty_seconds_of_event_time, .init = fill) {
	struct defrag *d = defrag_make(64, 0, 0);
	struct fragment_spec a = piece(0, 8, true), b = piece(8, 8, false);
	b.time_us = DEFRAG_LIFE_US;
	add(d, a);
	cr_assert_eq(add(d, b), DEFRAG_COMPLETE);
	add(d, a);
	b.time_us++;
	cr_assert_eq(add(d, b), DEFRAG_HELD, "it is the first of another now");
	cr_assert_eq(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_TIMEOUT], 1);
	a.time_us = 5;
	cr_assert_eq(add(d, a), DEFRAG_COMPLETE, "time may run backwards");
	for (uint32_t id = 0; id < 40; id++) {
		a.id = id;
		add(d, a);
	}
	defrag_advance(d, 5 + DEFRAG_LIFE_US);
	cr_assert_eq(defrag_stats(d).held, 40);
	for (int i = 0; i < 3; i++)
		defrag_advance(d, 6 + DEFRAG_LIFE_US);
	cr_assert_eq(defrag_stats(d).held, 0);
	cr_assert_eq(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_TIMEOUT], 41);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag_bounds, takes_times_at_the_ends_of_the_range, .init = fill) {
	struct defrag *d = defrag_make(4, 0, 0);
	struct fragment_spec a = piece(0, 8, true), b = piece(8, 8, false);
	a.time_us = INT64_MIN;
	b.time_us = INT64_MAX;
	add(d, a);
	cr_assert_eq(add(d, b), DEFRAG_HELD);
	cr_assert_eq(add(d, a), DEFRAG_COMPLETE);
	defrag_advance(d, INT64_MIN);
	defrag_advance(d, INT64_MAX);
	defrag_free(d);
}

Test(defrag_bounds, gives_up_the_oldest_when_there_are_too_many, .init = fill) {
	struct defrag *d = defrag_make(4, 1 << 20, 0);
	struct fragment_spec s = piece(0, 8, true);
	for (s.id = 0; s.id < 6; s.id++)
		cr_assert_eq(add(d, s), DEFRAG_HELD);
	cr_assert_eq(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_MEMORY], 2);
	cr_assert_eq(defrag_stats(d).held, 4);
	s = piece(8, 8, false);
	for (s.id = 2; s.id < 6; s.id++)
		cr_assert_eq(add(d, s), DEFRAG_COMPLETE);
	s.id = 1;
	cr_assert_eq(add(d, s), DEFRAG_HELD);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag_bounds, gives_up_the_oldest_when_memory_ends_but_never_the_one_in_hand, .init = fill) {
	struct defrag *d = defrag_make(100, 0, 0); // 128 KiB: two of full length
	struct fragment_spec s = piece(0, 32768, true);
	for (s.id = 0; s.id < 4; s.id++)
		cr_assert_eq(add(d, s), DEFRAG_HELD);
	cr_assert_eq(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_MEMORY], 0);
	s = piece(32768, 32000, false);
	s.id = 0; // the oldest itself needs more
	cr_assert_eq(add(d, s), DEFRAG_COMPLETE);
	is_text(64768);
	cr_assert_eq(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_MEMORY], 1);
	s.id = 2;
	cr_assert_eq(add(d, s), DEFRAG_COMPLETE);
	s.id = 1;
	cr_assert_eq(add(d, s), DEFRAG_HELD, "it was the next");
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag_bounds, does_not_count_what_had_expired_as_given_up_for_memory, .init = fill) {
	struct defrag *d = defrag_make(1, 0, 0);
	struct fragment_spec s = piece(0, 8, true);
	for (s.id = 0; s.id < 10; s.id++) {
		s.time_us = (int64_t)s.id * (DEFRAG_LIFE_US + 1);
		add(d, s);
	}
	cr_assert_eq(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_MEMORY], 0);
	cr_assert_eq(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_TIMEOUT], 9);
	defrag_free(d);
}

Test(defrag_bounds, bounds_the_fragments_of_a_datagram, .init = fill) {
	struct defrag *d = defrag_make(4, 0, 3);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(add(d, piece(0, 8, true)), DEFRAG_HELD);
	cr_assert_eq(add(d, piece(8, 8, false)), DEFRAG_REFUSED);
	cr_assert_eq(defrag_stats(d).refused[DEFRAG_REFUSED_TOO_MANY], 1);
	cr_assert_eq(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_FRAGMENTS], 1);
	cr_assert_eq(defrag_stats(d).held, 0);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag_bounds, gives_everything_up_at_the_end, .init = fill) {
	struct defrag *d = defrag_make(100, 0, 0);
	struct fragment_spec s = piece(0, 800, true);
	for (s.id = 0; s.id < 50; s.id++)
		add(d, s);
	cr_assert_eq(defrag_stats(d).octets_held, 40000);
	defrag_flush(d);
	cr_assert_eq(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_END], 50);
	cr_assert_eq(defrag_stats(d).octets_held, 0);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag_bounds, refuses_a_size_no_memory_could_hold) {
	struct defrag_config conf = {.datagrams = UINT32_MAX, .mem = mem_pages()};
	cr_assert_null(defrag_new(&conf));
	conf = (struct defrag_config){.datagrams = 1, .memory = UINT64_MAX, .mem = mem_pages()};
	cr_assert_null(defrag_new(&conf));
	conf = (struct defrag_config){.datagrams = 0, .mem = mem_pages()};
	cr_assert_null(defrag_new(&conf));
	defrag_free(NULL);
}

Test(defrag_bounds, has_a_name_for_every_reason) {
	for (int i = 0; i < DEFRAG_REFUSED_COUNT; i++)
		cr_assert_not_null(defrag_refused_name(i));
	for (int i = 0; i < DEFRAG_GIVEN_UP_COUNT; i++)
		cr_assert_not_null(defrag_given_up_name(i));
}
