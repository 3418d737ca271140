// Delays: the longest is exact, quantiles are near.

#include "export/delays.h"

#include <criterion/criterion.h>

static struct delays d;

Test(delays, none_is_nothing) {
	cr_assert_eq(delays_quantile(&d, 99), 0);
	cr_assert_eq(d.max_us, 0);
}

Test(delays, a_quantile_is_at_most_an_eighth_over) {
	for (uint64_t us = 1; us < 1ull << 40; us = us * 3 / 2 + 1) {
		struct delays one = {0};
		for (int i = 0; i < 99; i++)
			delays_add(&one, (int64_t)us);
		delays_add(&one, INT64_MAX);
		uint64_t p99 = delays_quantile(&one, 99);
		cr_assert_geq(p99, us);
		cr_assert_leq(p99, us + us / 8);
		cr_assert_eq(one.max_us, INT64_MAX);
		cr_assert_eq(delays_quantile(&one, 100), INT64_MAX);
	}
}

Test(delays, what_is_early_is_on_time) {
	delays_add(&d, -5);
	delays_add(&d, INT64_MIN);
	cr_assert_eq(d.n, 2);
	cr_assert_eq(delays_quantile(&d, 99), 0);
}

Test(delays, a_hundredth_does_not_move_the_quantile) {
	for (int i = 0; i < 990; i++)
		delays_add(&d, 7);
	for (int i = 0; i < 10; i++)
		delays_add(&d, 1000000);
	cr_assert_eq(delays_quantile(&d, 99), 7);
	cr_assert_eq(d.max_us, 1000000);
}
