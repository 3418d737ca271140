// A minute in which UTC is set, read once a second, and the time that is told every millisecond.

#include "base/live_line.h"

#include <criterion/criterion.h>

#define SECOND 1000000000ull
#define HOUR (3600 * (int64_t)SECOND)
#define YEAR (365 * 24 * HOUR)
#define START (1000 * SECOND)
#define UTC (1700000000 * (int64_t)SECOND)
#define ALLOWED 30000 // by noise

// UTC is set in the tenth second.
static void minute(int64_t set_ns, int64_t *end_ns, int64_t *slowest_us) {
	struct live_line l;
	live_line_init(&l, START, UTC);
	int64_t last = INT64_MIN, second_us = 0;
	uint64_t t = START;
	*slowest_us = INT64_MAX;
	for (; t < START + 60 * SECOND; t += SECOND / 1000) {
		int64_t offset = UTC + (t >= START + 10 * SECOND ? set_ns : 0);
		if ((t - START) % SECOND == 0)
			live_line_fit(&l, t, offset + (int64_t)(t / SECOND % 9) * 1000);
		int64_t us = live_line_us(&l, t);
		cr_assert_geq(us, last, "%lld ns: time ran backwards", (long long)set_ns);
		last = us;
		if ((t - START) % SECOND != 0)
			continue;
		int64_t took_us = us - second_us;
		*slowest_us = second_us != 0 && took_us < *slowest_us ? took_us : *slowest_us;
		second_us = us;
	}
	*end_ns = last * 1000 - ((int64_t)(t - SECOND / 1000) + UTC + set_ns);
}

Test(live_line, forward_and_by_little_backward_utc_is_met) {
	static const int64_t sets[] = {0, 500000000, -500000000, HOUR, 10 * YEAR};
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		int64_t off, slowest;
		minute(sets[i], &off, &slowest);
		cr_expect(
			off > -ALLOWED && off < ALLOWED, "set by %lld ns: %lld ns off",
			(long long)sets[i], (long long)off
		);
	}
}

Test(live_line, back_by_hours_and_years_time_goes_on_a_tenth_slower) {
	static const int64_t sets[] = {-HOUR, -10 * YEAR};
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		int64_t off, slowest;
		minute(sets[i], &off, &slowest);
		cr_expect_geq(slowest, 899900, "a second takes %lld us", (long long)slowest);
		cr_expect_lt(off, -sets[i] - 4 * (int64_t)SECOND, "it does not come nearer");
	}
}

Test(live_line, the_noise_of_reading_two_clocks_does_not_move_time) {
	struct live_line l, before;
	live_line_init(&l, START, UTC);
	before = l;
	cr_expect_eq(live_line_fit(&l, START + SECOND, UTC + 5000), 0);
	cr_expect_arr_eq(&l, &before, sizeof(l));
	cr_expect_eq(live_line_fit(&l, START + 2 * SECOND, UTC + 7000000), 7000000);
}

Test(live_line, a_packet_from_before_a_look_at_utc_is_not_put_behind_it) {
	struct live_line l;
	live_line_init(&l, START, UTC);
	live_line_fit(&l, START + 2 * SECOND, UTC + 7000000);
	cr_expect_leq(
		live_line_us(&l, START + 2 * SECOND - 1000000), live_line_us(&l, START + 2 * SECOND)
	);
}

Test(live_line, what_is_set_while_time_still_bends_is_aimed_at_anew) {
	struct live_line l;
	live_line_init(&l, START, UTC);
	live_line_fit(&l, START + SECOND, UTC - HOUR);
	int64_t before = live_line_us(&l, START + 5 * SECOND);
	cr_expect_eq(live_line_fit(&l, START + 5 * SECOND, UTC), HOUR);
	cr_expect_geq(live_line_us(&l, START + 5 * SECOND), before);
	// It was 0.4 s back by then.
	cr_expect_eq(live_line_offset_ns(&l, START + 10 * SECOND), UTC);
}

Test(live_line, a_time_ahead_is_gone_on_from_and_one_behind_is_not) {
	struct live_line l;
	live_line_init(&l, START, UTC);
	int64_t now = (int64_t)START + UTC;
	cr_expect_not(live_line_reach(&l, START, now - HOUR));
	cr_expect_not(live_line_reach(&l, START, now));
	cr_assert(live_line_reach(&l, START, now + HOUR));
	cr_expect_eq(live_line_us(&l, START), (now + HOUR) / 1000);
	cr_expect_eq(
		live_line_us(&l, START + 10 * SECOND), (now + HOUR + 9 * (int64_t)SECOND) / 1000,
		"it is bent towards UTC"
	);
	cr_expect_eq(live_line_fit(&l, START + SECOND, UTC), 0, "UTC was not set");
}

Test(live_line, what_was_passed_over_took_no_time) {
	struct live_line l;
	const int64_t us = (int64_t)(START + UTC) / 1000, second = 1000000, hour = 3600 * second;
	live_line_init(&l, START, UTC);
	cr_expect_eq(live_line_since_us(&l, START + 5 * SECOND, us), 5 * second);
	live_line_fit(&l, START + 10 * SECOND, UTC + HOUR);
	const struct {
		int64_t us, since_us;
	} times[] = {
		{us, 12 * second},
		{us + 10 * second, 2 * second},
		{us + 11 * second, 2 * second},
		{us + hour, 2 * second},
		{us + hour + 10 * second, 2 * second},
		{us + hour + 11 * second, second},
		{us + hour + 13 * second, -second},
	};
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		cr_expect_eq(
			live_line_since_us(&l, START + 12 * SECOND, times[i].us), times[i].since_us,
			"time %zu", i
		);
}
