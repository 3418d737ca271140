// Conditions: no rounding decides, and what is shown is rounded down.

#include "base/condition.h"

#include <criterion/criterion.h>

Test(condition, signs_by_table) {
	static const struct {
		enum compare compare;
		bool holds[3]; // 9, 10 and 11 against 10
	} table[] = {
		{COMPARE_ABOVE, {false, false, true}},
		{COMPARE_AT_LEAST, {false, true, true}},
		{COMPARE_BELOW, {true, false, false}},
		{COMPARE_AT_MOST, {true, true, false}},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct condition c = {.compare = table[i].compare, .number = 10};
		for (uint64_t v = 0; v < 3; v++)
			cr_expect_eq(condition_holds(&c, 9 + v, 77), table[i].holds[v]);
		cr_expect_eq(condition_wants_more(&c), table[i].holds[2]);
	}
}

Test(condition, a_third_is_not_rounded) {
	// 1.5 * mean(3) + 1 of 10 in all: 6
	struct condition c = {.compare = COMPARE_ABOVE, .factor = 1500, .windows = 3, .number = 1};
	cr_expect_not(condition_holds(&c, 6, 10));
	cr_expect(condition_holds(&c, 7, 10));
	c.compare = COMPARE_AT_LEAST;
	cr_expect(condition_holds(&c, 6, 10));
	cr_expect_not(condition_holds(&c, 6, 11));
	struct decimal mean = condition_mean(&c, 11), threshold = condition_threshold(&c, 11);
	cr_expect_eq(mean.whole, 3);
	cr_expect_eq(mean.thousandths, 666);
	cr_expect_eq(threshold.whole, 6);
	cr_expect_eq(threshold.thousandths, 500);
}

Test(condition, the_largest_numbers_do_not_wrap) {
	struct condition c = {
		.compare = COMPARE_BELOW,
		.factor = CONDITION_FACTOR_MAX,
		.windows = CONDITION_WINDOWS_MAX,
		.number = CONDITION_NUMBER_MAX};
	cr_expect(condition_holds(&c, UINT64_MAX, UINT64_MAX));
	c.compare = COMPARE_ABOVE;
	cr_expect_not(condition_holds(&c, UINT64_MAX, UINT64_MAX));
	cr_expect_eq(condition_threshold(&c, UINT64_MAX).whole, UINT64_MAX);
	c = (struct condition){.compare = COMPARE_ABOVE, .number = CONDITION_NUMBER_MAX};
	cr_expect(condition_holds(&c, UINT64_MAX, 0));
	cr_expect_eq(condition_threshold(&c, UINT64_MAX).whole, CONDITION_NUMBER_MAX);
}

Test(condition, names_are_those_of_records_and_signs) {
	cr_expect_str_eq(measure_name(MEASURE_FRAME_BYTES), "frame_bytes");
	cr_expect_null(measure_name(MEASURE_COUNT));
	cr_expect_str_eq(compare_sign(COMPARE_AT_MOST), "<=");
	cr_expect_null(compare_sign(COMPARE_COUNT));
}
