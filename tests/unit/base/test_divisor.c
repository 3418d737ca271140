// Divisors: the edges, and that a number without any in between does not take for ever.

#include "base/divisor.h"

#include <criterion/criterion.h>

#define HOUR 3600000000ll

Test(divisor, common_is_the_greatest) {
	cr_assert_eq(divisor_common(12, 18), 6);
	cr_assert_eq(divisor_common(18, 12), 6);
	cr_assert_eq(divisor_common(7, 0), 7);
	cr_assert_eq(divisor_common(0, 7), 7);
	cr_assert_eq(divisor_common(7, 13), 1);
	cr_assert_eq(divisor_common(INT64_MAX, INT64_MAX), INT64_MAX);
}

Test(divisor, at_most_agrees_with_trying_all) {
	for (int64_t n = 1; n <= 200; n++) {
		for (int64_t max = 1; max <= 210; max++) {
			int64_t best = 1;
			for (int64_t d = 1; d <= max && d <= n; d++)
				best = n % d == 0 ? d : best;
			cr_assert_eq(divisor_at_most(n, max), best, "%ld up to %ld", n, max);
		}
	}
}

Test(divisor, at_most_is_quick_for_a_year_of_microseconds, .timeout = 20) {
	int64_t year = 366 * 24 * HOUR;
	cr_assert_eq(divisor_at_most(year, HOUR), HOUR);
	// Primes.
	cr_assert_eq(divisor_at_most(3600000011, HOUR), 1);
	cr_assert_eq(divisor_at_most(31622399999951, HOUR) > 0, 1);
}
